import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { type Ipv4, parseIpv4 } from "../../net/address.ts"
import { broadcastMac, type Mac, parseMac, zeroMac } from "../../net/mac.ts"
import { sharedKey } from "../shared-key.ts"
import { sealToken } from "../token.ts"
import { arpFrameBytes, type ArpPacket, emitArp, parseArp, writeArp } from "./packet.ts"

test("parsed: the frame on the sheet is the request on the sheet", () => assert.deepEqual(parseArp(sheet), request))

test("emitted: the request on the sheet is the frame on the sheet", () => assert.deepEqual(emitArp(request), sheet))

test("written: no byte of the buffer keeps what it held", () =>
  assert.deepEqual(writeArp(new Uint8Array(arpFrameBytes).fill(0xa5), request), sheet))

test("fields: each is read from its own bytes and from no others", () => {
  const reply = sheet.slice()
  reply[21] = 2
  assert.equal(packetOf(reply).operation, "reply")
  for (const [at, name] of Object.entries(fieldOfByte)) {
    const changed = sheet.slice()
    changed[Number(at)]! ^= 2
    const packet = packetOf(changed)
    assert.notEqual(packet[name], request[name], name)
    assert.deepEqual({ ...packet, [name]: request[name] }, request)
  }
})

test("a frame without its padding is read like one with it", () =>
  assert.deepEqual(parseArp(sheet.subarray(0, 42)), request))

test("a packet keeps nothing of the receive buffer", () => {
  const sealedToken = sealToken(sharedKey(Uint8Array.of(1)), request.senderMac, request.targetAddress, {
    kind: "question",
    nonce: 1,
  })
  const buffer = emitArp({ ...request, sealedToken })
  const packet = packetOf(buffer)
  buffer.fill(0)
  assert.deepEqual(packet, { ...request, sealedToken })
})

test("what can be built can be sent, and comes back as it was", () => {
  fc.assert(fc.property(anyPacket, (packet) => assert.deepEqual(parseArp(emitArp(packet)), packet)))
})

const packetOf = (frame: Uint8Array): ArpPacket => {
  const packet = parseArp(frame)
  assert.ok(packet.kind === "arp")
  return packet
}

const request: ArpPacket = {
  kind: "arp",
  destination: broadcastMac,
  source: parseMac("02:42:ac:11:00:02")!,
  operation: "request",
  senderMac: parseMac("02:42:ac:11:00:03")!,
  senderAddress: parseIpv4("192.168.1.20")!,
  targetMac: zeroMac,
  targetAddress: parseIpv4("192.168.1.240")!,
  sealedToken: undefined,
}

const sheet = Uint8Array.from(
  Buffer.from(
    [
      "ffffffffffff 0242ac110002 0806",
      "0001 0800 06 04 0001",
      "0242ac110003 c0a80114",
      "000000000000 c0a801f0",
      "000000000000000000 000000000000000000",
    ]
      .join("")
      .replaceAll(" ", ""),
    "hex",
  ),
)

const fieldOfByte = {
  0: "destination",
  5: "destination",
  6: "source",
  11: "source",
  22: "senderMac",
  27: "senderMac",
  28: "senderAddress",
  31: "senderAddress",
  32: "targetMac",
  37: "targetMac",
  38: "targetAddress",
  41: "targetAddress",
} as const

const anyMac = fc.integer({ min: 0, max: 2 ** 48 - 1 }).map((value) => value as Mac)
const anyStation = fc.integer({ min: 1, max: 2 ** 40 - 1 }).map((value) => value as Mac)
const anyHost = fc
  .integer({ min: 0, max: 0xdfffffff })
  .filter((value) => value >>> 24 !== 127)
  .map((value) => value as Ipv4)
const anyPacket: fc.Arbitrary<ArpPacket> = fc.record(
  {
    kind: fc.constant("arp" as const),
    destination: anyMac,
    source: anyMac,
    operation: fc.constantFrom("request", "reply"),
    senderMac: anyStation,
    senderAddress: anyHost,
    targetMac: anyMac,
    targetAddress: fc.integer({ min: 1, max: 0xffffffff }).map((value) => value as Ipv4),
    sealedToken: fc.option(
      fc
        .integer({ min: 0, max: 0xffffffff })
        .map((nonce) =>
          sealToken(sharedKey(Uint8Array.of(1)), 1 as Mac, 1 as Ipv4, { kind: "answer", nonce, grant: 3 }),
        ),
      { nil: undefined },
    ),
  },
  { noNullPrototype: true },
)
