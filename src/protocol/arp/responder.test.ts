import assert from "node:assert/strict"
import { test } from "node:test"
import { type Ipv4, parseIpv4 } from "../../net/address.ts"
import { broadcastMac, type Mac, parseMac, zeroMac } from "../../net/mac.ts"
import { sharedKey, type SharedKeys } from "../shared-key.ts"
import { sealToken } from "../token.ts"
import { arpReply, arpRequest, gratuitousArp, openArpToken } from "./frames.ts"
import { type ArpPacket, emitArp, parseArp } from "./packet.ts"
import { type ArpOutcome, respondToArp } from "./responder.ts"

test("answers a client's question for an announced address, to the client alone", () => {
  assert.deepEqual(replyTo(question), {
    kind: "arp",
    destination: client,
    source: ours,
    operation: "reply",
    senderMac: ours,
    senderAddress: announced,
    targetMac: client,
    targetAddress: clientAddress,
    sealedToken: undefined,
  })
})

test("5a-7: a request whose Ethernet source is not its sender is answered to the sender inside", () => {
  const reply = replyTo({ ...question, source: stranger })
  assert.equal(reply.destination, client)
  assert.equal(reply.targetMac, client)
})

test("5a-9: a probe from 0.0.0.0 is answered, which defends the address", () => {
  const reply = replyTo({ ...question, senderAddress: none })
  assert.deepEqual([reply.destination, reply.senderAddress, reply.targetAddress], [client, announced, none])
})

test("5a-10: who speaks for our address gets no answer, whatever it asks for: it is a conflict with its MAC", () => {
  for (const targetAddress of [announced, alsoAnnounced, clientAddress])
    assert.deepEqual(
      outcomeOf({ ...question, senderMac: stranger, source: stranger, senderAddress: announced, targetAddress }),
      {
        kind: "conflict",
        address: announced,
        mac: stranger,
      },
    )
})

test("5a-13: a request to our own MAC is answered, one to another station is not ours to answer", () => {
  assert.equal(replyTo({ ...question, destination: ours }).destination, client)
  assert.deepEqual(outcomeOf({ ...question, destination: stranger }), silent("to-another-station"))
  assert.deepEqual(
    outcomeOf({ ...question, destination: parseMac("01:00:5e:00:00:01")! }),
    silent("to-another-station"),
  )
})

test("5a-14: a reply that claims our address is a conflict; one about others is nothing", () => {
  const reply: ArpPacket = { ...question, operation: "reply", senderMac: stranger, source: stranger, destination: ours }
  assert.deepEqual(outcomeOf({ ...reply, senderAddress: announced }), {
    kind: "conflict",
    address: announced,
    mac: stranger,
  })
  assert.deepEqual(outcomeOf(reply), silent("not-a-request"))
})

test("5a-15: both forms of a gratuitous ARP for our address are a conflict that names the MAC", () => {
  const { request, reply } = gratuitousArp(stranger, announced, undefined)
  for (const frame of [request, reply])
    assert.deepEqual(respond(frame), { kind: "conflict", address: announced, mac: stranger })
})

test("5a-17: our own frame, looped back by a switch, is recognised by either MAC", () => {
  const { request, reply } = gratuitousArp(ours, announced, undefined)
  assert.deepEqual(respond(request), silent("own-frame"))
  assert.deepEqual(respond(reply), silent("own-frame"))
  assert.deepEqual(outcomeOf({ ...question, source: ours }), silent("own-frame"))
})

test("5a-18: in a flood each request gets its answer or silence, and nothing is remembered", () => {
  const mine = emitArp(question)
  const foreign = emitArp({ ...question, targetAddress: parseIpv4("192.168.1.99")! })
  let replies = 0
  for (let i = 0; i < 20_000; i++) if (respond(i % 2 === 0 ? mine : foreign).kind === "reply") replies++
  assert.equal(replies, 10_000)
})

test("5a-20: silent for an address that is not announced on this link", () => {
  assert.deepEqual(outcomeOf({ ...question, targetAddress: parseIpv4("192.168.1.241")! }), silent("not-announced"))
})

test("a member's question is answered like a client's: what its token asks is not for this path", () => {
  assert.equal(replyTo(asked({ target: announced, destination: broadcastMac })).sealedToken, undefined)
  const foreign = parseIpv4("192.168.1.241")!
  assert.deepEqual(outcomeOf(asked({ target: foreign, destination: ours })), silent("not-announced"))
})

test("a question opens at its target, the answer to it at its sender", () => {
  const question = asked({ target: announced, destination: ours })
  assert.deepEqual(openArpToken(keys, question), { kind: "question", nonce: 77 })
  const answer = { kind: "answer", nonce: 77, grant: 6 } as const
  const frame = arpReply(question, ours, announced, sealToken(keys.current, ours, announced, answer))
  assert.deepEqual(openArpToken(keys, parsed(frame)), answer)
})

test("a recorded question from another MAC does not open", () => {
  const packet = { ...asked({ target: announced, destination: ours }), senderMac: stranger, source: stranger }
  assert.deepEqual(openArpToken(keys, packet), { kind: "no-token", because: "wrong-tag" })
})

test("an announcement carries the claim, and its tag covers the address announced", () => {
  const token = { kind: "announcement", grant: 5, epoch: 1_800_000_000 } as const
  const sealed = sealToken(keys.current, stranger, announced, token)
  for (const frame of Object.values(gratuitousArp(stranger, announced, sealed)))
    assert.deepEqual(openArpToken(keys, parsed(frame)), token)
  const directed = arpRequest({
    mac: stranger,
    sender: announced,
    target: clientAddress,
    destination: client,
    sealedToken: sealed,
  })
  assert.deepEqual(openArpToken(keys, parsed(directed)), token)
})

test("the reply form of an announcement names our own MAC as target, the request form none", () => {
  const { request, reply } = gratuitousArp(ours, announced, undefined)
  assert.equal(parsed(request).targetMac, zeroMac)
  assert.equal(parsed(reply).targetMac, ours)
})

const ours = parseMac("02:42:ac:11:00:02")!
const client = parseMac("02:42:ac:11:00:10")!
const stranger = parseMac("02:42:ac:11:00:66")!
const clientAddress = parseIpv4("192.168.1.20")!
const announced = parseIpv4("192.168.1.240")!
const alsoAnnounced = parseIpv4("192.168.1.242")!
const none = 0 as Ipv4
const grants = new Map([
  [announced, 5],
  [alsoAnnounced, 0],
])
const keys: SharedKeys = { current: sharedKey(Uint8Array.of(1, 2, 3)), next: undefined }

const question: ArpPacket = {
  kind: "arp",
  destination: broadcastMac,
  source: client,
  operation: "request",
  senderMac: client,
  senderAddress: clientAddress,
  targetMac: zeroMac,
  targetAddress: announced,
  sealedToken: undefined,
}

const asked = ({ target, destination }: { target: Ipv4; destination: Mac }): ArpPacket =>
  parsed(
    arpRequest({
      mac: client,
      sender: clientAddress,
      target,
      destination,
      sealedToken: sealToken(keys.current, client, target, { kind: "question", nonce: 77 }),
    }),
  )

const parsed = (frame: Uint8Array): ArpPacket => {
  const packet = parseArp(frame)
  assert.ok(packet.kind === "arp")
  return packet
}

const respond = (frame: Uint8Array): ArpOutcome => outcomeOf(parsed(frame))

const outcomeOf = (packet: ArpPacket): ArpOutcome =>
  respondToArp(packet, { mac: ours }, (address) => grants.get(address))

const replyTo = (packet: ArpPacket): ArpPacket => {
  const outcome = outcomeOf(packet)
  assert.ok(outcome.kind === "reply", JSON.stringify(outcome))
  return parsed(outcome.frame)
}

const silent = (because: string): { kind: string; because: string } => ({ kind: "silent", because })
