import assert from "node:assert/strict"
import { test } from "node:test"
import type { Ipv6 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { destinationOf, ethernetFault, ethernetFaultOffset, EtherType, sourceOf, writeEthernetHeader } from "./frame.ts"
import { isMulticast, multicastMac } from "./multicast.ts"

test("a header is fourteen bytes: whom for, whom from, what", () => {
  const frame = new Uint8Array(60).fill(0xa5)
  writeEthernetHeader(frame, 0xffffffffffff as Mac, 0x0242ac110002 as Mac, EtherType.arp)
  assert.deepEqual(
    [...frame.subarray(0, 15)],
    [255, 255, 255, 255, 255, 255, 0x02, 0x42, 0xac, 0x11, 0x00, 0x02, 0x08, 0x06, 0xa5],
  )
  assert.equal(destinationOf(frame), 0xffffffffffff)
  assert.equal(sourceOf(frame), 0x0242ac110002)
  assert.equal(ethernetFault(frame, EtherType.arp, 42), undefined)
})

test("each fault has its reason and its place", () => {
  const frame = (etherType: number, length = 60): Uint8Array => {
    const bytes = new Uint8Array(length)
    writeEthernetHeader(bytes, 1 as Mac, 2 as Mac, etherType)
    return bytes
  }
  const fault = (bytes: Uint8Array): unknown => {
    const because = ethernetFault(bytes, EtherType.arp, 42)
    return because === undefined ? undefined : [because, ethernetFaultOffset(bytes, because)]
  }
  assert.deepEqual(fault(new Uint8Array(13)), ["frame-too-short", 13])
  assert.deepEqual(fault(frame(EtherType.arp, 41)), ["frame-too-short", 41])
  assert.equal(fault(frame(EtherType.arp, 42)), undefined)
  assert.equal(fault(frame(EtherType.arp, 1514)), undefined)
  assert.deepEqual(fault(frame(EtherType.arp, 1515)), ["frame-too-long", 1514])
  assert.deepEqual(fault(frame(EtherType.ipv4)), ["other-ethertype", 12])
  assert.deepEqual(fault(frame(EtherType.vlan)), ["vlan-tagged", 12])
  assert.deepEqual(fault(frame(EtherType.serviceVlan)), ["vlan-tagged", 12])
})

test("an IPv6 group has the MAC of its low 32 bits", () => {
  assert.equal(multicastMac(0xff020000000000000000000000000001n as Ipv6), 0x333300000001)
  assert.equal(multicastMac(0xff0200000000000000000001ffabcdefn as Ipv6), 0x3333ffabcdef)
  assert.ok(isMulticast(0xff020000000000000000000000000001n as Ipv6))
  assert.ok(!isMulticast(0xfe800000000000000000000000000001n as Ipv6))
})
