import assert from "node:assert/strict"
import { test } from "node:test"
import { type ActiveFault, everybody } from "./fault.ts"
import { meantBy, mended, readOrder } from "./fault-order.ts"

const active: readonly ActiveFault[] = [
  { machine: everybody, fault: { kind: "api" } },
  { machine: "w1", fault: { kind: "api" } },
  { machine: "w1", fault: { kind: "freeze", forMs: 10_000 } },
  { machine: "w2", fault: { kind: "oneway", to: "w1" } },
]

test("what is mended for everybody stays broken at the one machine where it was broken alone", () => {
  assert.deepEqual(meantBy(undefined, "api", active), [active[0]])
  assert.deepEqual(meantBy("w1", "api", active), [active[1]])
})

test("a machine alone means all that is broken at it, and nothing said means all there is", () => {
  assert.deepEqual(meantBy("w1", undefined, active), [active[1], active[2]])
  assert.deepEqual(meantBy(undefined, undefined, active), active)
})

test("a fault that mends itself is mended by its plain word, and one way by both its ends", () => {
  assert.deepEqual(meantBy("w1", "freeze", active), [active[2]])
  assert.deepEqual(meantBy(undefined, "oneway=w2>w1", active), [active[3]])
})

test("words that mean nothing are refused, and so is mending what is whole", () => {
  assert.match(said(readOrder("w1", "sparks")), /^sparks is no fault; there are: power, /)
  assert.match(said(meantBy("w3", "oneway=w2>w1", active)), /^oneway=w2>w1 breaks what w2 sends, not w3/)
  assert.deepEqual(mended([]), { kind: "refused", says: "nothing of that is broken" })
})

const said = (answer: unknown): string => (typeof answer === "string" ? answer : assert.fail("it was understood"))
