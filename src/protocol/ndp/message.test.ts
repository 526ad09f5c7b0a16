import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { type Ipv4, type Ipv6, parseIpv6 } from "../../net/address.ts"
import { type Mac, parseMac } from "../../net/mac.ts"
import { sharedKey } from "../shared-key.ts"
import { sealToken } from "../token.ts"
import { emitNdp, ndpFrameBytes, writeNdp } from "./emit-message.ts"
import type { NdpMessage, NeighborAdvertisement, NeighborSolicitation } from "./message.ts"
import { parseNdp } from "./parse-message.ts"
import { isSolicitedNodeGroup, solicitedNodeGroup } from "./solicited-node.ts"

test("parsed: the frames on the sheet are the messages on the sheet", () => {
  assert.deepEqual(parseNdp(solicitationSheet), solicitation)
  assert.deepEqual(parseNdp(advertisementSheet), advertisement)
})

test("emitted: the messages on the sheet are the frames on the sheet", () => {
  assert.deepEqual(hexOf(emitNdp(solicitation)), hexOf(solicitationSheet))
  assert.deepEqual(hexOf(emitNdp(advertisement)), hexOf(advertisementSheet))
})

test("written: no byte of the buffer keeps what it held", () => {
  for (const message of [solicitation, advertisement, { ...solicitation, sealedToken: token(5) }]) {
    const frame = new Uint8Array(ndpFrameBytes(message)).fill(0xa5)
    assert.deepEqual(hexOf(writeNdp(frame, message)), hexOf(emitNdp(message)))
  }
})

test("fields: flags are three bits, each its own", () => {
  for (const flag of ["router", "override"] as const) {
    const message = { ...advertisement, [flag]: !advertisement[flag] }
    assert.deepEqual(parseNdp(emitNdp(message)), message)
    assert.notDeepEqual(hexOf(emitNdp(message)), hexOf(advertisementSheet))
  }
})

test("the token stands in a Nonce option and again in an experimental one, each padded to eight bytes", () => {
  const sealedToken = token(0x01020304)
  const options = emitNdp({ ...solicitation, sealedToken }).subarray(86)
  const padded = Uint8Array.of(...sealedToken, ...new Uint8Array(22 - sealedToken.length))
  assert.deepEqual([...options], [14, 3, ...padded, 253, 3, ...padded])
})

test("one of the two options is enough, and what others put there is none", () => {
  const frame = emitNdp({ ...solicitation, sealedToken: token(7) })
  for (const at of [86, 110]) {
    const other = frame.slice()
    other[at] = 200
    assert.deepEqual(parseNdp(refit(other)), { ...solicitation, sealedToken: token(7) })
  }
  const enhancedDad = emitNdp({ ...solicitation, sealedToken: token(7) })
  enhancedDad[88] = 0x77
  enhancedDad[112] = 0x77
  assert.deepEqual(parseNdp(refit(enhancedDad)), solicitation)
})

test("a message keeps nothing of the receive buffer", () => {
  const message = { ...solicitation, sealedToken: token(7) }
  const buffer = emitNdp(message)
  const parsed = parseNdp(buffer)
  buffer.fill(0)
  assert.deepEqual(parsed, message)
})

test("what can be built can be sent, and comes back as it was", () => {
  fc.assert(fc.property(anyMessage, (message) => assert.deepEqual(parseNdp(emitNdp(message)), message)))
})

test("the solicited-node group holds the low 24 bits", () => {
  assert.equal(solicitedNodeGroup(parseIpv6("2001:db8::1:ab:cdef")!), parseIpv6("ff02::1:ffab:cdef"))
  assert.ok(isSolicitedNodeGroup(parseIpv6("ff02::1:ff00:0")!))
  assert.ok(!isSolicitedNodeGroup(parseIpv6("ff02::1:fe00:0")!))
  assert.ok(!isSolicitedNodeGroup(parseIpv6("ff02::1")!))
})

const bytesOf = (...lines: readonly string[]): Uint8Array =>
  Uint8Array.from(Buffer.from(lines.join("").replaceAll(" ", ""), "hex"))
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

const token = (nonce: number): Uint8Array =>
  sealToken(sharedKey(Uint8Array.of(1)), 1 as Mac, 1 as Ipv4, { kind: "answer", nonce, grant: 3 })

/** Puts in the checksum that the changed bytes need, reckoned here a second time. */
const refit = (frame: Uint8Array): Uint8Array => {
  const view = new DataView(frame.buffer)
  view.setUint16(56, 0)
  let sum = frame.length - 54 + 58
  for (let at = 22; at < frame.length; at += 2) sum += view.getUint16(at)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  view.setUint16(56, ~sum & 0xffff)
  return frame
}

const solicitation: NeighborSolicitation = {
  kind: "solicitation",
  destination: parseMac("33:33:ff:00:02:40")!,
  source: parseMac("02:42:ac:11:00:10")!,
  sourceAddress: parseIpv6("fe80::42:acff:fe11:10")!,
  destinationAddress: parseIpv6("ff02::1:ff00:240")!,
  target: parseIpv6("2001:db8::240")!,
  linkLayerAddress: parseMac("02:42:ac:11:00:10")!,
  sealedToken: undefined,
}

const solicitationSheet = bytesOf(
  "3333ff000240 0242ac110010 86dd",
  "60000000 0020 3a ff",
  "fe80000000000000 0042acfffe110010",
  "ff02000000000000 00000001ff000240",
  "87 00 ef1d 00000000",
  "20010db800000000 0000000000000240",
  "01 01 0242ac110010",
)

const advertisement: NeighborAdvertisement = {
  kind: "advertisement",
  destination: parseMac("02:42:ac:11:00:10")!,
  source: parseMac("02:42:ac:11:00:02")!,
  sourceAddress: parseIpv6("2001:db8::240")!,
  destinationAddress: parseIpv6("fe80::42:acff:fe11:10")!,
  target: parseIpv6("2001:db8::240")!,
  router: false,
  solicited: true,
  override: true,
  linkLayerAddress: parseMac("02:42:ac:11:00:02")!,
  sealedToken: undefined,
}

const advertisementSheet = bytesOf(
  "0242ac110010 0242ac110002 86dd",
  "60000000 0020 3a ff",
  "20010db800000000 0000000000000240",
  "fe80000000000000 0042acfffe110010",
  "88 00 5d77 60000000",
  "20010db800000000 0000000000000240",
  "02 01 0242ac110002",
)

const anyMac = fc.integer({ min: 0, max: 2 ** 48 - 1 }).map((value) => value as Mac)
const anyStation = fc.integer({ min: 1, max: 2 ** 40 - 1 }).map((value) => value as Mac)
const anyHost = fc.bigInt({ min: 2n ** 100n, max: 0xfen << 120n }).map((value) => value as Ipv6)
const anyToken = fc.option(fc.integer({ min: 0, max: 0xffffffff }).map(token), { nil: undefined })
const anyMessage: fc.Arbitrary<NdpMessage> = fc
  .tuple(anyMac, anyMac, anyHost, anyHost, anyHost, fc.option(anyStation, { nil: undefined }), anyToken, fc.nat(15))
  .map(([destination, source, sourceAddress, other, target, linkLayerAddress, sealedToken, bits]): NdpMessage => {
    const toGroup = (bits & 8) !== 0
    const destinationAddress = toGroup ? solicitedNodeGroup(target) : other
    const carried = { destination, source, sourceAddress, destinationAddress, target, linkLayerAddress, sealedToken }
    return (bits & 1) === 0
      ? { kind: "solicitation", ...carried }
      : { kind: "advertisement", ...carried, router: (bits & 2) !== 0, override: (bits & 4) !== 0, solicited: !toGroup }
  })
