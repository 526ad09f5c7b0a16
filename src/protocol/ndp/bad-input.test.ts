import assert from "node:assert/strict"
import { test } from "node:test"
import { type Ipv6, parseIpv6 } from "../../net/address.ts"
import { type Mac, parseMac } from "../../net/mac.ts"
import { multicastMac } from "../ethernet/multicast.ts"
import { emitNdp } from "./emit-message.ts"
import type { NdpFault, NdpMessage } from "./message.ts"
import { parseNdp } from "./parse-message.ts"
import { allNodesGroup, solicitedNodeGroup } from "./solicited-node.ts"

test("5b-21: a hop limit below 255 came from beyond a router", () => {
  for (const limit of [0, 1, 64, 254]) refused(changed({ 21: limit }), "hop-limit-not-255", 21)
})

test("5b-22: a checksum that does not fit, or any bit changed under one that did", () => {
  refused(raw({ 57: frame()[57]! ^ 1 }), "wrong-checksum", 56)
  for (let at = 58; at < frame().length; at++) refused(raw({ [at]: frame()[at]! ^ 0x10 }), "wrong-checksum", 56)
})

test("5b-23: a code other than 0", () => refused(changed({ 55: 1 }), "other-code", 55))

test("5b-24: a message shorter than 24 bytes, and a frame cut at any length", () => {
  for (let length = 1; length < 24; length++) refused(changed({ 19: length }), "message-too-short", 18)
  refused(changed({ 19: 0 }), "message-too-short", 18)
  for (let length = 0; length < 54; length++) refused(frame().subarray(0, length), "frame-too-short", length)
  for (let length = 54; length < 86; length++) refused(frame().subarray(0, length), "payload-beyond-frame", 18)
})

test("5b-25: an option of length 0 ends the reading, not the reader", () =>
  refused(changed({ 79: 0 }), "option-length-zero", 78))

test("5b-26: an option longer than the message, or cut to its first byte", () => {
  refused(changed({ 79: 2 }), "option-overrun", 78)
  refused(changed({ 79: 255 }), "option-overrun", 78)
  refused(changed({ 19: 25 }), "option-overrun", 78)
  refused(summed(changed({ 19: 25 }).slice(0, 79)), "option-overrun", 78)
})

test("5b-27: nobody owns a group or nothing", () => {
  refused(solicitation({ target: parseIpv6("ff02::1")! }), "target-not-a-host", 62)
  refused(solicitation({ target: 0n as Ipv6 }), "target-not-a-host", 62)
})

test("5b-28: from `::` with a link-layer address", () => {
  refused(solicitation({ sourceAddress: 0n as Ipv6 }), "unspecified-source-with-link-layer-address", 78)
})

test("from `::` to anything but the group of the target (RFC 4861 section 7.1.1)", () => {
  const probe = { sourceAddress: 0n as Ipv6, linkLayerAddress: undefined }
  refused(solicitation({ ...probe, destinationAddress: target }), "unspecified-source-outside-group", 38)
  refused(solicitation({ ...probe, destinationAddress: allNodesGroup }), "unspecified-source-outside-group", 38)
  assert.equal(parseNdp(solicitation(probe)).kind, "solicitation")
})

test("5b-31: the group of another address", () => {
  const group = solicitedNodeGroup(parseIpv6("2001:db8::241")!)
  refused(
    solicitation({ destinationAddress: group, destination: multicastMac(group) }),
    "other-solicited-node-group",
    38,
  )
})

test("5b-34: fragments, and the hop-by-hop header that a jumbo payload needs (RFC 6980)", () => {
  refused(changed({ 20: 44 }), "fragmented", 20)
  refused(changed({ 18: 0, 19: 0, 20: 0 }), "extension-header", 20)
})

test("5b-35: any extension header before the message", () => {
  for (const header of [0, 43, 50, 51, 60, 135]) refused(changed({ 20: header }), "extension-header", 20)
})

test("5b-36: router advertisements and redirects are none of ours, be they valid or not", () => {
  for (const type of [133, 134, 137, 128, 129, 143, 1]) {
    refused(changed({ 54: type }), "other-message", 54)
    refused(raw({ 54: type }), "other-message", 54)
  }
})

test("5b-37: a link-layer address of 14 bytes is not Ethernet's", () => {
  const long = new Uint8Array(94)
  long.set(frame())
  long[19] = 40
  long[79] = 2
  refused(summed(long), "link-layer-option-length", 78)
})

test("5b-38: an IPv4-mapped target never crosses a link", () => {
  refused(solicitation({ target: parseIpv6("::ffff:192.168.1.240")! }), "target-ipv4-mapped", 62)
})

test("an advertisement that says it was solicited, to a group (RFC 4861 section 7.1.2)", () => {
  refused(
    emitNdp({ ...solicited, kind: "advertisement", router: false, solicited: true, override: true }),
    "solicited-to-multicast",
    58,
  )
})

test("what is not IPv6, not ICMPv6, from a group, tagged, too long, or says a group is a station", () => {
  refused(changed({ 14: 0x45 }), "not-ipv6", 14)
  refused(changed({ 20: 17 }), "not-icmpv6", 20)
  refused(changed({ 22: 0xff }), "source-multicast", 22)
  refused(raw({ 12: 0x81, 13: 0x00 }), "vlan-tagged", 12)
  refused(raw({ 12: 0x08, 13: 0x06 }), "other-ethertype", 12)
  refused(new Uint8Array([...frame(), ...new Uint8Array(1500)]), "frame-too-long", 1514)
  refused(solicitation({ linkLayerAddress: parseMac("33:33:00:00:00:01")! }), "link-layer-address-not-a-station", 78)
  refused(solicitation({ linkLayerAddress: 0 as Mac }), "link-layer-address-not-a-station", 78)
})

test("padding behind the payload is not part of the message", () => {
  assert.deepEqual(parseNdp(new Uint8Array([...frame(), 0, 0, 0, 7])), parseNdp(frame()))
})

const target = parseIpv6("2001:db8::240")!
const client = parseMac("02:42:ac:11:00:10")!
const solicited: Omit<Extract<NdpMessage, { kind: "solicitation" }>, "kind"> = {
  destination: multicastMac(solicitedNodeGroup(target)),
  source: client,
  sourceAddress: parseIpv6("fe80::10")!,
  destinationAddress: solicitedNodeGroup(target),
  target,
  linkLayerAddress: client,
  sealedToken: undefined,
}

const solicitation = (fields: Partial<typeof solicited>): Uint8Array =>
  emitNdp({ kind: "solicitation", ...solicited, ...fields })

const frame = (): Uint8Array => solicitation({})

/** Bytes changed, the checksum left as it was. */
const raw = (bytes: Readonly<Record<number, number>>): Uint8Array => {
  const changed = frame()
  for (const [at, value] of Object.entries(bytes)) changed[Number(at)] = value
  return changed
}

/** Bytes changed, the checksum right again: the fault is the change alone. */
const changed = (bytes: Readonly<Record<number, number>>): Uint8Array => summed(raw(bytes))

const summed = (frame: Uint8Array): Uint8Array => {
  const view = new DataView(frame.buffer)
  const end = 54 + view.getUint16(18)
  view.setUint16(56, 0)
  let sum = end - 54 + 58
  for (let at = 22; at < end; at++) sum += at % 2 === 0 ? (frame[at] ?? 0) << 8 : (frame[at] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  view.setUint16(56, ~sum & 0xffff)
  return frame
}

const refused = (bytes: Uint8Array, because: NdpFault, offset: number): void =>
  assert.deepEqual(parseNdp(bytes), { kind: "malformed", because, offset })
