import assert from "node:assert/strict"
import { test } from "node:test"
import type { Address } from "../net/address.ts"
import type { Instant } from "../time/instant.ts"
import { newEntry } from "./entry.ts"
import { notePlannedMove, paceOverAt } from "./pace.ts"

test("after a planned move the next one for readiness waits 5 s, doubling up to 5 minutes", () => {
  const entry = newEntry(1 as Address)
  const waits: number[] = []
  for (let i = 0, now = 0; i < 9; i++) {
    notePlannedMove(entry, now as Instant)
    const over = paceOverAt(entry, now as Instant)
    waits.push((over - now) / 1000)
    now = over
  }
  assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300])
})

test("an address that did not move for ten minutes moves at once", () => {
  const entry = newEntry(1 as Address)
  assert.equal(paceOverAt(entry, 7 as Instant), 7)
  for (let i = 0; i < 5; i++) notePlannedMove(entry, 0 as Instant)
  assert.equal(paceOverAt(entry, 600_001 as Instant), 600_001)
  notePlannedMove(entry, 600_001 as Instant)
  assert.equal(paceOverAt(entry, 600_001 as Instant), 605_001)
})
