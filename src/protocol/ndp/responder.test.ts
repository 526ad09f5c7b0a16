import assert from "node:assert/strict"
import { test } from "node:test"
import { type Ipv6, parseIpv6 } from "../../net/address.ts"
import { type Mac, parseMac } from "../../net/mac.ts"
import { multicastMac } from "../ethernet/multicast.ts"
import { sharedKey, type SharedKeys } from "../shared-key.ts"
import { sealToken } from "../token.ts"
import { neighborSolicitation, openNdpToken, solicitedAdvertisement, unsolicitedAdvertisement } from "./frames.ts"
import type { NdpMessage, NeighborAdvertisement, NeighborSolicitation } from "./message.ts"
import { parseNdp } from "./parse-message.ts"
import { type NdpOutcome, respondToNdp } from "./responder.ts"
import { allNodesGroup, solicitedNodeGroup } from "./solicited-node.ts"

test("answers a neighbor's question for an announced address: solicited, and overriding what it remembers", () => {
  assert.deepEqual(replyTo(question), {
    kind: "advertisement",
    destination: client,
    source: ours,
    sourceAddress: announced,
    destinationAddress: clientAddress,
    target: announced,
    router: false,
    solicited: true,
    override: true,
    linkLayerAddress: ours,
    sealedToken: undefined,
  })
})

test("5b-29: a probe from `::` is answered to all nodes, S=0 and O=1, which defends the address", () => {
  const reply = replyTo({ ...question, sourceAddress: 0n as Ipv6, linkLayerAddress: undefined })
  assert.equal(reply.destination, multicastMac(allNodesGroup))
  assert.equal(reply.destinationAddress, allNodesGroup)
  assert.deepEqual([reply.solicited, reply.override, reply.linkLayerAddress], [false, true, ours])
})

test("5b-30: a question without link-layer address is answered to the station that sent the frame", () => {
  const probe = { ...question, destination: ours, destinationAddress: announced, linkLayerAddress: undefined }
  const reply = replyTo(probe)
  assert.deepEqual([reply.destination, reply.destinationAddress, reply.solicited], [client, clientAddress, true])
})

test("a question whose Ethernet source is not its link-layer address is answered to the address inside", () => {
  assert.equal(replyTo({ ...question, source: stranger }).destination, client)
})

test("5b-32: an advertisement for our address is a conflict that names the MAC; one about others is nothing", () => {
  assert.deepEqual(respond(unsolicitedAdvertisement(stranger, announced, undefined)), {
    kind: "conflict",
    address: announced,
    mac: stranger,
  })
  assert.deepEqual(respond(unsolicitedAdvertisement(stranger, clientAddress, undefined)), silent("not-a-solicitation"))
})

test("who asks in the name of our address is a conflict too", () => {
  const frame = neighborSolicitation({
    mac: stranger,
    sender: announced,
    target: alsoAnnounced,
    station: undefined,
    sealedToken: undefined,
  })
  assert.deepEqual(respond(frame), { kind: "conflict", address: announced, mac: stranger })
})

test("5b-33: a nonce of secure or enhanced duplicate detection does no harm: answered like any question", () => {
  const sealedToken = Uint8Array.of(1, ...new Uint8Array(12).fill(0x77))
  assert.equal(replyTo({ ...question, sealedToken }).sealedToken, undefined)
})

test("our own frame, looped back by a switch, is recognised", () => {
  assert.deepEqual(respond(unsolicitedAdvertisement(ours, announced, undefined)), silent("own-frame"))
})

test("a frame for another station is not ours to answer", () => {
  assert.deepEqual(outcomeOf({ ...question, destination: stranger }), silent("to-another-station"))
  assert.deepEqual(outcomeOf({ ...question, destination: multicastMac(allNodesGroup) }), silent("to-another-station"))
})

test("silent for an address that is not announced on this link", () => {
  assert.deepEqual(outcomeOf(asking({ target: foreign, station: undefined })), silent("not-announced"))
})

test("a member's question is answered like a client's: what its token asks is not for this path", () => {
  assert.equal(replyTo(asking({ target: announced, station: ours })).sealedToken, undefined)
  assert.deepEqual(outcomeOf(asking({ target: foreign, station: ours })), silent("not-announced"))
})

test("a question opens at its target, and so does the answer to it", () => {
  const question = asking({ target: announced, station: undefined })
  assert.deepEqual(openNdpToken(keys, question), { kind: "question", nonce: 77 })
  const answer = { kind: "answer", nonce: 77, grant: 6 } as const
  const frame = solicitedAdvertisement(question, ours, announced, sealToken(keys.current, ours, announced, answer))
  assert.deepEqual(openNdpToken(keys, parsed(frame)), answer)
})

test("an announcement carries the claim: to all nodes, and to the router in the name of the address", () => {
  const token = { kind: "announcement", grant: 5, epoch: 1_800_000_000 } as const
  const sealedToken = sealToken(keys.current, stranger, announced, token)
  assert.deepEqual(openNdpToken(keys, parsed(unsolicitedAdvertisement(stranger, announced, sealedToken))), token)
  const toRouter = neighborSolicitation({
    mac: stranger,
    sender: announced,
    target: clientAddress,
    station: client,
    sealedToken,
  })
  assert.deepEqual(openNdpToken(keys, parsed(toRouter)), token)
})

const ours = parseMac("02:42:ac:11:00:02")!
const client = parseMac("02:42:ac:11:00:10")!
const stranger = parseMac("02:42:ac:11:00:66")!
const clientAddress = parseIpv6("2001:db8::20")!
const announced = parseIpv6("2001:db8::240")!
const alsoAnnounced = parseIpv6("2001:db8::242")!
const foreign = parseIpv6("2001:db8::241")!
const grants = new Map([
  [announced, 5],
  [alsoAnnounced, 0],
])
const keys: SharedKeys = { current: sharedKey(Uint8Array.of(1, 2, 3)), next: undefined }

const question: NeighborSolicitation = {
  kind: "solicitation",
  destination: multicastMac(solicitedNodeGroup(announced)),
  source: client,
  sourceAddress: clientAddress,
  destinationAddress: solicitedNodeGroup(announced),
  target: announced,
  linkLayerAddress: client,
  sealedToken: undefined,
}

const asking = ({ target, station }: { target: Ipv6; station: Mac | undefined }): NeighborSolicitation => {
  const sealedToken = sealToken(keys.current, client, target, { kind: "question", nonce: 77 })
  const message = parsed(neighborSolicitation({ mac: client, sender: clientAddress, target, station, sealedToken }))
  assert.ok(message.kind === "solicitation")
  return message
}

const parsed = (frame: Uint8Array): NdpMessage => {
  const message = parseNdp(frame)
  assert.ok(message.kind !== "malformed", message.kind)
  return message
}

const respond = (frame: Uint8Array): NdpOutcome => outcomeOf(parsed(frame))

const outcomeOf = (message: NdpMessage): NdpOutcome =>
  respondToNdp(message, { mac: ours }, (address) => grants.get(address))

const replyTo = (message: NeighborSolicitation): NeighborAdvertisement => {
  const outcome = outcomeOf(message)
  assert.ok(outcome.kind === "reply", outcome.kind)
  const reply = parsed(outcome.frame)
  assert.ok(reply.kind === "advertisement")
  return reply
}

const silent = (because: string): { kind: string; because: string } => ({ kind: "silent", because })
