import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import type { NodeId } from "./beat.ts"
import { type Claim, compareClaims, epochMax, nextEpoch } from "./claim.ts"

test("a higher grant beats any epoch, a higher epoch any node, and the lower node id decides the rest", () => {
  assert.ok(compareClaims(claim(2, 1, 9), claim(1, 99, 1)) > 0)
  assert.ok(compareClaims(claim(1, 2, 9), claim(1, 1, 1)) > 0)
  assert.ok(compareClaims(claim(1, 1, 1), claim(1, 1, 9)) > 0)
})

test("of two claims by two nodes exactly one is better, and better is transitive", () => {
  fc.assert(
    fc.property(claims, claims, claims, (a, b, c) => {
      fc.pre(a.node !== b.node && b.node !== c.node && a.node !== c.node)
      assert.equal(Math.sign(compareClaims(a, b)), -Math.sign(compareClaims(b, a)))
      assert.notEqual(compareClaims(a, b), 0)
      if (compareClaims(a, b) > 0 && compareClaims(b, c) > 0) assert.ok(compareClaims(a, c) > 0)
    }),
  )
})

test("a new claim's epoch is above every one seen, and never behind the clock", () => {
  const clock = 1_800_000_000
  assert.equal(nextEpoch(undefined, clock, all), clock)
  assert.equal(nextEpoch(clock + 7, clock, all), clock + 8)
})

test("a clock that is not set, or runs decades ahead, is not read", () => {
  assert.equal(nextEpoch(41, 3600, all), 42)
  assert.equal(nextEpoch(41, 4_000_000_000, all), 42)
})

test("no epoch is made that others would call malformed", () => {
  assert.equal(nextEpoch(epochMax, 1_800_000_000, all), epochMax)
})

const all = { "epoch-above-seen": true, "clock-in-epoch": true }
const claim = (grant: number, epoch: number, node: number): Claim => ({ grant, epoch, node: node as NodeId })
const claims = fc
  .tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 5 }))
  .map(([grant, epoch, node]) => claim(grant, epoch, node))
