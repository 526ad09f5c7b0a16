import assert from "node:assert/strict"
import { test } from "node:test"
import { type Ipv4, parseIpv4 } from "../../net/address.ts"
import type { Hold } from "../intent.ts"
import { createAnnouncer, defaultSecrets, holdOf, InMemoryLan, type SeenFrame, type Station } from "./in-memory-lan.ts"

const first = parseIpv4("192.168.41.0")!

test("a node with 1,000 addresses dies: the next announces each within a second of the death", () => {
  const { lan, holds } = holding(1000, undefined)
  const diedAt = lan.now - 1000
  station(lan, 1).on = false
  lan.run(2000)
  const announcedAt = new Map(
    announcements(lan, "w2")
      .map(({ at, packet }) => [packet.senderAddress, at] as const)
      .reverse(),
  )
  assert.deepEqual(new Set<unknown>(announcedAt.keys()), new Set<unknown>(holds.map(({ key }) => key)))
  assert.ok(Math.max(...announcedAt.values()) - diedAt < 1000)
})

test("the same under a limit of 10 frames a second: no second of five minutes has more, first announcements go before repeats", () => {
  const { lan, holds } = holding(1000, 10)
  const before = lan.seen.length
  station(lan, 1).on = false
  lan.run(300_000)
  const left = lan.seen.slice(before).filter(({ from }) => from === "w2")
  left.forEach(({ at }, i) => assert.ok(i < 10 || at - left[i - 10]!.at >= 999.9, `11 frames in a second at ${at}`))
  const said = announcements(lan, "w2").map(({ packet }) => packet.senderAddress)
  assert.equal(new Set(said.slice(0, 1000)).size, 1000, "each once before any twice")
  assert.deepEqual(new Set(lan.holders(holds[0]!.key)), new Set(["w2"]))
  const seconds = (announcements(lan, "w2")[999]!.at - left[0]!.at) / 1000
  assert.ok(seconds < 110, `the last address was announced after ${seconds} s`)
})

test("a client's answer leaves in the next turn, though hundreds of announcements wait", () => {
  const { lan, holds } = holding(1000, 10)
  station(lan, 1).on = false
  lan.run(3000)
  const asked = lan.now
  lan.ask(holds[999]!.key as Ipv4)
  lan.run(1000)
  const answer = lan.answers.find(({ at, mac }) => at >= asked && mac === station(lan, 2).mac)
  assert.ok(answer!.at - asked <= 101.1, `after ${answer!.at - asked} ms`)
})

test("a member that asks whether this node lives is answered in the next turn too", () => {
  const { lan } = holding(200, 10)
  replaceCard(lan, station(lan, 1))
  lan.run(150)
  lan.beatTtl = 64
  lan.run(20_000)
  assert.deepEqual(heldBy(lan, 1), 200, "its beats are lost, its answers are not, and announcements wait all the time")
})

test("a node that wakes with announcements waiting says none of them: others have its addresses now", () => {
  const { lan, holds } = holding(40, 10)
  const w1 = station(lan, 1)
  replaceCard(lan, w1)
  lan.run(300)
  w1.on = false
  lan.run(10_000)
  w1.on = true
  const before = lan.seen.length
  lan.run(60_000)
  assert.equal(heldBy(lan, 2), holds.length)
  assert.deepEqual(spokenByFor(lan.seen.slice(before), "w1"), [])
})

test("what waits for an address that moves on is not said any more", () => {
  const { lan, holds } = holding(40, 10)
  const w1 = station(lan, 1)
  replaceCard(lan, w1)
  lan.run(300)
  lan.tell(
    lan.stations,
    holds.map((hold) => ({ ...hold, moveTo: "w3" })),
  )
  lan.run(100)
  assert.equal(heldBy(lan, 3), holds.length)
  const before = lan.seen.length
  lan.run(30_000)
  assert.deepEqual(spokenByFor(lan.seen.slice(before), "w1"), [])
})

test("a gateway whose questions had to wait is not told of as silent", () => {
  const { lan } = holding(100, 10)
  lan.run(120_000)
  const findings = station(lan, 1).announcer.report(lan.at()).findings
  assert.deepEqual(
    findings.filter(({ code }) => code === "gateway-silent"),
    [],
  )
})

/** So that all it holds is to be announced anew. */
const replaceCard = (lan: InMemoryLan, station: Station): void => {
  const mac = 0x5254002800aa as Station["mac"]
  lan.feed(station, { kind: "links", interfaces: [{ ...station.device, mac }] })
  station.device = { ...station.device, mac }
}

const station = (lan: InMemoryLan, number: number): Station => lan.stations[number - 1]!

const heldBy = (lan: InMemoryLan, number: number): number => station(lan, number).announcer.lans[0]!.held.length

/** In the first of their two forms. */
const announcements = (lan: InMemoryLan, from: string): readonly SeenFrame[] =>
  lan.seen.filter(
    (seen) =>
      seen.from === from &&
      seen.packet.operation === "request" &&
      seen.packet.senderAddress === seen.packet.targetAddress,
  )

/** Frames in the name of any of the addresses. */
const spokenByFor = (seen: readonly SeenFrame[], from: string): readonly SeenFrame[] =>
  seen.filter((one) => one.from === from && one.packet.senderAddress >= first)

/** Three nodes; the first holds that many addresses and has announced them. */
const holding = (count: number, arpPerSecondMax: number | undefined): { lan: InMemoryLan; holds: readonly Hold[] } => {
  const lan = new InMemoryLan()
  for (let number = 1; number <= 3; number++) {
    const added = lan.add()
    added.announcer = createAnnouncer(added.name, number, defaultSecrets, arpPerSecondMax)
  }
  for (const one of lan.stations) lan.start(one)
  lan.run(3000)
  const keys = Array.from({ length: count }, (_, i) => (first + i) as Ipv4)
  const holds = keys.map((key): Hold => ({
    ...holdOf("192.168.41.0", ["w1", "w2", "w3"]),
    key,
    addresses: [key] as const,
  }))
  lan.tell(lan.stations, holds)
  lan.run(arpPerSecondMax === undefined ? 8000 : 3000 + (count * 3 * 1000) / arpPerSecondMax)
  assert.equal(heldBy(lan, 1), count)
  return { lan, holds }
}
