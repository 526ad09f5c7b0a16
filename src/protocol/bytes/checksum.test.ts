import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { checksumOfSum, wordSum } from "./checksum.ts"

test("the example of RFC 1071", () => {
  const bytes = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7)
  assert.equal(checksumOfSum(wordSum(bytes, 0, 8)), ~0xddf2 & 0xffff)
})

test("with its own checksum inside, the sum is right; with one bit changed it is not", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 3, maxLength: 1500 }), fc.nat(), fc.nat(7), (bytes, place, bit) => {
      bytes.fill(0, 0, 2)
      const checksum = checksumOfSum(wordSum(bytes, 0, bytes.length))
      bytes[0] = checksum >>> 8
      bytes[1] = checksum & 255
      assert.equal(checksumOfSum(wordSum(bytes, 0, bytes.length)), 0)
      bytes[place % bytes.length]! ^= 1 << bit
      assert.notEqual(checksumOfSum(wordSum(bytes, 0, bytes.length)), 0)
    }),
  )
})

test("an odd last byte is padded with zero, and a sum may be carried on", () => {
  assert.equal(wordSum(Uint8Array.of(1, 2, 3), 0, 3), 0x0102 + 0x0300)
  assert.equal(wordSum(Uint8Array.of(1, 2, 3), 2, 3, 5), 0x0305)
})
