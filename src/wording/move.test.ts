import assert from "node:assert/strict"
import { test } from "node:test"
import { durationText, moveSentence } from "./move.ts"

test("a takeover names who was silent and for how long, and a move on purpose says that it was one", () => {
  assert.equal(
    moveSentence({ from: "w2", to: "w3", reason: "holder-silent", silentMs: 478 }),
    "w3 took it over from w2, which had fallen silent for 478 ms",
  )
  assert.match(moveSentence({ from: "w2", to: "w3", reason: "offered" }), /on purpose$/)
})

test("a move on purpose says whose purpose it was, where the giver told", () => {
  assert.equal(
    moveSentence({ from: "w2", to: "w3", reason: "offered", offeredBecause: "leaving" }),
    "w3 took it over from w2, which offered it on purpose: w2 was being drained, shut down or removed",
  )
  assert.match(moveSentence({ from: "w2", to: "w3", reason: "offered", offeredBecause: "toString" }), /on purpose$/)
})

test("a code that this version does not know is shown as it is", () => {
  assert.equal(moveSentence({ from: undefined, to: "w3", reason: "constructor" }), "constructor")
})

test("durations are said as short as they mean something", () => {
  assert.deepEqual([4.6, 999.4, 4500, 31_200, 720_000].map(durationText), ["5 ms", "999 ms", "4.5 s", "31 s", "12 min"])
})
