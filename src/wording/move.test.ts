import assert from "node:assert/strict"
import { test } from "node:test"
import { moveSentence } from "./move.ts"

test("a takeover names who was silent, and a move on purpose says that it was one", () => {
  assert.equal(
    moveSentence({ from: "w2", to: "w3", reason: "holder-silent" }),
    "w3 took it over from w2, which had fallen silent",
  )
  assert.match(moveSentence({ from: "w2", to: "w3", reason: "offered" }), /on purpose$/)
})

test("a code that this version does not know is shown as it is", () => {
  assert.equal(moveSentence({ from: undefined, to: "w3", reason: "constructor" }), "constructor")
})
