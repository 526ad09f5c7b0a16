import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import type { Json } from "./http.ts"
import { jsonPatch, OPERATIONS_MAX } from "./patch-json.ts"

const lamp = { name: "porch", rooms: ["hall", "attic"], "a/b": { "m~n": 1 } }

const APPLIED: readonly (readonly [string, Json, Json])[] = [
  ["adds a field", [{ op: "add", path: "/watts", value: 5 }], { ...lamp, watts: 5 }],
  [
    "adds in the middle of a list",
    [{ op: "add", path: "/rooms/1", value: "bath" }],
    { ...lamp, rooms: ["hall", "bath", "attic"] },
  ],
  [
    "adds at the end of a list",
    [{ op: "add", path: "/rooms/-", value: "bath" }],
    { ...lamp, rooms: ["hall", "attic", "bath"] },
  ],
  ["removes from a list", [{ op: "remove", path: "/rooms/0" }], { ...lamp, rooms: ["attic"] }],
  ["replaces", [{ op: "replace", path: "/name", value: "stairs" }], { ...lamp, name: "stairs" }],
  [
    "reads ~1 as a slash and ~0 as a tilde",
    [{ op: "replace", path: "/a~1b/m~0n", value: 2 }],
    { ...lamp, "a/b": { "m~n": 2 } },
  ],
  ["moves", [{ op: "move", from: "/rooms/0", path: "/name" }], { ...lamp, name: "hall", rooms: ["attic"] }],
  ["copies", [{ op: "copy", from: "/name", path: "/rooms/0" }], { ...lamp, rooms: ["porch", "hall", "attic"] }],
  [
    "goes on after a test that holds",
    [
      { op: "test", path: "/rooms", value: ["hall", "attic"] },
      { op: "remove", path: "/a~1b" },
    ],
    { name: "porch", rooms: ["hall", "attic"] },
  ],
  ["replaces the whole", [{ op: "replace", path: "", value: 1 }], 1],
]

for (const [what, patch, result] of APPLIED)
  test(what, () => assert.deepEqual(jsonPatch(lamp, patch), { kind: "patched", value: result }))

const REFUSED: readonly (readonly [string, Json, "malformed" | "unfit"])[] = [
  ["a test that fails", [{ op: "test", path: "/name", value: "x" }], "unfit"],
  ["removing what is not there", [{ op: "remove", path: "/nothing" }], "unfit"],
  ["replacing what is not there", [{ op: "replace", path: "/nothing", value: 1 }], "unfit"],
  ["a place past the end of a list", [{ op: "add", path: "/rooms/3", value: 1 }], "unfit"],
  ["a list index with a leading zero", [{ op: "remove", path: "/rooms/00" }], "unfit"],
  ["going below a text", [{ op: "add", path: "/name/x", value: 1 }], "unfit"],
  ["moving a value into itself", [{ op: "move", from: "/a~1b", path: "/a~1b/x" }], "unfit"],
  ["a path without a slash", [{ op: "remove", path: "name" }], "malformed"],
  ["an operation without a value", [{ op: "add", path: "/x" }], "malformed"],
  ["what is no list", { op: "remove", path: "/name" }, "malformed"],
  [
    "too many operations",
    Array.from({ length: OPERATIONS_MAX + 1 }, () => ({ op: "test", path: "/name", value: "porch" })),
    "malformed",
  ],
]

for (const [what, patch, kind] of REFUSED)
  test(`refuses ${what}`, () => assert.equal(jsonPatch(lamp, patch).kind, kind))

test("names the whole path to where there is nothing", () => {
  const nothingAt = (path: string, said: string): void =>
    assert.deepEqual(jsonPatch(lamp, [{ op: "replace", path, value: 1 }]), {
      kind: "unfit",
      message: `there is nothing at ${said}`,
    })
  nothingAt("/a~1b/nope/0", "/a~1b/nope")
  nothingAt("/a~1b/nope", "/a~1b/nope")
  nothingAt("/rooms/7", "/rooms/7")
  nothingAt("/nope/0/x", "/nope")
})

test("copies of copies end before they fill the memory", () => {
  const doubling = Array.from({ length: 40 }, (_, at) => ({ op: "copy", from: "", path: `/copy-${at}` }))
  assert.equal(jsonPatch(lamp, doubling).kind, "unfit")
})

test("applies all operations or none, and leaves what it was given alone", () => {
  const before = structuredClone(lamp)
  jsonPatch(lamp, [
    { op: "add", path: "/rooms/-", value: "bath" },
    { op: "remove", path: "/nothing" },
  ])
  assert.deepEqual(lamp, before)
})

test("never throws on any patch", () => {
  const path = fc.constantFrom("", "/", "/name", "/rooms/0", "/rooms/-", "/__proto__/x", "/constructor", "~")
  const op = fc.constantFrom("add", "remove", "replace", "move", "copy", "test", "", "toString")
  const operation = fc.record({ op, path, from: path, value: fc.jsonValue() }, { requiredKeys: [] })
  fc.assert(
    fc.property(fc.array(operation), fc.jsonValue(), (patch, target) => {
      assert.ok(["patched", "malformed", "unfit"].includes(jsonPatch(target as Json, patch as Json).kind))
    }),
  )
})

test("a field named __proto__ is a field", () => {
  const patched = jsonPatch({}, [{ op: "add", path: "/__proto__", value: { evil: true } }])
  assert.equal(patched.kind === "patched" && Object.hasOwn(patched.value as object, "__proto__"), true)
  assert.equal(({} as { evil?: boolean }).evil, undefined)
})
