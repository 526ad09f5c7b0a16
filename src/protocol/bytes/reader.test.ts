import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { ByteReader } from "./reader.ts"

test("reads fields big-endian, one after the other", () => {
  const reader = new ByteReader(Uint8Array.from({ length: 41 }, (_, i) => i + 1))
  assert.equal(reader.uint8(), 0x01)
  assert.equal(reader.uint16(), 0x0203)
  assert.equal(reader.uint32(), 0x04050607)
  assert.equal(reader.uint64(), 0x08090a0b * 2 ** 32 + 0x0c0d0e0f)
  assert.equal(reader.mac(), 0x101112131415)
  assert.equal(reader.ipv4(), 0x16171819)
  assert.equal(reader.ipv6(), 0x1a1b1c1d1e1f20212223242526272829n)
  assert.equal(reader.left, 0)
  assert.ok(!reader.overrun)
})

test("never reads a part of a field: it yields 0, stays where it was, and is overrun for good", () => {
  const reader = new ByteReader(Uint8Array.of(1, 2, 3), 1)
  assert.equal(reader.uint32(), 0)
  assert.ok(reader.overrun)
  assert.equal(reader.offset, 1)
  assert.equal(reader.uint8(), 0)
  assert.equal(reader.left, 0)
})

test("whatever is read in whatever order, no byte from outside the window is seen", () => {
  const reads = ["uint8", "uint16", "uint32", "uint64", "mac", "ipv4", "ipv6"] as const
  fc.assert(
    fc.property(fc.nat(40), fc.array(fc.constantFrom(...reads), { maxLength: 12 }), (length, order) => {
      const bytes = new Uint8Array(60).fill(0xff)
      bytes.fill(0, 10, 10 + length)
      const reader = new ByteReader(bytes, 10, 10 + length)
      for (const read of order) assert.equal(BigInt(reader[read]()), 0n)
      assert.ok(reader.offset <= 10 + length)
    }),
  )
})

test("bytes are copied: the receive buffer is used again", () => {
  const buffer = Uint8Array.of(1, 2, 3)
  const copy = new ByteReader(buffer).bytes(2)
  buffer.fill(9)
  assert.deepEqual([...copy], [1, 2])
  assert.deepEqual([...new ByteReader(buffer).bytes(4)], [])
})

test("an end beyond the buffer is no promise", () => {
  const reader = new ByteReader(Uint8Array.of(1, 2), 0, 100)
  assert.equal(reader.left, 2)
  reader.skip(3)
  assert.ok(reader.overrun)
})
