import assert from "node:assert/strict"
import { test } from "node:test"
import { parseIpv4 } from "../../net/address.ts"
import { broadcastMac, type Mac } from "../../net/mac.ts"
import { arpRequest, gratuitousArp } from "../../protocol/arp/frames.ts"
import {
  createAnnouncer,
  defaultSecrets,
  gatewayAddress,
  holdOf,
  InMemoryLan,
  type Station,
  surroundingsOf,
} from "./in-memory-lan.ts"

const whoami = parseIpv4("192.168.40.200")!
const order = ["w1", "w2", "w3"]
const stranger = 0x525400280077 as Mac

test("a Service appears: everybody is asked three times, 30 ms apart, then the first in order announces", () => {
  const lan = warm(3)
  const start = lan.now - 1000
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(400)
  const asked = lan.seen.filter(
    ({ from, packet }) => from === "w1" && packet.targetAddress === whoami && packet.senderAddress !== whoami,
  )
  assert.deepEqual(
    asked.map(({ at, from }) => [from, Math.round(at - start)]),
    [
      ["w1", 0],
      ["w1", 30],
      ["w1", 60],
    ],
  )
  const [request, reply] = lan.spokenFor(whoami)
  assert.equal(Math.round(request!.at - start), 90)
  assert.deepEqual([request!.packet.operation, reply!.packet.operation], ["request", "reply"])
  assert.deepEqual(lan.holders(whoami), ["w1"])
})

test("the announcement is repeated after 1.1, 3 and 5 s, and the gateway is asked from the address itself, once", () => {
  const lan = holding()
  const begin = lan.spokenFor(whoami)[0]!.at
  lan.run(7000)
  const requests = lan.spokenFor(whoami).filter(({ packet }) => packet.operation === "request")
  const gratuitous = requests.filter(({ packet }) => packet.targetAddress === whoami)
  assert.deepEqual(
    gratuitous.map(({ at }) => Math.round(at - begin)),
    [0, 1100, 3000, 5000],
  )
  const directed = requests.filter(({ packet }) => packet.targetAddress === gatewayAddress)
  assert.equal(directed.length, 1, "it answered")
  const [hold] = w1(lan).announcer.report(lan.at()).holds
  assert.ok(hold?.gatewayConfirmedAt !== undefined)
})

test("a client gets one answer, from the holder", () => {
  const lan = holding()
  assert.deepEqual(lan.ask(whoami), [w1(lan).mac])
  assert.deepEqual(w1(lan).announcer.tally.of(whoami).responsesSent, 1)
})

test("a request that was sent to another station, or asks for another address, is met with silence", () => {
  const lan = holding()
  const before = lan.spokenFor(whoami).length
  const asking = { mac: stranger, sender: parseIpv4("192.168.40.50")!, sealedToken: undefined }
  const foreign = arpRequest({ ...asking, target: whoami, destination: 0x525400280055 as Mac })
  lan.feed(w1(lan), { kind: "frame", linkIndex: 2, bytes: foreign })
  lan.send("host", arpRequest({ ...asking, target: parseIpv4("192.168.40.201")!, destination: broadcastMac }))
  lan.run(10)
  assert.equal(lan.spokenFor(whoami).length, before)
})

test("a stranger that answers before first use is named, and the address is not announced", () => {
  const lan = warm(3)
  lan.hosts.push({ mac: stranger, answersFor: (address) => address === whoami })
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(3000)
  assert.deepEqual(lan.holders(whoami), [])
  const [contest] = w1(lan).announcer.report(lan.at()).contested
  assert.deepEqual([contest?.mac, contest?.stranger.is], [stranger, "unknown"])
})

test("who also answers for an address that nobody has is told of as such", () => {
  const lan = warm(3)
  lan.hosts.push({ mac: stranger, answersFor: (address) => address >= whoami })
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(3000)
  assert.equal(w1(lan).announcer.report(lan.at()).contested[0]?.stranger.is, "answers-for-everything")
})

test("an address that we hold is defended against a stranger, once in ten seconds", () => {
  const lan = holding()
  lan.run(6000)
  const before = lan.spokenFor(whoami).filter(({ from }) => from === "w1").length
  for (let i = 0; i < 20; i++) {
    lan.send("host", gratuitousArp(stranger, whoami, undefined).request)
    lan.run(100)
  }
  const said = lan
    .spokenFor(whoami)
    .filter(({ from }) => from === "w1")
    .slice(before)
  assert.equal(said.length, 1, "a single announcement (RFC 5227 section 2.4)")
  assert.deepEqual(lan.holders(whoami), ["w1"])
})

test("the holder dies: the next one answers within a window and a moment, and nobody else", () => {
  const lan = holding()
  lan.run(3000)
  w1(lan).on = false
  lan.run(520)
  assert.deepEqual(lan.holders(whoami), ["w2"])
  assert.deepEqual(lan.ask(whoami), [lan.stations[1]!.mac])
  lan.run(60_000)
  assert.deepEqual(lan.holders(whoami), ["w2"])
})

test("a returning node gets nothing back", () => {
  const lan = holding()
  w1(lan).on = false
  lan.run(2000)
  lan.restart(w1(lan))
  lan.tell([w1(lan)], [holdOf("192.168.40.200", order)])
  lan.run(10_000)
  assert.deepEqual(lan.holders(whoami), ["w2"])
})

test("a move on purpose leaves no moment without an answer, and ends with one", () => {
  const lan = holding()
  lan.run(3000)
  lan.tell(lan.stations, [holdOf("192.168.40.200", order, { moveTo: "w3" })])
  for (let i = 0; i < 20; i++) {
    assert.ok(lan.holders(whoami).length >= 1, `nobody after ${i / 10} ms`)
    lan.run(0.1)
  }
  lan.run(100)
  assert.deepEqual(lan.holders(whoami), ["w3"])
  assert.deepEqual(lan.ask(whoami), [lan.stations[2]!.mac])
})

test("a wish to move is heard once: when the address has moved on, it stays where it is", () => {
  const lan = holding()
  const wished = holdOf("192.168.40.200", order, { moveTo: "w3" })
  lan.tell(lan.stations, [wished])
  lan.run(2000)
  lan.stations[2]!.on = false
  lan.run(2000)
  lan.restart(lan.stations[2]!)
  lan.tell([lan.stations[2]!], [wished])
  lan.run(2000)
  assert.deepEqual(hearsAt(lan, w1(lan)), ["w2", "w3"], "it could be given to w3")
  const [holder] = lan.holders(whoami)
  assert.notEqual(holder, "w3")
  lan.tell(lan.stations, [wished])
  lan.run(10_000)
  assert.deepEqual(lan.holders(whoami), [holder])
})

test("a restart moves nothing: peers wait, and tell the new process what it held", () => {
  const lan = holding()
  lan.run(1000)
  lan.feed(w1(lan), { kind: "stop", how: "restarting" })
  lan.run(400)
  assert.ok(w1(lan).outputs.some(({ kind }) => kind === "exit"))
  w1(lan).on = false
  lan.run(1500)
  assert.deepEqual(lan.holders(whoami), [])
  lan.restart(w1(lan))
  lan.tell([w1(lan)], [holdOf("192.168.40.200", order)])
  lan.run(1500)
  assert.deepEqual(lan.holders(whoami), ["w1"])
})

test("leaving hands everything over before the process ends", () => {
  const lan = holding()
  lan.feed(w1(lan), { kind: "stop", how: "leaving" })
  lan.run(200)
  assert.ok(w1(lan).outputs.some(({ kind }) => kind === "exit"))
  assert.deepEqual(lan.holders(whoami), ["w2"])
})

test("a new process beside the old one answers for what that holds, and claims nothing", () => {
  const lan = holding()
  const [old] = w1(lan).announcer.report(lan.at()).holds
  const surge = createAnnouncer("w1", 99, defaultSecrets)
  const { key, addresses, grant, epoch } = old!
  const claim = { segment: "192.168.40.0/24", key, addresses: [addresses[0]!] as const, grant, epoch }
  const said = [
    ...surge.step({ kind: "links", interfaces: [w1(lan).device] }, lan.at()),
    ...surge.step({ kind: "surroundings", surroundings: surroundingsOf(lan) }, lan.at()),
    ...surge.step({ kind: "inherited", holds: [claim] }, lan.at()),
  ]
  assert.deepEqual(
    said.filter(({ kind }) => kind === "frame" || kind === "datagram"),
    [],
    "it says nothing of itself",
  )
  const ask = arpRequest({
    mac: stranger,
    sender: parseIpv4("192.168.40.50")!,
    target: whoami,
    destination: broadcastMac,
    sealedToken: undefined,
  })
  const frames = surge.step({ kind: "frame", linkIndex: 2, bytes: ask }, lan.at())
  assert.equal(frames.filter(({ kind }) => kind === "frame").length, 1)
})

test("the key is rotated under way: old and new speakers hear each other, nothing moves", () => {
  const lan = holding()
  const [old, fresh] = [new Uint8Array(32).fill(7), new Uint8Array(32).fill(8)]
  for (const secrets of [
    { current: old, next: fresh },
    { current: fresh, next: old },
    { current: fresh, next: undefined },
  ])
    for (const station of lan.stations) {
      lan.feed(station, { kind: "secrets", secrets })
      lan.run(700)
      assert.deepEqual(lan.holders(whoami), ["w1"])
    }
  assert.equal([...w1(lan).announcer.tally.dropped.keys()].filter((reason) => reason.startsWith("beat")).length, 0)
})

test("speakers with another key are not heard", () => {
  const lan = new InMemoryLan()
  lan.add()
  lan.add({ current: new Uint8Array(32).fill(9), next: undefined })
  for (const station of lan.stations) lan.start(station)
  lan.run(1000)
  assert.ok((w1(lan).announcer.tally.dropped.get("beat-unknown-key") ?? 0) > 0)
})

test("beats that a router has passed on are not heard", () => {
  const lan = new InMemoryLan()
  lan.beatTtl = 254
  lan.startAll(2)
  lan.run(1000)
  assert.deepEqual(hearsAt(lan, w1(lan)), [])
  assert.ok((w1(lan).announcer.tally.dropped.get("beat-from-beyond-a-router") ?? 0) > 0)
})

test("a switch that sends a node its own announcement back is no stranger: nothing is told and nothing defended", () => {
  const lan = holding()
  lan.run(6000)
  const before = lan.spokenFor(whoami).length
  const { request, reply } = gratuitousArp(w1(lan).mac, whoami, undefined)
  for (const bytes of [request, reply]) lan.feed(w1(lan), { kind: "frame", linkIndex: 2, bytes })
  lan.run(1000)
  assert.deepEqual(w1(lan).announcer.report(lan.at()).contested, [])
  assert.equal(lan.spokenFor(whoami).length, before)
  assert.deepEqual(lan.holders(whoami), ["w1"])
})

test("a replaced card has another MAC: what is held is announced with it at once", () => {
  const lan = holding()
  lan.run(6000)
  const before = lan.spokenFor(whoami).length
  const mac = 0x5254002800aa as Mac
  w1(lan).device = { ...w1(lan).device, index: 7, mac }
  lan.feed(w1(lan), { kind: "links", interfaces: [w1(lan).device] })
  lan.run(5)
  const said = lan.spokenFor(whoami).slice(before)
  assert.ok(said.length >= 2)
  assert.ok(said.every(({ packet }) => packet.senderMac === mac))
  assert.deepEqual(lan.ask(whoami), [mac])
})

test("a cable that is out takes the address to the next node; back in, the node says nothing for it", () => {
  const lan = holding()
  w1(lan).plugged = false
  lan.feed(w1(lan), { kind: "links", interfaces: [{ ...w1(lan).device, running: false }] })
  lan.run(2000)
  assert.ok(lan.holders(whoami).includes("w2"))
  const mark = lan.seen.length
  w1(lan).plugged = true
  lan.feed(w1(lan), { kind: "links", interfaces: [w1(lan).device] })
  lan.run(3000)
  assert.deepEqual(lan.holders(whoami), ["w2"])
  assert.deepEqual(
    lan.seen.slice(mark).filter(({ from, packet }) => from === "w1" && packet.senderAddress === whoami),
    [],
  )
})

test("an advertisement takes the link away: the address goes to a node that may, without a gap", () => {
  const lan = holding()
  lan.run(1000)
  const elsewhere = holdOf("192.168.40.200", order, { links: ["eth1"] })
  lan.tell([w1(lan)], [elsewhere])
  lan.run(100)
  assert.deepEqual(lan.holders(whoami), ["w2"])
  assert.equal(
    w1(lan)
      .announcer.report(lan.at())
      .findings.find(({ code }) => code === "no-interface")?.code,
    "no-interface",
  )
})

test("a deleted Service falls silent, and a late view does not bring it back", () => {
  const lan = holding()
  lan.tell([w1(lan)], [], [whoami])
  lan.run(3000)
  assert.deepEqual(lan.holders(whoami), [])
  assert.deepEqual(lan.ask(whoami), [])
})

test("a node that wakes after 10 s asleep answers nothing until others have confirmed what is its own", () => {
  const lan = holding()
  lan.run(1000)
  const sleeper = w1(lan)
  sleeper.on = false
  lan.run(10_000)
  sleeper.on = true
  const ask = arpRequest({
    mac: stranger,
    sender: parseIpv4("192.168.40.50")!,
    target: whoami,
    destination: broadcastMac,
    sealedToken: undefined,
  })
  const outputs = sleeper.announcer.step({ kind: "frame", linkIndex: 2, bytes: ask }, lan.at())
  assert.deepEqual(
    outputs.filter(({ kind }) => kind === "frame"),
    [],
  )
  lan.run(1000)
  assert.deepEqual(lan.holders(whoami), ["w2"])
})

test("a gateway that never answers is told of after four questions", () => {
  const lan = warm(3)
  lan.hosts.length = 0
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(4000)
  const directed = lan.spokenFor(whoami).filter(({ packet }) => packet.targetAddress === gatewayAddress)
  assert.equal(directed.length, 4)
  const codes = w1(lan)
    .announcer.report(lan.at())
    .findings.map(({ code }) => code)
  assert.ok(codes.includes("gateway-silent"), codes.join())
})

test("clients that asked lately are told one by one when the address moves", () => {
  const lan = holding()
  lan.ask(whoami)
  w1(lan).on = false
  const mark = lan.seen.length
  lan.run(600)
  const told = lan.seen
    .slice(mark)
    .filter(
      ({ from, packet }) => from === "w2" && packet.senderAddress === whoami && packet.destination !== broadcastMac,
    )
  assert.deepEqual(
    told.map(({ packet }) => packet.targetAddress),
    [parseIpv4("192.168.40.99"), gatewayAddress],
  )
})

test("a single node claims after its three questions", () => {
  const lan = warm(1)
  lan.tell(lan.stations, [holdOf("192.168.40.200", ["w1"])])
  lan.run(100)
  assert.deepEqual(lan.holders(whoami), ["w1"])
})

test("timers that ring a moment late are no stall: a single node claims as soon as it has listened for a window", () => {
  const lan = new InMemoryLan()
  lan.lateMs = 0.3
  lan.startAll(1)
  lan.tell(lan.stations, [holdOf("192.168.40.200", ["w1"])])
  lan.run(600)
  assert.deepEqual(lan.holders(whoami), ["w1"])
  assert.deepEqual(w1(lan).announcer.report(lan.at()).findings, [])
})

test("two names with one id: the speaker refuses to take part and says which", () => {
  const lan = new InMemoryLan()
  const speaker = createAnnouncer(twins[0], 1, defaultSecrets)
  const members = twins.map((node) => ({ node, addresses: [], reported: [] }))
  const surroundings = { ...surroundingsOf(lan), members }
  const outputs = speaker.step({ kind: "surroundings", surroundings }, lan.at())
  assert.deepEqual(outputs, [{ kind: "refuse", because: { code: "node-id-collision", nodes: twins } }])
})

test("every move is in the journal with its reason", () => {
  const lan = holding()
  w1(lan).on = false
  lan.run(1000)
  const [move] = lan.stations[1]!.announcer.report(lan.at()).moves
  assert.deepEqual([move?.from, move?.to, move?.because.code], ["w1", "w2", "holder-silent"])
})

const w1 = (lan: InMemoryLan): Station => lan.stations[0]!

/** The nodes whose beats it hears. */
const hearsAt = (lan: InMemoryLan, station: Station): readonly string[] =>
  station.announcer.report(lan.at()).segments.flatMap(({ hears }) => hears)

/** Nodes that have listened long enough; nothing is held. */
const warm = (count: number): InMemoryLan => {
  const lan = new InMemoryLan()
  lan.startAll(count)
  lan.tell(lan.stations, [])
  lan.run(1500)
  return lan
}

/** Three nodes; w1 holds the address and has announced it. */
const holding = (): InMemoryLan => {
  const lan = warm(3)
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(150)
  assert.deepEqual(lan.holders(whoami), ["w1"])
  return lan
}

/** Their SHA-256 begin with the same 32 bits. */
const twins = ["node-31705", "node-40730"] as const
