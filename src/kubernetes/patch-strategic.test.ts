import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import type { Json } from "./http.ts"
import { isObject } from "./json.ts"
import { listBy, listOf, mapOf, object, setOf, text } from "./kinds-words.ts"
import { strategicPatch } from "./patch-strategic.ts"
import type { Schema } from "./schema.ts"

test("a list with a merge key is merged by it", () => {
  const before = {
    ports: [
      { name: "http", number: "80" },
      { name: "dns", number: "53" },
    ],
  }
  const patch = {
    ports: [
      { name: "dns", number: "54" },
      { name: "new", number: "1" },
    ],
  }
  assert.deepEqual(patched(before, patch), {
    ports: [
      { name: "http", number: "80" },
      { name: "dns", number: "54" },
      { name: "new", number: "1" },
    ],
  })
})

test("an item is taken out by its key", () => {
  const before = { ports: [{ name: "http" }, { name: "dns" }] }
  assert.deepEqual(patched(before, { ports: [{ name: "http", $patch: "delete" }] }), { ports: [{ name: "dns" }] })
})

test("a list is replaced whole where the patch says so", () => {
  const before = { ports: [{ name: "http" }, { name: "dns" }] }
  assert.deepEqual(patched(before, { ports: [{ $patch: "replace" }, { name: "only" }] }), { ports: [{ name: "only" }] })
})

test("items take the order the patch wishes, others stay behind those they followed", () => {
  const before = { ports: [{ name: "a" }, { name: "x" }, { name: "b" }] }
  const order = [{ name: "b" }, { name: "a" }]
  assert.deepEqual(namesIn(patched(before, { "$setElementOrder/ports": order })), ["x", "b", "a"])
  assert.deepEqual(
    namesIn(patched(before, { ports: [{ name: "c" }], "$setElementOrder/ports": [{ name: "c" }, ...order] })),
    ["c", "x", "b", "a"],
  )
})

test("plain values are added to a set, and taken out of it", () => {
  assert.deepEqual(patched({ keepers: ["a", "b"] }, { keepers: ["b", "c"] }), { keepers: ["a", "b", "c"] })
  assert.deepEqual(patched({ keepers: ["a", "b"] }, { "$deleteFromPrimitiveList/keepers": ["a"] }), { keepers: ["b"] })
  const both = { keepers: ["c"], "$deleteFromPrimitiveList/keepers": ["a"], "$setElementOrder/keepers": ["c", "b"] }
  assert.deepEqual(patched({ keepers: ["a", "b"] }, both), { keepers: ["c", "b"] })
})

test("a list without a merge key is replaced", () => {
  assert.deepEqual(patched({ args: ["a", "b"] }, { args: ["c"] }), { args: ["c"] })
})

test("only the fields that may stay, stay", () => {
  const before = { box: { kind: "file", path: "/x" } }
  const patch = { box: { $retainKeys: ["kind", "host"], kind: "host", host: "nas" } }
  assert.deepEqual(patched(before, patch), { box: { kind: "host", host: "nas" } })
})

test("an object is replaced or emptied where the patch says so", () => {
  assert.deepEqual(patched({ box: { kind: "a", path: "b" } }, { box: { $patch: "replace", kind: "c" } }), {
    box: { kind: "c" },
  })
  assert.deepEqual(patched({ box: { kind: "a" } }, { box: { $patch: "delete" } }), { box: {} })
})

test("null removes a field", () => {
  assert.deepEqual(patched({ labels: { a: "1", b: "2" } }, { labels: { a: null } }), { labels: { b: "2" } })
})

test("data whose keys begin with a dollar are data", () => {
  assert.deepEqual(patched({ labels: {} }, { labels: { $HOME: "/root" } }), { labels: { $HOME: "/root" } })
})

test("an item that does not name its key is refused, and so is an unknown directive", () => {
  assert.equal(strategicPatch({}, { ports: [{ number: "1" }] }, schema).kind, "malformed")
  assert.equal(strategicPatch({}, { box: { $patch: "burn" } }, schema).kind, "malformed")
})

test("no directive is ever stored, and nothing throws", () => {
  const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom("a", "b", null, 1),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(names, tie("tree"), { maxKeys: 4 }),
    ),
  }))
  fc.assert(
    fc.property(fc.dictionary(names, tree), fc.dictionary(names, tree), (target, patch) => {
      const before = withoutDollars(target as Json)
      const result = strategicPatch(before, patch as Json, schema)
      if (result.kind === "patched")
        assert.ok(!/"\$(patch|retainKeys|setElementOrder|deleteFrom)/.test(JSON.stringify(result.value)))
    }),
    { numRuns: 2000 },
  )
})

const names = fc.constantFrom(
  "ports",
  "keepers",
  "args",
  "box",
  "labels",
  "name",
  "$patch",
  "$retainKeys",
  "$setElementOrder/ports",
  "$deleteFromPrimitiveList/keepers",
  "__proto__",
)

const withoutDollars = (value: Json): Json => JSON.parse(JSON.stringify(value).replaceAll("$", "_")) as Json

const schema: Schema = object({
  ports: listBy("name", object({ name: text, number: text })),
  keepers: setOf(text),
  args: listOf(text),
  box: object({ kind: text, path: text, host: text }),
  labels: mapOf(text),
})

const patched = (before: Json, patch: Json): Json => {
  const result = strategicPatch(before, patch, schema)
  assert.equal(result.kind, "patched")
  return result.kind === "patched" ? result.value : null
}

const namesIn = (value: Json): readonly Json[] => {
  const ports = isObject(value) ? (value["ports"] as readonly { readonly name: Json }[]) : []
  return ports.map(({ name }) => name)
}
