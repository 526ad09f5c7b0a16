import assert from "node:assert/strict"
import { test } from "node:test"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { hearingOf } from "./hearing.ts"
import { madeAt, speaker } from "./made-survey.ts"
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
  assert.deepEqual([...hearingOf(views, madeAt).unheard], [])
})

test("who has just taken over from a silent node knows more than those who last wrote that they hear it", () => {
  const took = { address: "192.168.40.200", from: "w2", to: "w3", reason: "holder-silent" }
  const unheardAfter = (seconds: number, hears: string): readonly string[] => {
    const moves = [{ ...took, at: printTimestamp(madeAt - seconds) }]
    const views = [view("w1", "w2 w3"), view("w2", "w1 w3"), view("w3", hears, { moves })]
    return [...hearingOf(views, madeAt).unheard]
  }
  assert.deepEqual(unheardAfter(3, "w1"), ["w2"])
  assert.deepEqual(unheardAfter(3, "w1 w2"), [])
  assert.deepEqual(unheardAfter(60, "w1"), [])
})

test("a node that is back and wrote that it lost the address is there again", () => {
  const moved = { address: "192.168.40.200", from: "w2", to: "w3", at: printTimestamp(madeAt - 3) }
  const views = [
    view("w1", "w2 w3"),
    view("w2", "w1 w3", { moves: [{ ...moved, reason: "better-claim" }] }),
    view("w3", "w1", { moves: [{ ...moved, reason: "holder-silent" }] }),
  ]
  assert.deepEqual([...hearingOf(views, madeAt).unheard], [])
})

const judge = (hears: Readonly<Record<string, string>>): { unheard: readonly string[]; split: unknown } => {
  const { unheard, split } = hearingOf(
    Object.entries(hears).map(([node, names]) => view(node, names)),
    madeAt,
  )
  return { unheard: [...unheard], split }
}

const view = (node: string, hears: string, more: object = {}): NonNullable<ReturnType<typeof readSpeakerView>> =>
  readSpeakerView(speaker(node, [], { segments: [{ segment: "a", hears: hears.split(" ") }], ...more }))!
