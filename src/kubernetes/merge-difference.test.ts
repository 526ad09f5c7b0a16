import assert from "node:assert/strict"
import { test } from "node:test"
import { anything, assert as check, constantFrom, dictionary, property } from "fast-check"
import type { Json, JsonObject } from "./http.ts"
import { isObject, sameJson } from "./json.ts"
import { mergeDifference } from "./merge-difference.ts"

test("names what changed, removes with null, replaces lists whole, leaves the rest alone", () => {
  const before = { a: 1, list: [1, 2], inner: { keep: true, gone: "x" }, same: { deep: [{}] } }
  const wanted = { a: 1, list: [1], inner: { keep: true }, same: { deep: [{}] }, added: { b: 2 } }
  assert.deepEqual(mergeDifference(before, wanted), { list: [1], inner: { gone: null }, added: { b: 2 } })
})

test("says nothing where nothing differs", () => {
  assert.equal(mergeDifference({ a: [1], n: null }, { a: [1] }), undefined)
})

test("names that JavaScript knows are fields like any other", () => {
  const hostile = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as JsonObject
  const patch = mergeDifference({}, hostile)
  assert.equal(JSON.stringify(patch), '{"__proto__":{"x":1},"constructor":2}')
})

test("the patch makes the wanted object of the old one (RFC 7396)", () => {
  check(
    property(objects, objects, (before, wanted) => {
      const patch = mergeDifference(before, wanted)
      const after = patch === undefined ? before : apply(before, patch)
      assert.ok(sameJson(withoutNulls(after), withoutNulls(wanted)))
    }),
  )
})

const value = anything({ maxDepth: 3, key: constantFrom("a", "b", "c", "d"), withNullPrototype: false }).map(
  (raw) => JSON.parse(JSON.stringify(raw) ?? "null") as Json,
)
const objects = dictionary(constantFrom("a", "b", "c", "d"), value, { noNullPrototype: true })

/** MergePatch of RFC 7396, section 2, as it stands there. */
const apply = (target: Json | undefined, patch: Json): Json => {
  if (!isObject(patch)) return patch
  const result: Record<string, Json> = isObject(target) ? { ...target } : {}
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) delete result[name]
    else result[name] = apply(result[name], change)
  }
  return result
}

const withoutNulls = (json: Json): Json => {
  if (!isObject(json)) return json
  const kept = Object.entries(json).flatMap(([name, inner]) => (inner === null ? [] : [[name, withoutNulls(inner)]]))
  return Object.fromEntries(kept) as Json
}
