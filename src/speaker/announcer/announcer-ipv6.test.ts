import assert from "node:assert/strict"
import { test } from "node:test"
import { type Ipv6, parseAddress, parseIpv4, parseIpv6 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { neighborSolicitation, solicitedAdvertisement } from "../../protocol/ndp/frames.ts"
import { allNodesGroup, solicitedNodeGroup } from "../../protocol/ndp/solicited-node.ts"
import type { Hold } from "../intent.ts"
import { holdOf, InMemoryLan, type Station, withIpv6 } from "./in-memory-lan.ts"

const whoami = parseIpv4("192.168.40.200")!
const whoami6 = parseIpv6("2001:db8::200")!
const client = { mac: 0x525400280099 as Mac, address: parseIpv6("fe80::99")! }

test("both families of a dual-stack Service are announced by the same node", () => {
  const lan = holding(true)
  const [first] = lan.messages.filter(({ message }) => message.kind === "advertisement" && message.target === whoami6)
  assert.equal(first?.from, "w1")
  assert.ok(first.message.kind === "advertisement")
  const { destinationAddress, solicited, override, linkLayerAddress } = first.message
  assert.deepEqual(
    { destinationAddress, solicited, override, linkLayerAddress },
    { destinationAddress: allNodesGroup, solicited: false, override: true, linkLayerAddress: w1(lan).mac },
  )
  assert.ok(lan.spokenFor(whoami).length > 0)
})

test("a question is answered to who asks, and says that it overrides what was known before", () => {
  const lan = holding(true)
  const [answer] = ask(lan, client.address)
  assert.deepEqual(
    [answer?.destination, answer?.destinationAddress, answer?.solicited, answer?.override],
    [client.mac, client.address, true, true],
  )
})

test("a newcomer that probes for the address before it takes it is told that it is taken", () => {
  const lan = holding(true)
  const [answer] = ask(lan, 0n as Ipv6)
  assert.deepEqual([answer?.destinationAddress, answer?.solicited], [allNodesGroup, false])
})

test("the group of an address is joined by who answers for it, and left when it is let go", () => {
  const lan = holding(true)
  const group = solicitedNodeGroup(whoami6)
  assert.deepEqual(lastGroups(w1(lan)), [group])
  assert.deepEqual(lastGroups(lan.stations[1]!), [])
  lan.tell(lan.stations, [], [whoami])
  lan.run(500)
  assert.deepEqual(lastGroups(w1(lan)), [])
})

test("a machine that only answers for an address held here is found by a question of the node's own, and named", () => {
  const lan = holding(true)
  const bystander = 0x525400280077 as Mac
  lan.run(7000)
  const mark = lan.messages.length
  lan.run(1100)
  const [question] = lan.messages.slice(mark).flatMap(({ from, message }) => (from === "w1" ? [message] : []))
  assert.ok(question?.kind === "solicitation" && question.target === whoami6)
  assert.deepEqual(
    [question.sourceAddress, question.destinationAddress],
    [w1(lan).device.linkLocal, solicitedNodeGroup(whoami6)],
    "it speaks for the node, so no cache learns of the address from it",
  )
  lan.send("host", solicitedAdvertisement(question, bystander, whoami6, undefined))
  lan.run(200)
  const told = w1(lan).outputs.flatMap((output) => (output.kind === "finding" ? [output.finding] : []))
  assert.deepEqual(
    told.map((finding) => (finding.code === "foreign-answer" ? [finding.address, finding.mac] : [finding.code])),
    [[whoami6, bystander]],
  )
})

test("the holder dies: the next one advertises the address, and nobody else", () => {
  const lan = holding(true)
  lan.run(1000)
  w1(lan).on = false
  const mark = lan.messages.length
  lan.run(600)
  const speakers = lan.messages
    .slice(mark)
    .filter(({ message }) => message.kind === "advertisement" && message.target === whoami6)
  assert.deepEqual([...new Set(speakers.map(({ from }) => from))], ["w2"])
})

test("without a link-local address IPv6 is silent, and IPv4 goes on", () => {
  const lan = holding(false)
  assert.deepEqual(lan.messages, [])
  assert.deepEqual(ask(lan, client.address), [])
  assert.deepEqual(lan.ask(whoami), [w1(lan).mac])
})

test("IPv6 comes on at run time: the address is announced at once; it goes off again: silence", () => {
  const lan = holding(false)
  const off = w1(lan).device
  const relink = (device: typeof off): void => {
    w1(lan).device = device
    lan.feed(w1(lan), { kind: "links", interfaces: [device] })
    lan.run(5)
  }
  relink(withIpv6(off))
  assert.ok(lan.messages.some(({ message }) => message.kind === "advertisement" && message.target === whoami6))
  assert.equal(ask(lan, client.address).length, 1)
  relink(off)
  assert.deepEqual(ask(lan, client.address), [])
  assert.deepEqual(lan.ask(whoami), [w1(lan).mac])
})

test("what is no neighbour discovery, or is cut off, costs one frame and is counted", () => {
  const lan = holding(true)
  const frame = solicitation(client.address)
  for (let length = 0; length < frame.length; length++)
    lan.feed(w1(lan), { kind: "frame", linkIndex: 2, bytes: frame.subarray(0, length) })
  const dropped = [...w1(lan).announcer.tally.dropped].filter(([reason]) => reason.startsWith("frame-"))
  assert.equal(
    dropped.reduce((sum, [, count]) => sum + count, 0),
    frame.length,
  )
})

const w1 = (lan: InMemoryLan): Station => lan.stations[0]!

const solicitation = (sender: Ipv6): Uint8Array => {
  const bytes = neighborSolicitation({
    mac: client.mac,
    sender,
    target: whoami6,
    station: undefined,
    sealedToken: undefined,
  })
  return sender === 0n ? asProbe(bytes) : bytes
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

/** The advertisements for the address within 5 ms of a question. */
const ask = (lan: InMemoryLan, sender: Ipv6) => {
  const mark = lan.messages.length
  lan.send("client", solicitation(sender))
  lan.run(5)
  return lan.messages.slice(mark).flatMap(({ message }) => (message.kind === "advertisement" ? [message] : []))
}

const lastGroups = (station: Station): readonly Ipv6[] =>
  station.outputs.findLast((output) => output.kind === "groups")?.groups ?? []

/** Three nodes, IPv6 on or off; w1 holds a dual-stack Service and has announced it. */
const holding = (ipv6: boolean): InMemoryLan => {
  const lan = new InMemoryLan()
  for (let i = 0; i < 3; i++) {
    const station = lan.add()
    if (ipv6) station.device = withIpv6(station.device)
  }
  for (const station of lan.stations) lan.start(station)
  lan.tell(lan.stations, [])
  lan.run(1500)
  const addresses: Hold["addresses"] = [whoami, parseAddress("2001:db8::200")!]
  lan.tell(lan.stations, [holdOf("192.168.40.200", ["w1", "w2", "w3"], { addresses })])
  lan.run(150)
  assert.deepEqual(lan.holders(whoami), ["w1"])
  return lan
}
