import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { parseTimestamp, printMicroTimestamp, printTimestamp } from "./timestamp.ts"

const seconds = fc.integer({ min: -30_000_000_000, max: 200_000_000_000 })

test("says the same time as the platform's calendar", () => {
  fc.assert(
    fc.property(seconds, (at) => {
      assert.equal(printTimestamp(at), new Date(at * 1000).toISOString().replace(".000", ""))
    }),
  )
})

test("reads back what it writes", () => {
  fc.assert(fc.property(seconds, (at) => assert.equal(parseTimestamp(printTimestamp(at)), at)))
})

test("reads offsets and fractions as other clients write them", () => {
  assert.equal(parseTimestamp("2026-11-21T19:18:00+01:00"), parseTimestamp("2026-11-21T18:18:00Z"))
  assert.equal(parseTimestamp("1970-01-01T00:00:01.500000Z"), 1.5)
})

test("writes six digits for a Lease, and carries a rounded second over", () => {
  assert.equal(printMicroTimestamp(1.25), "1970-01-01T00:00:01.250000Z")
  assert.equal(printMicroTimestamp(1.9999999), "1970-01-01T00:00:02.000000Z")
})

test("refuses what is no time", () => {
  for (const text of ["", "yesterday", "2026-13-01T00:00:00Z", "2026-11-21", "2026-11-21T25:00:00Z"])
    assert.equal(parseTimestamp(text), undefined, text)
})
