import assert from "node:assert/strict"
import { test } from "node:test"
import type { Instant } from "../time/instant.ts"
import { createRepetitions } from "./repetition.ts"

test("what was written three times within ten seconds is too often; something else, elsewhere or later is not", () => {
  const repetitions = createRepetitions<string, readonly string[]>()
  for (const at of [0, 1, 2]) {
    assert.equal(repetitions.isTooOften("ledger", ["a"], at as Instant), false)
    repetitions.wrote("ledger", ["a"], at as Instant)
  }
  assert.equal(repetitions.isTooOften("ledger", ["a"], 9999 as Instant), true)
  assert.equal(repetitions.isTooOften("ledger", ["b"], 9999 as Instant), false)
  assert.equal(repetitions.isTooOften("other", ["a"], 9999 as Instant), false)
  assert.equal(repetitions.isTooOften("ledger", ["a"], 10_000 as Instant), false)
})

test("who writes now this and now that is not stopped, and what is forgotten counts no more", () => {
  const repetitions = createRepetitions<string, string>()
  for (let at = 0; at < 10; at++) repetitions.wrote("status", at % 2 === 0 ? "a" : "b", at as Instant)
  assert.equal(repetitions.isTooOften("status", "b", 10 as Instant), false)
  for (let at = 10; at < 20; at++) repetitions.wrote("status", "c", at as Instant)
  assert.equal(repetitions.isTooOften("status", "c", 20 as Instant), true)
  repetitions.forget("status")
  assert.equal(repetitions.isTooOften("status", "c", 20 as Instant), false)
})
