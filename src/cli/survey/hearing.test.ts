import assert from "node:assert/strict"
import { test } from "node:test"
import { hearingOf } from "./hearing.ts"
import { speaker } from "./made-survey.ts"
import { readSpeakerView } from "./speaker-view.ts"

test("a node without power is unheard, though its last report says that it hears everybody", () => {
  assert.deepEqual(judge({ w1: "w3", w2: "w1 w3", w3: "w1" }).unheard, ["w2"])
})

test("two nodes that died together do not vouch for each other", () => {
  assert.deepEqual(judge({ w1: "w4 w5", w2: "w1 w3", w3: "w1 w2", w4: "w1 w5", w5: "w1 w4" }).unheard, ["w2", "w3"])
})

test("of two speakers the one that the other no longer hears is unheard", () => {
  assert.deepEqual(judge({ w1: "", w2: "w1" }).unheard, ["w2"])
})

test("a deaf speaker that others hear is there; one alone is not judged", () => {
  assert.deepEqual(judge({ w1: "w2 w3", w2: "w1 w3", w3: "" }).unheard, [])
  assert.deepEqual(judge({ w1: "" }).unheard, [])
})

test("nobody hears anybody: all are unheard; halves that hear only themselves are a split", () => {
  assert.deepEqual(judge({ w1: "", w2: "", w3: "" }).unheard, ["w1", "w2", "w3"])
  assert.deepEqual(judge({ w1: "w2", w2: "w1", w3: "w4", w4: "w3" }), {
    unheard: [],
    split: [
      ["w1", "w2"],
      ["w3", "w4"],
    ],
  })
})

test("a speaker whose beats alone are filtered is there: it answers questions", () => {
  const finding = { code: "beats-blocked", message: "filtered", facts: { node: "w2" } }
  const views = [view("w1", "", { findings: [finding] }), view("w2", "w1")]
  assert.deepEqual([...hearingOf(views).unheard], [])
})

const judge = (hears: Readonly<Record<string, string>>): { unheard: readonly string[]; split: unknown } => {
  const { unheard, split } = hearingOf(Object.entries(hears).map(([node, names]) => view(node, names)))
  return { unheard: [...unheard], split }
}

const view = (node: string, hears: string, more: object = {}): NonNullable<ReturnType<typeof readSpeakerView>> =>
  readSpeakerView(speaker(node, [], { segments: [{ segment: "a", hears: hears.split(" ") }], ...more }))!
