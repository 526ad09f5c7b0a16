import assert from "node:assert/strict"
import { test } from "node:test"
import { type Address, type Ipv6, parseIpv4, parseIpv6 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { neighborSolicitation } from "../../protocol/ndp/frames.ts"
import { solicitedNodeGroup } from "../../protocol/ndp/solicited-node.ts"
import type { Hold } from "../intent.ts"
import { holdOf, InMemoryLan, type Station, withIpv6 } from "./in-memory-lan.ts"

const web4 = parseIpv4("192.168.40.200")!
const web6 = parseIpv6("2001:db8::200")!
const order = ["w1", "w2", "w3"]
const client = { mac: 0x525400280099 as Mac, address: parseIpv6("fe80::99")! }

for (const [what, begin] of [
  ["its holder dies", (lan: InMemoryLan) => void (w(lan, 1).on = false)],
  ["it is moved on purpose", (lan: InMemoryLan) => lan.tell(lan.stations, [dual({ moveTo: "w2" })])],
  ["its holder is drained", (lan: InMemoryLan) => lan.feed(w(lan, 1), { kind: "stop", how: "leaving" })],
  ["its holder may not answer any more", (lan: InMemoryLan) => lan.tell(lan.stations, [dual({ order: only("w2") })])],
  [
    "its grant is newer and another order comes with it",
    (lan: InMemoryLan) => lan.tell(lan.stations, [dual({ grant: 2, order: only("w2") })]),
  ],
] as const)
  test(`a dual-stack Service moves as one when ${what}`, () => {
    const lan = holding([dual()])
    begin(lan)
    for (let tenths = 0; tenths < 12_000 && answerers(lan, web4).join() !== "w2"; tenths++) {
      assert.deepEqual(answerers(lan, web4), answerers(lan, web6), `after ${tenths / 10} ms`)
      lan.run(0.1)
    }
    assert.deepEqual([answerers(lan, web4), answerers(lan, web6)], [["w2"], ["w2"]])
    lan.run(1000)
    const mac = w(lan, 2).mac
    assert.deepEqual([lan.ask(web4), ask6(lan, web6, client.address)], [[mac], [mac]])
  })

test("a living neighbour cache has the new holder's MAC a moment after the move, for both families, without a question", () => {
  const lan = holding([dual()])
  const cache = new Map<Address, Mac>([
    [web4, w(lan, 1).mac],
    [web6, w(lan, 1).mac],
  ])
  const [frames, messages] = [lan.seen.length, lan.messages.length]
  w(lan, 1).on = false
  lan.run(600)
  for (const { packet } of lan.seen.slice(frames))
    if (cache.has(packet.senderAddress)) cache.set(packet.senderAddress, packet.senderMac)
  for (const { message } of lan.messages.slice(messages)) updateFrom(cache, message)
  assert.deepEqual([...cache.values()], [w(lan, 2).mac, w(lan, 2).mac])
})

test("the Service drops a family: that one falls silent and its group is left, the other stays where it is", () => {
  const lan = holding([dual()])
  lan.tell(lan.stations, [dual({ addresses: [web4] })])
  lan.run(500)
  assert.deepEqual([ask6(lan, web6, client.address), groups(w(lan, 1))], [[], []])
  assert.deepEqual(lan.ask(web4), [w(lan, 1).mac])
  assert.deepEqual(moves(lan), ["first-claim"])
})

test("the Service gains a family: its holder announces it at once, and nothing moves", () => {
  const lan = holding([dual({ addresses: [web4] })])
  const before = lan.messages.length
  lan.tell(lan.stations, [dual()])
  lan.run(1200)
  const said = lan.messages
    .slice(before)
    .filter(({ message }) => message.kind === "advertisement" && message.target === web6)
  assert.deepEqual([...new Set(said.map(({ from }) => from))], ["w1"])
  assert.deepEqual(moves(lan), ["first-claim"])
})

test("1,000 IPv6 addresses: all their groups are joined by who answers, and left by who does no more", () => {
  const { lan, addresses } = holdingMany()
  const wanted = [...new Set(addresses.map(solicitedNodeGroup))]
  assert.equal(wanted.length, 1000)
  assert.deepEqual([sorted(groups(w(lan, 1))), groups(w(lan, 2))], [sorted(wanted), []])
  lan.feed(w(lan, 1), { kind: "stop", how: "leaving" })
  lan.run(1000)
  assert.deepEqual([groups(w(lan, 1)), sorted(groups(w(lan, 2)))], [[], sorted(wanted)])
})

test("addresses that share a group's low 24 bits join it once, and it is left with the last of them", () => {
  const twins = ["2001:db8:1::200", "2001:db8:2::200"].map((text) => parseIpv6(text)!)
  const lan = holding(twins.map((address) => hold6(address)))
  assert.deepEqual(groups(w(lan, 1)), [solicitedNodeGroup(twins[0]!)])
  lan.tell(lan.stations, [], [twins[0]!])
  lan.run(500)
  assert.deepEqual(groups(w(lan, 1)), [solicitedNodeGroup(twins[1]!)])
  lan.tell(lan.stations, [], [twins[1]!])
  lan.run(500)
  assert.deepEqual(groups(w(lan, 1)), [])
})

test("1,000 IPv6 addresses and their holder dies: each is advertised by the next within a second", () => {
  const { lan, addresses } = holdingMany()
  const [before, diedAt] = [lan.messages.length, lan.now - 1000]
  w(lan, 1).on = false
  lan.run(1000)
  const said = lan.messages
    .slice(before)
    .flatMap(({ from, at, message }) =>
      from === "w2" && message.kind === "advertisement" && !message.solicited ? [{ at, target: message.target }] : [],
    )
  assert.deepEqual(new Set(said.map(({ target }) => target)), new Set(addresses))
  assert.ok(Math.max(...said.map(({ at }) => at)) < diedAt + 1000)
})

test("a newcomer's probe for any of 1,000 addresses is answered by the holder of the moment, to all nodes", () => {
  const { lan, addresses } = holdingMany()
  const probed = addresses.filter((_, i) => i % 97 === 0)
  for (const address of probed) assert.deepEqual(ask6(lan, address, 0n as Ipv6), [w(lan, 1).mac])
  w(lan, 1).on = false
  lan.run(600)
  for (const address of probed) assert.deepEqual(ask6(lan, address, 0n as Ipv6), [w(lan, 2).mac])
})

const w = (lan: InMemoryLan, number: number): Station => lan.stations[number - 1]!

const only = (node: string): Hold["order"] => [{ node, score: 0 }]

const dual = (change: Partial<Hold> = {}): Hold =>
  holdOf("192.168.40.200", order, { addresses: [web4, web6], ...change })

const hold6 = (address: Ipv6): Hold => ({ ...dual(), key: address, addresses: [address] })

/** Whose tables hold the address. */
const answerers = (lan: InMemoryLan, address: Address): readonly string[] =>
  lan.stations
    .filter(({ on, device, announcer }) => on && announcer.table.get(device.index, address) !== undefined)
    .map(({ name }) => name)

const groups = (station: Station): readonly Ipv6[] =>
  station.outputs.findLast((output) => output.kind === "groups")?.groups ?? []

const sorted = (some: readonly Ipv6[]): readonly Ipv6[] => [...some].sort((a, b) => (a < b ? -1 : 1))

const moves = (lan: InMemoryLan): readonly string[] =>
  lan.stations.flatMap(({ outputs }) => outputs.flatMap((one) => (one.kind === "moved" ? [one.move.because.code] : [])))

/** The MACs that answer for the address within 5 ms. Asked by the unspecified address it is a probe. */
const ask6 = (lan: InMemoryLan, target: Ipv6, sender: Ipv6): readonly (Mac | undefined)[] => {
  const before = lan.messages.length
  const bytes = neighborSolicitation({ mac: client.mac, sender, target, station: undefined, sealedToken: undefined })
  lan.send("client", sender === 0n ? asProbe(bytes) : bytes)
  lan.run(5)
  return lan.messages
    .slice(before)
    .flatMap(({ message }) =>
      message.kind === "advertisement" && message.target === target ? [message.linkLayerAddress] : [],
    )
}

/** A probe carries no link-layer address (RFC 4861 section 4.3): the option goes, length and checksum follow. */
const asProbe = (bytes: Uint8Array): Uint8Array => {
  const probe = bytes.slice(0, 78)
  probe[19] = 24
  probe[56] = probe[57] = 0
  let sum = 24 + 58
  for (let at = 22; at < 78; at += 2) sum += (probe[at]! << 8) | probe[at + 1]!
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  probe[56] = (~sum >>> 8) & 255
  probe[57] = ~sum & 255
  return probe
}

/** RFC 4861 section 7.2.5: an entry that exists takes another MAC only from an advertisement that overrides. */
const updateFrom = (cache: Map<Address, Mac>, message: InMemoryLan["messages"][number]["message"]): void => {
  if (message.kind !== "advertisement" || !cache.has(message.target) || message.linkLayerAddress === undefined) return
  if (message.override) cache.set(message.target, message.linkLayerAddress)
}

/** Three nodes with IPv6; w1 holds all of it and has announced it. */
const holding = (holds: readonly Hold[]): InMemoryLan => {
  const lan = new InMemoryLan()
  for (let i = 0; i < 3; i++) {
    const station = lan.add()
    station.device = withIpv6(station.device)
  }
  for (const station of lan.stations) lan.start(station)
  lan.run(3000)
  lan.tell(lan.stations, holds)
  lan.run(8000)
  for (const { key } of holds) assert.deepEqual(lan.holders(key), ["w1"])
  return lan
}

const holdingMany = (): { readonly lan: InMemoryLan; readonly addresses: readonly Ipv6[] } => {
  const addresses = Array.from({ length: 1000 }, (_, i) => (web6 + BigInt(i)) as Ipv6)
  return { lan: holding(addresses.map(hold6)), addresses }
}
