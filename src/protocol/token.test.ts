import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { test } from "node:test"
import * as fc from "fast-check"
import type { Address, Ipv4, Ipv6 } from "../net/address.ts"
import type { Mac } from "../net/mac.ts"
import { sharedKey, type SharedKeys } from "./shared-key.ts"
import { epochMax, openToken, sealedTokenIn, sealToken, type Token, tokenBytes } from "./token.ts"

test("a question is kind, nonce and tag; the tag covers MAC, address and fields", () => {
  const sealed = sealToken(key, mac, address, { kind: "question", nonce: 0x01020304 })
  const covered = Uint8Array.of(0x02, 0x42, 0xac, 0x11, 0, 2, 192, 168, 1, 240, 1, 1, 2, 3, 4)
  assert.deepEqual([...sealed], [1, 1, 2, 3, 4, ...tagOver(covered)])
})

test("an answer adds the grant behind the tag, an announcement has grant and epoch before it", () => {
  const answer = sealToken(key, mac, address, { kind: "answer", nonce: 0x01020304, grant: 7 })
  const overAnswer = Uint8Array.of(0x02, 0x42, 0xac, 0x11, 0, 2, 192, 168, 1, 240, 2, 1, 2, 3, 4, 0, 0, 0, 7)
  assert.deepEqual([...answer], [2, 1, 2, 3, 4, ...tagOver(overAnswer), 0, 0, 0, 7])
  const announcement = sealToken(key, mac, address, { kind: "announcement", grant: 7, epoch: 0x65000000 })
  const overAnnouncement = Uint8Array.of(0x02, 0x42, 0xac, 0x11, 0, 2, 192, 168, 1, 240, 3, 0, 0, 0, 7, 0x65, 0, 0, 0)
  assert.deepEqual([...announcement], [3, 0, 0, 0, 7, 0x65, 0, 0, 0, ...tagOver(overAnnouncement)])
})

test("every token comes back as it was, with either key, whatever padding follows", () => {
  fc.assert(
    fc.property(anyToken, anyMac, anyAddress, fc.uint8Array({ maxLength: 5 }), (token, sender, about, padding) => {
      for (const signer of [keys.current, keys.next!]) {
        const sealed = sealToken(signer, sender, about, token)
        assert.equal(sealed.length, tokenBytes[token.kind])
        assert.deepEqual(openToken(keys, sender, about, Uint8Array.of(...sealed, ...padding)), token)
        assert.deepEqual(sealedTokenIn(Uint8Array.of(9, 9, ...sealed, ...padding), 2), sealed)
      }
    }),
  )
})

test("another sender, another address, another key or one changed bit: no token", () => {
  const other = sharedKey(Uint8Array.of(9))
  fc.assert(
    fc.property(anyToken, fc.nat(1000), fc.nat(7), (token, place, bit) => {
      const sealed = sealToken(key, mac, address, token)
      assert.equal(openToken(keys, (mac + 1) as Mac, address, sealed).kind, "no-token")
      assert.equal(openToken(keys, mac, (address + 1) as Ipv4, sealed).kind, "no-token")
      assert.equal(openToken({ current: other, next: undefined }, mac, address, sealed).kind, "no-token")
      sealed[place % sealed.length]! ^= 1 << bit
      assert.equal(openToken(keys, mac, address, sealed).kind, "no-token")
    }),
  )
})

test("padding that is no token says why it is none", () => {
  const because = (bytes: Uint8Array | undefined): unknown => {
    const token = openToken(keys, mac, address, bytes)
    return token.kind === "no-token" ? token.because : token
  }
  const sealed = sealToken(key, mac, address, { kind: "question", nonce: 5 })
  assert.equal(because(undefined), "absent")
  assert.equal(because(new Uint8Array(18)), "unknown-kind")
  assert.equal(because(Uint8Array.of(4, ...new Uint8Array(17))), "unknown-kind")
  for (let length = 1; length < sealed.length; length++) assert.equal(because(sealed.slice(0, length)), "too-short")
  assert.equal(because(Uint8Array.of(1, ...new Uint8Array(17))), "wrong-tag")
  assert.equal(
    because(sealToken(key, mac, address, { kind: "announcement", grant: 1, epoch: epochMax + 1 })),
    "epoch-out-of-range",
  )
})

const mac = 0x0242ac110002 as Mac
const address = 0xc0a801f0 as Ipv4
const secret = Uint8Array.of(1, 2, 3, 4)
const key = sharedKey(secret)
const keys: SharedKeys = { current: key, next: sharedKey(Uint8Array.of(5, 6, 7)) }

const tagOver = (bytes: Uint8Array): Uint8Array => createHmac("sha256", secret).update(bytes).digest().subarray(0, 8)

const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const epoch = fc.integer({ min: 0, max: epochMax })
const anyToken: fc.Arbitrary<Token> = fc.oneof(
  uint32.map((nonce) => ({ kind: "question" as const, nonce })),
  fc.tuple(uint32, uint32).map(([nonce, grant]) => ({ kind: "answer" as const, nonce, grant })),
  fc.tuple(uint32, epoch).map(([grant, epoch]) => ({ kind: "announcement" as const, grant, epoch })),
)
const anyMac = fc.integer({ min: 0, max: 2 ** 48 - 1 }).map((value) => value as Mac)
const anyAddress: fc.Arbitrary<Address> = fc.oneof(
  uint32.map((value) => value as Ipv4),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => value as Ipv6),
)
