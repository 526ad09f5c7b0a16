import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import type { JsonObject } from "./http.ts"
import { parseLabelSelector } from "./label-selector.ts"
import { matchesFields, matchesLabels, parseFieldSelector } from "./selector.ts"

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
  ["empty in ()", true],
  ["tier in (web,)", true],
  ["tier in (,)", false],
  ["in in (notin)", false],
  [" tier = web , !room ", true],
  ["watts>4", true],
  ["watts>5", false],
  ["watts<6", true],
  ["tier>4", false],
  ["room<4", false],
]

for (const [selector, matches] of MATCHED)
  test(`${selector || "nothing said"} ${matches ? "matches" : "does not match"}`, () => {
    const parsed = parseLabelSelector(selector)
    assert.ok(parsed.kind === "selector", selector)
    assert.equal(matchesLabels(parsed.requirements, lamp), matches)
  })

/** As kube-apiserver 1.35.4 says it. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["((((", "found '(', expected: !, identifier, or 'end of string'"],
  ["(tier)", "found '(', expected: !, identifier, or 'end of string'"],
  ["=web", "found '=', expected: !, identifier, or 'end of string'"],
  [",tier", "found ',', expected: !, identifier, or 'end of string'"],
  ["app=web(", "found '(', expected: ',' or 'end of string'"],
  ["app=web)", "found ')', expected: ',' or 'end of string'"],
  ["tier=we b", "found 'b', expected: ',' or 'end of string'"],
  ["tier in (a))", "found ')', expected: ',' or 'end of string'"],
  ["!tier=web", "found '=', expected: ',' or 'end of string'"],
  ["tier,,room", "found ',', expected: identifier after ','"],
  ["a=b,", "found '', expected: identifier after ','"],
  ["!", "unable to parse requirement: found '', expected: identifier"],
  ["tier=(b)", "unable to parse requirement: found '(', expected: identifier"],
  ["tier===web", "unable to parse requirement: found '=', expected: identifier"],
  ["a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
  ["tier in web", "unable to parse requirement: found 'web' expected: '('"],
  ["tier in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"],
  ["tier in (web", "unable to parse requirement: found '', expected: ',' or ')'"],
  [
    "tier>high",
    `unable to parse requirement: values[0]: Invalid value: "high": for 'Gt', 'Lt' operators, the value must be an integer`,
  ],
  ["/tier", 'unable to parse requirement: <nil>: Invalid value: "/tier": prefix part must be non-empty'],
  [
    `tier=${"w".repeat(64)}`,
    `unable to parse requirement: values[0][tier]: Invalid value: "${"w".repeat(64)}": must be no more than 63 bytes`,
  ],
]

for (const [selector, message] of REFUSED)
  test(`refuses ${selector}`, () => assert.deepEqual(parseLabelSelector(selector), { kind: "malformed", message }))

const REFUSED_FIELDS: readonly (readonly [string, string])[] = [
  ["metadata.name", "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
  ["((((", "invalid selector: '(((('; can't understand '(((('"],
  [" ", "invalid selector: ' '; can't understand ' '"],
  ["a=b,metadata.name!c", "invalid selector: 'a=b,metadata.name!c'; can't understand 'metadata.name!c'"],
  ["metadata.name=a=b", "invalid field selector: unescaped character in value: 61"],
  ["metadata.name=a\\x", "invalid field selector: invalid escape sequence: \\x"],
  ["metadata.name=a\\", "invalid field selector: invalid escape sequence: \\"],
]

for (const [selector, message] of REFUSED_FIELDS)
  test(`refuses the fields ${selector}`, () =>
    assert.deepEqual(parseFieldSelector(selector), { kind: "malformed", message }))

test("a field that is missing counts as empty", () => {
  const matches = (selector: string): boolean => {
    const parsed = parseFieldSelector(selector)
    return parsed.kind === "selector" && matchesFields(parsed.requirements, lamp)
  }
  assert.equal(matches("metadata.name=porch"), true)
  assert.equal(matches("metadata.name!=porch"), false)
  assert.equal(matches("spec.nodeName="), true)
  assert.equal(matches("status.phase!=Running,spec.watts=5"), true)
  assert.equal(matches("metadata.name= porch"), false)
  assert.equal(matches("metadata.name!=a\\,b\\=c\\\\"), true)
})

/** Words and symbols in any order: mostly no selectors. */
const anyText = fc.string({
  unit: fc.constantFrom("a", "in", "notin", ",", "(", ")", " ", "=", "!", "<", ">", "/", "\\", "1"),
})

test("a text is a selector with a requirement for each of its parts, or none at all", () => {
  fc.assert(
    fc.property(anyText, (selector) => {
      const parsed = parseLabelSelector(selector)
      if (parsed.kind === "malformed") return
      const parts = selector.replace(/\([^()]*\)/g, "").split(",")
      assert.equal(parsed.requirements.length, selector.trim() === "" ? 0 : parts.length)
      assert.match(selector.replace(/\([^()]*\)/g, ""), /^[^()]*$/)
    }),
    { numRuns: 2000 },
  )
})

test("a text is a field selector with a requirement for each of its parts that are not empty, or none at all", () => {
  fc.assert(
    fc.property(anyText, (selector) => {
      const parsed = parseFieldSelector(selector)
      if (parsed.kind === "malformed") return
      const terms = selector.replace(/\\./gs, "a").split(",")
      assert.equal(parsed.requirements.length, terms.filter((term) => !["", "=", "==", "!="].includes(term)).length)
    }),
    { numRuns: 2000 },
  )
})

const lamp: JsonObject = {
  metadata: { name: "porch", labels: { tier: "web", watts: "5", "app.kubernetes.io/name": "lamp", empty: "" } },
  spec: { watts: 5 },
}
