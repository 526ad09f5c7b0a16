import assert from "node:assert/strict"
import { test } from "node:test"
import type { Json, JsonObject } from "./http.ts"
import { field, listAt, numberAt, textAt } from "./json.ts"
import type { Schema } from "./schema.ts"
import { applyDefaults, prune } from "./schema.ts"
import { validate } from "./schema-validate.ts"
import { createStoreFixture, definition } from "./store-fixture.ts"

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
const LAMPS = "/apis/attic.example/v1/namespaces/default/lamps"

test("drops unknown fields at every depth and names them", () => {
  const schema: Schema = {
    type: "object",
    properties: { rooms: { type: "array", items: { type: "object", properties: { name: { type: "string" } } } } },
  }
  const { value, unknown } = prune({ rooms: [{ name: "hall", color: "red" }], size: 3 }, schema)
  assert.deepEqual(value, { rooms: [{ name: "hall" }] })
  assert.deepEqual(unknown, ["rooms[0].color", "size"])
})

test("keeps unknown fields where the schema says so, and the values of a free map", () => {
  const open: Schema = { type: "object", "x-kubernetes-preserve-unknown-fields": true }
  const labels: Schema = { type: "object", additionalProperties: { type: "string" } }
  assert.deepEqual(prune({ a: { b: 1 } }, open), { value: { a: { b: 1 } }, unknown: [] })
  assert.deepEqual(prune({ constructor: "x" }, labels).unknown, [])
})

test("fills in defaults below defaults, and where a field is null that may not be", () => {
  const schema: Schema = {
    type: "object",
    properties: {
      box: {
        type: "object",
        default: {},
        properties: { on: { type: "boolean", default: true }, name: { type: "string" } },
      },
    },
  }
  assert.deepEqual(applyDefaults({}, schema), { box: { on: true } })
  assert.deepEqual(applyDefaults({ box: { on: null, name: null } }, schema), { box: { on: true } })
})

test("what needs no default is the same value", () => {
  const value = { box: { on: false } }
  assert.equal(
    applyDefaults(value, {
      type: "object",
      properties: { box: { type: "object", properties: { on: { type: "boolean", default: true } } } },
    }),
    value,
  )
})

const REFUSED: readonly (readonly [string, Schema, Json, string])[] = [
  [
    "a wrong type",
    { type: "boolean" },
    "yes",
    'v: Invalid value: "string": v in body must be of type boolean: "string"',
  ],
  [
    "a fraction for an integer",
    { type: "integer" },
    1.5,
    'v: Invalid value: "number": v in body must be of type integer: "number"',
  ],
  [
    "a value outside an enum",
    { type: "string", enum: ["a", "b"] },
    "c",
    'v: Unsupported value: "c": supported values: "a", "b"',
  ],
  [
    "too small a number",
    { type: "integer", minimum: 1 },
    0,
    "v: Invalid value: 0: v in body should be greater than or equal to 1",
  ],
  [
    "too large a number",
    { type: "integer", maximum: 100 },
    101,
    "v: Invalid value: 101: v in body should be less than or equal to 100",
  ],
  [
    "a text that does not match",
    { type: "string", pattern: "^a+$" },
    "b",
    "v: Invalid value: \"b\": v in body should match '^a+$'",
  ],
  ["too few items", { type: "array", minItems: 1 }, [], "v: Invalid value: 0: v in body should have at least 1 items"],
  ["too many items", { type: "array", maxItems: 1 }, [1, 2], "v: Too many: 2: must have at most 1 items"],
  [
    "an item twice in a set",
    { type: "array", "x-kubernetes-list-type": "set" },
    ["a", "a"],
    'v[1]: Duplicate value: "a"',
  ],
  ["a missing field", { type: "object", required: ["name"] }, {}, "v.name: Required value"],
  [
    "no day",
    { type: "string", format: "date-time" },
    "today",
    'v: Invalid value: "today": v in body must be of type date-time: "today"',
  ],
  [
    "a list where a number or text belongs",
    { "x-kubernetes-int-or-string": true },
    [],
    'v: Invalid value: "array": v in body must be of type integer,string: "array"',
  ],
  [
    "none of several",
    { anyOf: [{ type: "string" }, { type: "boolean" }] },
    1,
    "v: Invalid value: 1: v in body must validate at least one schema (anyOf)",
  ],
]

for (const [what, schema, value, why] of REFUSED)
  test(`refuses ${what}`, () => {
    const [cause] = validate(value, schema, "v")
    assert.equal(`${cause?.field}: ${cause?.message}`, why)
  })

test("items of a keyed list are told apart by their keys", () => {
  const schema: Schema = {
    type: "array",
    items: { type: "object" },
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["address"],
  }
  const twice = [
    { address: "a", x: 1 },
    { address: "a", x: 2 },
  ]
  assert.equal(validate(twice, schema, "v")[0]?.message, 'Duplicate value: {"address":"a"}')
})

test("a definition is served from the moment it is made, with true conditions", () => {
  const { must } = createStoreFixture()
  const crd = must("POST", CRDS, definition(SPEC))
  const conditions = listAt(crd, "status", "conditions").map((one) => `${textAt(one, "type")}=${textAt(one, "status")}`)
  assert.deepEqual(conditions, ["NamesAccepted=True", "Established=True"])
  const made = must("POST", LAMPS, lamp("porch", { watts: 5, colour: "red" }))
  assert.deepEqual(field(made, "spec"), { watts: 5, on: true })
})

test("an object that does not fit is refused with every cause", () => {
  const { ask, must } = createStoreFixture()
  must("POST", CRDS, definition(SPEC))
  const { status, body } = ask("POST", LAMPS, lamp("porch", { watts: "x", on: 1 }))
  assert.equal(status, 422)
  assert.match(
    textAt(body, "message") ?? "",
    /^Lamp\.attic\.example "porch" is invalid: \[spec\.watts: .*, spec\.on: .*\]$/,
  )
  assert.equal(listAt(body, "details", "causes").length, 2)
})

test("a write of the object leaves its status, a write of its status leaves the rest", () => {
  const { must, patch } = createStoreFixture()
  must("POST", CRDS, definition(SPEC))
  const made = must("POST", LAMPS, { ...lamp("porch", { watts: 5 }), status: { lit: true } })
  assert.equal(field(made, "status"), undefined)
  const lit = patch(`${LAMPS}/porch/status`, {
    status: { lit: true },
    spec: { watts: 9 },
    metadata: { labels: { a: "b" } },
  })
  assert.deepEqual([field(lit.body, "status"), field(lit.body, "spec", "watts")], [{ lit: true }, 5])
  assert.equal(field(lit.body, "metadata", "labels"), undefined)
  const brighter = patch(`${LAMPS}/porch`, { spec: { watts: 9 }, status: null })
  assert.deepEqual([field(brighter.body, "status"), field(brighter.body, "spec", "watts")], [{ lit: true }, 9])
})

test("the generation counts changes of what is wished, not of status or labels", () => {
  const { must, patch } = createStoreFixture()
  must("POST", CRDS, definition(SPEC))
  must("POST", LAMPS, lamp("porch", { watts: 5 }))
  const generation = (path: string, body: Json): number | undefined =>
    numberAt(patch(path, body).body, "metadata", "generation")
  assert.equal(generation(`${LAMPS}/porch/status`, { status: { lit: true } }), 1)
  assert.equal(generation(`${LAMPS}/porch`, { metadata: { labels: { a: "b" } } }), 1)
  assert.equal(generation(`${LAMPS}/porch`, { spec: { watts: 6 } }), 2)
})

test("a custom kind takes no strategic patch, and no PUT without a version", () => {
  const { ask, must, patch } = createStoreFixture()
  must("POST", CRDS, definition(SPEC))
  must("POST", LAMPS, lamp("porch", { watts: 5 }))
  const refused = patch(`${LAMPS}/porch`, { spec: {} }, "strategic")
  assert.equal(refused.status, 415)
  assert.match(textAt(refused.body, "message") ?? "", /application\/json-patch\+json, application\/merge-patch\+json$/)
  assert.equal(ask("PUT", `${LAMPS}/porch`, lamp("porch", { watts: 5 })).status, 422)
})

test("a field that may not change does not; rules it does not evaluate are said", () => {
  const { ask, must, patch } = createStoreFixture()
  const fixed = { type: "string", "x-kubernetes-validations": [{ rule: "self == oldSelf", message: "is fixed" }] }
  const ruled = { type: "integer", "x-kubernetes-validations": [{ rule: "self % 2 == 0" }] }
  const { warnings } = ask("POST", CRDS, definition({ type: "object", properties: { room: fixed, watts: ruled } }))
  assert.deepEqual(warnings, ['this server stores the CEL rule "self % 2 == 0" and does not evaluate it'])
  must("POST", LAMPS, lamp("porch", { room: "hall" }))
  const { body } = patch(`${LAMPS}/porch`, { spec: { room: "attic" } })
  assert.match(textAt(body, "message") ?? "", /spec\.room: Invalid value: "attic": is fixed$/)
})

test("a definition that nothing could be served from is refused, and says why", () => {
  const { ask } = createStoreFixture()
  const messages = [
    definition({ type: "lamp" }),
    definition({ type: "object", properties: { a: "b" } }),
    definition({ type: "string", pattern: "(" }),
    definition({ type: "object" }, { storage: false }),
    { ...definition({ type: "object" }), metadata: { name: "other" } },
  ].map((crd) => textAt(ask("POST", CRDS, crd).body, "message") ?? "")
  const [type, property, pattern, storage, name] = messages
  assert.match(type ?? "", /\.type: Unsupported value: "lamp"/)
  assert.match(property ?? "", /properties\[a\]: Invalid value: "b": must be a schema object/)
  assert.match(pattern ?? "", /pattern: .*must be a valid regular expression/)
  assert.match(storage ?? "", /exactly one version marked as storage version/)
  assert.match(name ?? "", /metadata\.name: /)
})

test("versions of one kind share their objects, and a deprecated one warns", () => {
  const { ask, must } = createStoreFixture()
  const crd = definition(SPEC) as { spec: { versions: JsonObject[] } } & JsonObject
  const older = {
    ...crd.spec.versions[0],
    name: "v1beta1",
    storage: false,
    deprecated: true,
    deprecationWarning: "use v1",
  }
  must("POST", CRDS, { ...crd, spec: { ...crd.spec, versions: [...crd.spec.versions, older] } })
  must("POST", LAMPS, lamp("porch", { watts: 5 }))
  const { body, warnings } = ask("GET", "/apis/attic.example/v1beta1/namespaces/default/lamps/porch")
  assert.deepEqual([textAt(body, "apiVersion"), warnings], ["attic.example/v1beta1", ["use v1"]])
})

const SPEC: JsonObject = {
  type: "object",
  required: ["watts"],
  properties: { watts: { type: "integer", minimum: 0 }, on: { type: "boolean", default: true } },
}

const lamp = (name: string, spec: JsonObject): JsonObject => ({
  apiVersion: "attic.example/v1",
  kind: "Lamp",
  metadata: { name },
  spec,
})
