import assert from "node:assert/strict"
import { test } from "node:test"
import { CommandFailure } from "../failure.ts"
import { styleFor } from "../style.ts"
import { madeSurvey } from "./made-survey.ts"
import type { Withheld } from "./survey.ts"
import { warnOfWithheld, withheldLine } from "./withheld.ts"

const style = styleFor(process.stderr, "never", {})

test("what may not be listed is said with what stays unknown by that, and leaves the question open", () => {
  const forbidden = { kind: "L2Advertisement", why: "forbidden", says: "forbidden for dev" } as const
  assert.equal(
    withheldLine(forbidden, style),
    "! May not list l2advertisements.metallb.io (forbidden for dev). Answered without: announcers are unknown.",
  )
  assert.equal(isOpen(forbidden), true)
  assert.equal(isOpen({ ...forbidden, why: "failed" }), true)
})

test("kinds that are not installed are said, and are no open question: there are none", () => {
  const absent = { kind: "Speaker", why: "absent", says: "not found" } as const
  assert.match(
    withheldLine(absent, style),
    /no speakers\.porchlight\.dev\. Porchlight is not installed there: nobody says/,
  )
  assert.equal(isOpen(absent), false)
  assert.equal(isOpen(), false)
})

test("without Services there is no answer at all", () => {
  assert.throws(
    () => isOpen({ kind: "Service", why: "forbidden", says: "forbidden for dev" }),
    (error: unknown) => error instanceof CommandFailure && error.exitCode === 3,
  )
})

const isOpen = (...withheld: readonly Withheld[]): boolean =>
  warnOfWithheld(madeSurvey([], { withheld }), () => undefined)
