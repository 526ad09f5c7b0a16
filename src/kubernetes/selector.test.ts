import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import type { JsonObject } from "./http.ts"
import { matchesFields, matchesLabels, parseFieldSelector, parseLabelSelector } from "./selector.ts"

const MATCHED: readonly (readonly [string, boolean])[] = [
  ["", true],
  ["tier=web", true],
  ["tier==web", true],
  ["tier=db", false],
  ["tier!=db", true],
  ["room!=attic", true],
  ["tier", true],
  ["!tier", false],
  ["!room", true],
  ["tier in (web, db)", true],
  ["tier notin (web)", false],
  ["room notin (attic)", true],
  ["tier=web,app.kubernetes.io/name=lamp", true],
  ["tier in (web,db),!room", true],
  ["app.kubernetes.io/name in (x),tier=web", false],
  ["constructor", false],
  ["empty=", true],
]

for (const [selector, matches] of MATCHED)
  test(`${selector || "nothing said"} ${matches ? "matches" : "does not match"}`, () => {
    const parsed = parseLabelSelector(selector)
    assert.ok(parsed !== undefined)
    assert.equal(matchesLabels(parsed, lamp), matches)
  })

test("refuses what is no selector", () => {
  for (const selector of [
    "a b",
    "=web",
    "tier in web",
    "tier in (web",
    "tier,,room",
    "ti er=web",
    "tier=we b",
    "!",
    "a=b,",
  ])
    assert.equal(parseLabelSelector(selector), undefined, selector)
  assert.equal(parseFieldSelector("metadata.name"), undefined)
})

test("a field that is missing counts as empty", () => {
  const matches = (selector: string): boolean => matchesFields(parseFieldSelector(selector) ?? [], lamp)
  assert.equal(matches("metadata.name=porch"), true)
  assert.equal(matches("metadata.name!=porch"), false)
  assert.equal(matches("spec.nodeName="), true)
  assert.equal(matches("status.phase!=Running,spec.watts=5"), true)
})

test("never throws and never hangs on any text", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("a", ",", "(", ")", " ", "=", "!", "in", "/", "\\") }),
      (selector) => {
        parseLabelSelector(selector)
        parseFieldSelector(selector)
      },
    ),
  )
})

const lamp: JsonObject = {
  metadata: { name: "porch", labels: { tier: "web", "app.kubernetes.io/name": "lamp", empty: "" } },
  spec: { watts: 5 },
}
