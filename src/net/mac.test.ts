import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { broadcastMac, isGroupMac, type Mac, macFromBytes, parseMac, printMac, writeMac, zeroMac } from "./mac.ts"

test("a MAC is six octets, with colons or dashes, in either case", () => {
  assert.equal(parseMac("02:42:ac:11:00:02"), 0x0242ac110002)
  assert.equal(parseMac("02-42-AC-11-00-02"), 0x0242ac110002)
  for (const text of [
    "",
    "02:42:ac:11:00",
    "02:42:ac:11:00:02:03",
    "2:42:ac:11:0:2",
    "0242ac110002",
    "02:42:ac:11:00:0g",
    "02:42:ac:11:00:02 ",
  ])
    assert.equal(parseMac(text), undefined, JSON.stringify(text))
})

test("broadcast and multicast are groups, zero and locally administered addresses are not", () => {
  assert.ok(isGroupMac(broadcastMac))
  assert.ok(isGroupMac(parseMac("33:33:00:00:00:01")!))
  assert.ok(isGroupMac(parseMac("01:00:5e:00:00:01")!))
  assert.ok(!isGroupMac(zeroMac))
  assert.ok(!isGroupMac(parseMac("02:42:ac:11:00:02")!))
  assert.ok(!isGroupMac(parseMac("fe:ff:ff:ff:ff:ff")!))
})

test("text and bytes give back the same MAC", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (value) => {
      const mac = value as Mac
      const bytes = new Uint8Array(8).fill(0xa5)
      writeMac(bytes, 1, mac)
      assert.equal(macFromBytes(bytes, 1), mac)
      assert.deepEqual([bytes[0], bytes[7]], [0xa5, 0xa5])
      assert.equal(parseMac(printMac(mac)), mac)
      assert.match(printMac(mac), /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/)
    }),
  )
})
