import assert from "node:assert/strict"
import { test } from "node:test"
import { after, earliest, type Instant } from "./instant.ts"

test("the earliest of what there is; nothing of nothing", () => {
  const now = 0 as Instant
  assert.equal(earliest(after(now, 30), undefined, after(now, 10), after(now, 20)), 10)
  assert.equal(earliest(undefined, undefined), undefined)
  assert.equal(earliest(), undefined)
  assert.equal(earliest(after(now, -5), now), -5)
})
