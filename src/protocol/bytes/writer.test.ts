import assert from "node:assert/strict"
import { test } from "node:test"
import type { Ipv4, Ipv6 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { ByteReader } from "./reader.ts"
import { ByteWriter } from "./writer.ts"

test("what is written is what the reader reads, and every byte is written", () => {
  const writer = new ByteWriter(new Uint8Array(47).fill(0xa5))
  writer.uint8(0xfe)
  writer.uint16(0xfedc)
  writer.uint32(0xfedcba98)
  writer.uint64(Number.MAX_SAFE_INTEGER)
  writer.mac(0xfedcba987654 as Mac)
  writer.address(0xfedcba98 as Ipv4)
  writer.address(0xfedcba98765432100123456789abcdefn as Ipv6)
  writer.bytes(Uint8Array.of(1, 2, 3))
  writer.zeros(3)
  const reader = new ByteReader(writer.finish())
  assert.equal(reader.uint8(), 0xfe)
  assert.equal(reader.uint16(), 0xfedc)
  assert.equal(reader.uint32(), 0xfedcba98)
  assert.equal(reader.uint64(), Number.MAX_SAFE_INTEGER)
  assert.equal(reader.mac(), 0xfedcba987654)
  assert.equal(reader.ipv4(), 0xfedcba98)
  assert.equal(reader.ipv6(), 0xfedcba98765432100123456789abcdefn)
  assert.deepEqual([...reader.bytes(6)], [1, 2, 3, 0, 0, 0])
})

test("an encoder that was wrong about its length is told so", () => {
  assert.throws(() => new ByteWriter(new Uint8Array(3)).uint32(1), /announced 3 bytes and writes 4 at 0/)
  const early = new ByteWriter(new Uint8Array(3))
  early.uint16(1)
  assert.throws(() => early.finish(), /announced 3 bytes and wrote 2/)
})

test("a number that its field cannot hold is never cut", () => {
  for (const value of [256, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => new ByteWriter(new Uint8Array(1)).uint8(value), RangeError)
  assert.throws(() => new ByteWriter(new Uint8Array(4)).uint32(2 ** 32), RangeError)
  assert.throws(() => new ByteWriter(new Uint8Array(8)).uint64(2 ** 53), RangeError)
})
