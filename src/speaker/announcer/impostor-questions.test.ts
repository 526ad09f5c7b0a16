import assert from "node:assert/strict"
import { test } from "node:test"
import { type Ipv4, parseIpv4 } from "../../net/address.ts"
import { broadcastMac, type Mac, printMac } from "../../net/mac.ts"
import type { Hold } from "../intent.ts"
import { createAnnouncer, defaultSecrets, holdOf, InMemoryLan, type SeenFrame, type Station } from "./in-memory-lan.ts"

const whoami = parseIpv4("192.168.40.200")!
const order = ["w1", "w2", "w3"]
const bystander = 0x525400280077 as Mac

test("where a client asks, an impostor is named a moment after its first answer, though a thousand addresses are held", () => {
  const lan = warm(1)
  lan.tell(lan.stations, [holdOf("192.168.40.200", ["w1"]), ...many(1000)])
  lan.run(20_000)
  answering(lan, bystander)
  lan.run(1000)
  assert.deepEqual(toldBy(w(lan, 1)), [], "its turn has not come")
  lan.ask(whoami)
  lan.run(200)
  assert.deepEqual(toldBy(w(lan, 1)), [`${printMac(bystander)} unknown`])
})

test("of a thousand addresses too, the one that was contested is asked for every ten seconds, so its stranger's end is seen", () => {
  const lan = warm(1)
  lan.tell(lan.stations, [holdOf("192.168.40.200", ["w1"]), ...many(1000)])
  lan.run(20_000)
  answering(lan, bystander)
  lan.ask(whoami)
  lan.run(300_000)
  assert.equal(contestedAt(lan), 1)
  lan.hosts.pop()
  lan.run(75_000)
  assert.equal(contestedAt(lan), 0)
})

test("where frames are limited, no question goes before what is still to be announced", () => {
  const lan = new InMemoryLan()
  const station = lan.add()
  station.announcer = createAnnouncer("w1", 1, defaultSecrets, 10)
  lan.start(station)
  lan.tell([station], many(20))
  lan.run(60_000)
  const mark = lan.seen.length
  const since = (): readonly SeenFrame[] => lan.seen.slice(mark)
  const mac = 0x5254002800aa as Mac
  station.device = { ...station.device, mac }
  lan.feed(station, { kind: "links", interfaces: [station.device] })
  const announced = (): number =>
    new Set(
      since().flatMap(({ packet: { senderAddress, targetAddress } }) =>
        senderAddress === targetAddress ? [senderAddress] : [],
      ),
    ).size
  const asked = (): number => since().filter(({ packet }) => packet.senderAddress === station.address).length
  for (let tenths = 0; tenths < 600 && announced() < 20; tenths++) lan.run(100)
  assert.deepEqual([announced(), asked()], [20, 0], "all are announced with the new MAC first")
  lan.run(60_000)
  assert.ok(asked() > 0)
})

test("what it costs a segment of three nodes: one broadcast a second for one address, two for 50 and for 1,000, ten at most", () => {
  const costs = [1, 50, 1000].map((count) => [count, broadcastsPerSecond(count, 0), broadcastsPerSecond(count, 20)])
  assert.deepEqual(costs, [
    [1, 1, 2],
    [50, 2, 10],
    [1000, 2, 10],
  ])
})

test("a thousand addresses and a proxy that answers for all: at most 20 frames a second of ours, each told once", () => {
  const lan = warm(1)
  lan.tell(lan.stations, many(1000))
  lan.run(10_000)
  answering(lan, bystander, () => true)
  const before = lan.seen.length
  lan.run(20_000)
  const ours = lan.seen.slice(before).filter(({ from, packet }) => from === "w1" && packet.destination === broadcastMac)
  const perSecond = [...Map.groupBy(ours, ({ at }) => Math.floor(at / 1000)).values()].map((some) => some.length)
  assert.ok(Math.max(...perSecond) <= 22, `${Math.max(...perSecond)} in a second`)
  const told = toldBy(w(lan, 1))
  assert.ok(told.length > 0)
  assert.equal(lan.stations[0]!.announcer.report(lan.at()).contested.length, told.length, "each once")
})

const w = (lan: InMemoryLan, number: number): Station => lan.stations[number - 1]!

/** Of a node that holds so many addresses, while clients ask for them by so many broadcasts a second. */
const broadcastsPerSecond = (count: number, clientsPerSecond: number): number => {
  const lan = warm(3)
  const holds = many(count).map((hold) => ({ ...hold, order: order.map((node) => ({ node, score: 0 })) }))
  lan.tell(lan.stations, holds)
  lan.run(10_000)
  const [mark, seconds] = [lan.seen.length, 20]
  for (let i = 0; i < seconds * clientsPerSecond; i++) {
    lan.ask(holds[i % count]!.addresses[0] as Ipv4)
    lan.run(1000 / clientsPerSecond - 5)
  }
  if (clientsPerSecond === 0) lan.run(seconds * 1000)
  const said = lan.seen.slice(mark).filter(({ from, packet }) => from === "w1" && packet.destination === broadcastMac)
  return Math.round(said.length / seconds)
}

const contestedAt = (lan: InMemoryLan): number => w(lan, 1).announcer.report(lan.at()).contested.length

const many = (count: number): readonly Hold[] => Array.from({ length: count }, (_, i) => holdOf(textOf(i), ["w1"]))

const textOf = (i: number): string => `192.168.${41 + Math.floor(i / 250)}.${1 + (i % 250)}`

/** Who answers as the node's log tells it, each time it is raised. */
const toldBy = (station: Station): readonly string[] =>
  station.outputs.flatMap((output) =>
    output.kind === "finding" && output.finding.code === "foreign-answer" && output.on
      ? [`${printMac(output.finding.mac)} ${output.finding.stranger.is}`]
      : [],
  )

const answering = (lan: InMemoryLan, mac: Mac, answersFor = (address: Ipv4): boolean => address === whoami): void =>
  void lan.hosts.push({ mac, answersFor })

/** Nodes that have listened long enough; nothing is held. */
const warm = (count: number): InMemoryLan => {
  const lan = new InMemoryLan()
  lan.startAll(count)
  lan.tell(lan.stations, [])
  lan.run(1500)
  return lan
}
