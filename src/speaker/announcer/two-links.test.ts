import assert from "node:assert/strict"
import { test } from "node:test"
import { type Address, type Ipv4, parseIpv4, printAddress } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import type { Hold } from "../intent.ts"
import { deviceOf, holdOf, InMemoryLan, type SeenFrame, type Station } from "./in-memory-lan.ts"

const order = ["w1", "w2", "w3"]
const web = holdOf("192.168.40.200", order)
const camera = holdOf("192.168.50.200", order)

test("an address without an interface selector is answered in both networks, in each by one node", () => {
  const lan = holding([web])
  assert.deepEqual(holders(lan, web), { "192.168.40.0/24": ["w1"], "192.168.50.0/24": ["w1"] })
  assert.deepEqual(wiresOf(announcementsOf(lan, web.key)), [0, 3])
})

test("the second card goes dark while the first lives: the address moves there and stays here, and comes back nowhere", () => {
  const lan = holding([web])
  const before = lan.seen.length
  w(lan, 1).more[0]!.plugged = false
  lan.run(600)
  assert.deepEqual(holders(lan, web)["192.168.50.0/24"], ["w1", "w2"], "w1 cannot know yet; nobody hears it")
  lan.run(60_000)
  assert.deepEqual(holders(lan, web)["192.168.40.0/24"], ["w1"])
  const said = lan.seen.slice(before).filter(({ from, packet }) => from === "w2" && packet.senderAddress === web.key)
  assert.deepEqual(wiresOf(said), [3], "the first network heard nothing of it")
  w(lan, 1).more[0]!.plugged = true
  lan.run(10_000)
  assert.deepEqual(holders(lan, web), { "192.168.40.0/24": ["w1"], "192.168.50.0/24": ["w2"] })
  assert.deepEqual(movesOf(lan), [
    "eth0 nobody w1 first-claim",
    "eth1 nobody w1 first-claim",
    "eth1 w1 w2 better-claim",
    "eth1 w1 w2 holder-silent",
  ])
})

test("a node that loses the power loses both networks' addresses, each to the next in order, within the same second", () => {
  const lan = holding([web])
  w(lan, 1).on = false
  lan.run(520)
  assert.deepEqual(holders(lan, web), { "192.168.40.0/24": ["w2"], "192.168.50.0/24": ["w2"] })
})

test("a node that stops hands over in both networks before it ends", () => {
  const lan = holding([web])
  lan.feed(w(lan, 1), { kind: "stop", how: "leaving" })
  lan.run(100)
  assert.deepEqual(holders(lan, web), { "192.168.40.0/24": ["w2"], "192.168.50.0/24": ["w2"] })
  assert.equal(w(lan, 1).outputs.filter(({ kind }) => kind === "exit").length, 1)
})

test("an address whose advertisement names one interface is answered and asked for there alone", () => {
  const lan = holding([web, { ...camera, links: ["eth1"] }])
  assert.deepEqual(holders(lan, camera), { "192.168.50.0/24": ["w1"] })
  const spoken = lan.seen.filter(({ packet }) => [packet.senderAddress, packet.targetAddress].includes(keyOf(camera)))
  assert.deepEqual(wiresOf(spoken), [3])
  assert.equal(w(lan, 1).announcer.table.get(2, camera.key), undefined)
})

test("two advertisements, each with its interface: neither address is heard of in the other's network", () => {
  const lan = holding([
    { ...web, links: ["eth0"] },
    { ...camera, links: ["eth1"] },
  ])
  assert.deepEqual(holders(lan, web), { "192.168.40.0/24": ["w1"] })
  assert.deepEqual(holders(lan, camera), { "192.168.50.0/24": ["w1"] })
})

test("where a node's selector leaves it out of one network, the next answers there and the node itself here", () => {
  const lan = started(3)
  lan.tell([w(lan, 1)], [{ ...web, links: ["eth0"] }])
  lan.tell([w(lan, 2), w(lan, 3)], [web])
  lan.run(3000)
  assert.deepEqual(holders(lan, web), { "192.168.40.0/24": ["w1"], "192.168.50.0/24": ["w2"] })
})

test("an advertisement that begins to name the second interface too is heard there, and nothing moves in the first", () => {
  const lan = holding([{ ...web, links: ["eth0"] }])
  const before = lan.seen.length
  lan.tell(lan.stations, [web])
  lan.run(1000)
  assert.deepEqual(holders(lan, web), { "192.168.40.0/24": ["w1"], "192.168.50.0/24": ["w1"] })
  const said = lan.seen.slice(before).filter(({ packet }) => packet.senderAddress === web.key)
  assert.deepEqual(wiresOf(said), [3])
})

test("a card that gets the name an advertisement waits for is announced on 90 ms later, after its three questions", () => {
  const lan = holding([{ ...camera, links: ["iot0"] }])
  assert.deepEqual(holders(lan, camera), {})
  const finding = w(lan, 1)
    .announcer.report(lan.at())
    .findings.find(({ code }) => code === "no-interface")
  assert.ok(finding !== undefined)
  for (const station of lan.stations) {
    const card = station.more[0]!
    card.device = { ...card.device, name: "iot0" }
    lan.feed(station, { kind: "links", interfaces: [station.device, card.device] })
  }
  lan.run(100)
  assert.deepEqual(holders(lan, camera), { "192.168.50.0/24": ["w1"] })
})

test("a card of another name goes on holding what any interface may", () => {
  const lan = holding([web])
  const before = lan.seen.length
  const card = w(lan, 1).more[0]!
  card.device = { ...card.device, name: "iot0" }
  lan.feed(w(lan, 1), { kind: "links", interfaces: [w(lan, 1).device, card.device] })
  lan.run(10_000)
  assert.deepEqual(holders(lan, web), { "192.168.40.0/24": ["w1"], "192.168.50.0/24": ["w1"] })
  assert.equal(
    w(lan, 1)
      .announcer.report(lan.at())
      .holds.find(({ link }) => link === "iot0")?.key,
    web.key,
  )
  assert.deepEqual(
    lan.seen.slice(before).filter(({ from, packet }) => from !== "w1" && packet.senderAddress === web.key),
    [],
  )
})

test("a card that is made anew with another index and MAC announces at once, in its network alone", () => {
  const lan = holding([web])
  for (const station of lan.stations) {
    const card = station.more[0]!
    card.device = { ...card.device, index: 7, mac: (card.device.mac! + 0x100) as Mac }
    lan.feed(station, { kind: "links", interfaces: [station.device, card.device] })
  }
  const before = lan.seen.length
  lan.run(100)
  const said = announcementsOf(lan, web.key).filter((seen) => lan.seen.indexOf(seen) >= before - 4)
  assert.deepEqual(wiresOf(said), [7])
})

test("a node of one network only is last in the other's order, and never asked there", () => {
  const lan = started(3, ["w2", "w3"])
  lan.tell(lan.stations, [web])
  lan.run(3000)
  assert.deepEqual(holders(lan, web), { "192.168.40.0/24": ["w1"], "192.168.50.0/24": ["w2"] })
})

const keyOf = ({ key }: Hold): Ipv4 => key as Ipv4

const w = (lan: InMemoryLan, number: number): Station => lan.stations[number - 1]!

/** Each node has eth0 in 192.168.40.0/24, and those named also eth1 in 192.168.50.0/24. */
const started = (count: number, withSecond: readonly string[] = order): InMemoryLan => {
  const lan = new InMemoryLan()
  for (let number = 1; number <= count; number++) {
    const station = lan.add()
    const device = deviceOf((0x525400320010 + number) as Mac, (parseIpv4("192.168.50.10")! + number) as Ipv4)
    const second = { ...device, index: 3, name: "eth1", gateway4: undefined }
    if (withSecond.includes(station.name)) station.more.push({ device: second, plugged: true })
  }
  for (const station of lan.stations) lan.start(station)
  lan.run(3000)
  return lan
}

const holding = (holds: readonly Hold[]): InMemoryLan => {
  const lan = started(3)
  lan.tell(lan.stations, holds)
  lan.run(8000)
  return lan
}

/** By network, those who hold the address there. */
const holders = (lan: InMemoryLan, { key }: Hold): Record<string, readonly string[]> => {
  const found: Record<string, string[]> = {}
  for (const { name, announcer, on } of lan.stations)
    for (const segment of on ? announcer.lans : [])
      if (segment.held.some((group) => group.key === key)) (found[segment.name] ??= []).push(name)
  return found
}

const announcementsOf = (lan: InMemoryLan, key: Address): readonly SeenFrame[] =>
  lan.seen.filter(({ packet }) => packet.senderAddress === key && packet.targetAddress === key)

const wiresOf = (seen: readonly SeenFrame[]): readonly number[] =>
  [...new Set(seen.map(({ wire }) => wire))].sort((a, b) => a - b)

/** Each move as `link from to reason`, as its node told it, in their order. */
const movesOf = (lan: InMemoryLan): readonly string[] =>
  lan.stations.flatMap(({ outputs }) =>
    outputs.flatMap((output) => {
      if (output.kind !== "moved") return []
      const { link, from, to, because, key } = output.move
      assert.equal(printAddress(key), "192.168.40.200")
      return [`${link} ${from ?? "nobody"} ${to ?? "nobody"} ${because.code}`]
    }),
  )
