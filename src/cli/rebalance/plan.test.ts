import assert from "node:assert/strict"
import { test } from "node:test"
import type { JsonObject } from "../../kubernetes/http.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { styleFor } from "../style.ts"
import { madeAt, madeSurvey, scenarioObjects, speaker, withFieldOf } from "../survey/made-survey.ts"
import { planLines } from "./plan-lines.ts"
import { type RebalancePlan, rebalancePlan } from "./plan.ts"

// The order of 192.168.40.200 is attic-3, attic-2, attic-1: first-light/decisions.txt.
const address = "192.168.40.200"
const objects = withFieldOf(scenarioObjects("first-light"), "Service", "whoami", ["status"], {
  loadBalancer: { ingress: [{ ip: address }] },
})

test("an address that came to another node goes back to the first of its order, and the plan says how it came there", () => {
  const move = {
    at: printTimestamp(madeAt - 60),
    address,
    from: "attic-3",
    to: "attic-2",
    reason: "holder-silent",
    silentMs: 478,
  }
  const plan = planOf([
    speaker("attic-1", []),
    speaker("attic-2", [{ address }], { moves: [move] }),
    speaker("attic-3", []),
  ])
  assert.deepEqual(
    plan.moves.map(({ from, to, services, ask }) => [from, to, services, ask]),
    [["attic-2", "attic-3", ["demo/whoami"], { service: "demo/whoami", value: "attic-3" }]],
  )
  assert.match(plan.moves[0]!.says, /^attic-3 is first in order; attic-2 took it over .* for 478 ms$/)
  const text = planLines(plan, plain)
  assert.match(text[0]!, /0 of 1 with the first of its order, 1 would move, 0 cannot now/)
  assert.ok(text.some((line) => line.startsWith("Established TCP connections")))
})

test("an address that is with the first of its order stays, and so does one that nobody holds", () => {
  const held = planOf([speaker("attic-2", []), speaker("attic-3", [{ address }])])
  assert.deepEqual([held.held, held.moves, held.stays], [1, [], []])
  assert.match(planLines(held, plain)[0]!, /nothing would move$/)
  assert.match(planLines(planOf([]), plain)[0]!, /there is nothing to move$/)
})

test("where the first cannot have it the next that can does; where nobody before the holder can, it says why", () => {
  const away = speaker("attic-3", [], { dataPlaneReady: false })
  const next = planOf([speaker("attic-1", [{ address }]), speaker("attic-2", []), away])
  assert.deepEqual(
    next.moves.map(({ to, says }) => [to, says]),
    [["attic-2", "attic-2 is the first that can in order; attic-1 came before it, and nothing falls back by itself"]],
  )
  const none = planOf([speaker("attic-1", []), speaker("attic-2", [{ address }]), away])
  assert.deepEqual([none.moves, none.stays.length], [[], 1])
  assert.match(
    planLines(none, plain).at(-1)!,
    /stays on attic-2: attic-3 is before it .* its service proxy is not ready$/,
  )
})

test("a wish that the Service carries already is told anew, by the moment behind the node's name", () => {
  const wished = withFieldOf(objects, "Service", "whoami", ["metadata", "annotations"], {
    "porchlight.dev/move-to": "attic-3 2026-11-01T00:00:00Z",
  })
  const plan = planOf([speaker("attic-2", [{ address }]), speaker("attic-3", [])], wished)
  assert.equal(plan.moves[0]?.ask.value, `attic-3 ${printTimestamp(madeAt)}`)
})

const plain = styleFor(process.stdout, "never", {})

const planOf = (speakers: readonly JsonObject[], others: readonly JsonObject[] = objects): RebalancePlan =>
  rebalancePlan(madeSurvey([...others, ...speakers]), madeAt)
