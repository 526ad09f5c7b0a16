import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { backOffMs } from "./back-off.ts"

test("waits between half a step and a step, each step twice the last, never more than the most", () => {
  fc.assert(
    fc.property(fc.nat(2000), fc.integer({ min: 0, max: 0xffffffff }), (attempt, entropy) => {
      const waitMs = backOffMs({ firstMs: 100, mostMs: 30_000 }, attempt, entropy)
      const stepMs = Math.min(30_000, 100 * 2 ** attempt)
      assert.ok(waitMs >= stepMs / 2 && waitMs < stepMs, `${waitMs} of ${stepMs}`)
    }),
  )
})

test("those who failed together do not come back together", () => {
  const waits = new Set(
    [0, 0x40000000, 0x80000000, 0xc0000000, 0xffffffff].map((entropy) =>
      backOffMs({ firstMs: 1000, mostMs: 8000 }, 1, entropy),
    ),
  )
  assert.deepEqual([...waits].slice(0, 4), [1000, 1250, 1500, 1750])
  assert.equal(waits.size, 5)
})
