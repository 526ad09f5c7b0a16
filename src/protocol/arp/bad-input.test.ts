import assert from "node:assert/strict"
import { test } from "node:test"
import { parseIpv4 } from "../../net/address.ts"
import { broadcastMac, parseMac, zeroMac } from "../../net/mac.ts"
import { writeUint16, writeUint32 } from "../bytes/writer.ts"
import { type ArpFault, emitArp, parseArp } from "./packet.ts"

test("5a-1: a body shorter than 28 bytes is no ARP packet", () => {
  for (let body = 0; body < 28; body++) refused(frame().subarray(0, 14 + body), "frame-too-short", 14 + body)
})

test("5a-2: a frame cut at any length is silence", () => {
  for (let length = 0; length < 42; length++) refused(frame().subarray(0, length), "frame-too-short", length)
  assert.equal(parseArp(frame().subarray(0, 42)).kind, "arp")
})

test("5a-3: hardware that is not Ethernet", () => {
  for (const type of [0, 2, 6, 0x0100, 0xffff]) refused(changed(14, type), "other-hardware-type", 14)
})

test("5a-4: a protocol that is not IPv4", () => {
  for (const type of [0, 0x0806, 0x86dd, 0x0008]) refused(changed(16, type), "other-protocol-type", 16)
})

test("5a-5: addresses of other lengths", () => {
  for (const lengths of [0, 0x0604 + 1, 0x0804, 0x0610, 0x0406, 0xffff])
    refused(changed(18, lengths), "other-address-length", 18)
})

test("5a-6: operations that are neither request nor reply: RARP, InARP, nonsense", () => {
  for (const operation of [0, 3, 4, 8, 9, 0x0100, 0xffff]) refused(changed(20, operation), "other-operation", 20)
})

test("5a-8: a sender whose MAC is zero, a group or broadcast is no station", () => {
  for (const mac of ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01", "33:33:00:00:00:01"])
    refused(frame({ senderMac: parseMac(mac)! }), "sender-mac-not-a-station", 22)
})

test("5a-11: a sender with a broadcast, multicast or loopback address is no host", () => {
  for (const address of ["255.255.255.255", "224.0.0.1", "239.255.255.255", "127.0.0.1"])
    refused(frame({ senderAddress: parseIpv4(address)! }), "sender-address-not-a-host", 28)
})

test("5a-12: nobody asks for 0.0.0.0; the reply to a probe is for nobody else", () => {
  const bytes = frame()
  writeUint32(bytes, 38, 0)
  refused(bytes, "target-address-zero", 38)
  writeUint16(bytes, 20, 2)
  assert.equal(parseArp(bytes).kind, "arp")
})

test("5a-16: a tag still inside the frame is another VLAN's, be its number 0 or 42", () => {
  for (const tag of [0x0000, 0xe000, 0x002a])
    for (const type of [0x8100, 0x88a8]) {
      const tagged = new Uint8Array(64)
      tagged.set(frame().subarray(0, 12))
      writeUint16(tagged, 12, type)
      writeUint16(tagged, 14, tag)
      tagged.set(frame().subarray(12), 16)
      refused(tagged, "vlan-tagged", 12)
    }
})

test("5a-19: padding beyond 1,500 bytes was made by no honest stack; shorter padding is ignored", () => {
  const padded = (length: number): Uint8Array => {
    const bytes = new Uint8Array(length).fill(0x55)
    bytes.set(frame().subarray(0, 42))
    return bytes
  }
  refused(padded(1515), "frame-too-long", 1514)
  refused(padded(9000), "frame-too-long", 1514)
  for (const length of [43, 60, 1514]) assert.equal(parseArp(padded(length)).kind, "arp")
})

test("another EtherType is none of ours", () => refused(changed(12, 0x0800), "other-ethertype", 12))

const refused = (bytes: Uint8Array, because: ArpFault, offset: number): void =>
  assert.deepEqual(parseArp(bytes), { kind: "malformed", because, offset })

const changed = (at: number, value: number): Uint8Array => {
  const bytes = frame()
  writeUint16(bytes, at, value)
  return bytes
}

const frame = (fields: Partial<Parameters<typeof emitArp>[0]> = {}): Uint8Array =>
  emitArp({
    kind: "arp",
    destination: broadcastMac,
    source: parseMac("02:42:ac:11:00:10")!,
    operation: "request",
    senderMac: parseMac("02:42:ac:11:00:10")!,
    senderAddress: parseIpv4("192.168.1.20")!,
    targetMac: zeroMac,
    targetAddress: parseIpv4("192.168.1.240")!,
    sealedToken: undefined,
    ...fields,
  })
