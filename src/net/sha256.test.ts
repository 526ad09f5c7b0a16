import assert from "node:assert/strict"
import { createHash, createHmac } from "node:crypto"
import { test } from "node:test"
import { equalInConstantTime, keyedHmac, sha256 } from "./sha256.ts"

test("the hash of no bytes is the one everybody knows", () => {
  assert.equal(hex(sha256(new Uint8Array(0))), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
})

test("a message of any length up to four blocks hashes and signs as node:crypto does", () => {
  const key = Uint8Array.from({ length: 32 }, (_, i) => i * 7)
  const sign = keyedHmac(key)
  for (let length = 0; length <= 256; length++) {
    const message = Uint8Array.from({ length }, (_, i) => i * 31 + length)
    assert.equal(hex(sha256(message)), createHash("sha256").update(message).digest("hex"), `${length} bytes`)
    assert.equal(hex(sign(message)), createHmac("sha256", key).update(message).digest("hex"), `${length} bytes`)
  }
})

test("a key of any length signs as node:crypto does, and again the same", () => {
  const message = Uint8Array.of(1, 2, 3)
  for (let length = 0; length <= 150; length++) {
    const key = Uint8Array.from({ length }, (_, i) => i * 13 + length)
    const sign = keyedHmac(key)
    sign(Uint8Array.of(4, 5, 6))
    assert.equal(hex(sign(message)), createHmac("sha256", key).update(message).digest("hex"), `${length} bytes`)
  }
})

test("the vectors of RFC 4231: short key, long key and data", () => {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value)
  assert.equal(
    hex(keyedHmac(text("Jefe"))(text("what do ya want for nothing?"))),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
  )
  assert.equal(
    hex(keyedHmac(new Uint8Array(131).fill(0xaa))(text("Test Using Larger Than Block-Size Key - Hash Key First"))),
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
  )
})

test("a result is the caller's own: the next call does not change it", () => {
  const first = sha256(Uint8Array.of(1))
  const before = hex(first)
  sha256(Uint8Array.of(2))
  assert.equal(hex(first), before)
})

test("equal means equal in length and in every byte", () => {
  assert.ok(equalInConstantTime(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 3)))
  assert.ok(!equalInConstantTime(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2, 4)))
  assert.ok(!equalInConstantTime(Uint8Array.of(1, 2, 3), Uint8Array.of(1, 2)))
  assert.ok(!equalInConstantTime(Uint8Array.of(1, 2), Uint8Array.of(1, 2, 0)))
  assert.ok(equalInConstantTime(new Uint8Array(0), new Uint8Array(0)))
})

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
