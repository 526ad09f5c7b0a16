/** The definitions of our own kinds, as `kubectl explain` shows them and the server holds objects against them. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { parse } from "yaml"
import { startTestApiServer, type TestApiServer } from "../../../tools/test-api-server.ts"
import { networkSpecShape } from "../../cluster/facts.ts"
import type { Shape } from "../../cluster/read/shape.ts"
import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { field, isObject, listAt, objectAt } from "../../kubernetes/json.ts"
import { speakerStatus } from "../../speaker/watcher/speaker-object.ts"
import { createStoryClient, type StoryClient } from "./stories/story-client.ts"

const root = join(import.meta.dirname, "../../..")
const networks = "/apis/porchlight.dev/v1alpha1/networks"
let server: TestApiServer
let client: StoryClient

before(async () => {
  server = await startTestApiServer()
  client = createStoryClient(server.target)
})

after(async () => {
  client.close()
  await server.stop()
})

test("a Network has the fields that are read from it, of the same types", () => {
  assert.deepEqual(outline(schemaOf("networks", "spec")), outlineOf(networkSpecShape))
})

test("a Speaker has the fields that its node's speaker writes", () => {
  const status = speakerStatus(
    { segments: [], links: [], holds: [], contested: [], findings: [], moves: [] },
    [],
    true,
    "1.0.0",
  )
  const known = Object.keys(objectAt(schemaOf("speakers", "status"), "properties"))
  assert.deepEqual(known.toSorted(), Object.keys(status).toSorted())
})

test("whatever later versions write into a Network or a Speaker is kept", () => {
  for (const [kind, part] of [
    ["networks", "spec"],
    ["speakers", "status"],
  ] as const)
    assert.deepEqual(closedIn(schemaOf(kind, part), part), [])
})

test("a Network whose nodes are a number is refused, by the name of the field", async () => {
  const { status, body } = await client.ask({ method: "POST", path: networks, body: network("odd", { nodes: 1 }) })
  assert.equal(status, 422)
  assert.match(JSON.stringify(body), /spec\.nodes in body must be of type array/)
})

for (const place of ["scenarios/first-light", "scenarios/media-stack", "bench/lan"])
  test(`takes the Network of ${place} as it is`, async () => {
    const { spec } = parse(readFileSync(join(root, place, "network.yaml"), "utf8")) as { readonly spec: JsonObject }
    const written = network(place.replace("/", "-"), { ...spec, later: { than: "this version" } })
    const { status, body } = await client.ask({ method: "POST", path: networks, body: written })
    assert.equal(status, 201, JSON.stringify(body))
    assert.deepEqual(field(body, "spec"), written["spec"])
  })

const schemaOf = (plural: string, part: string): JsonObject => {
  const definition = parse(readFileSync(join(root, `deploy/crds/porchlight.dev_${plural}.yaml`), "utf8")) as Json
  const [version] = listAt(definition, "spec", "versions")
  return objectAt(version, "schema", "openAPIV3Schema", "properties", part)
}

/** A schema or a shape with nothing left of it but names and types. */
type Outline = string | readonly [Outline] | { readonly [name: string]: Outline }

const outline = (schema: JsonObject): Outline => {
  if (schema["type"] === "array") return [outline(objectAt(schema, "items"))]
  if (isObject(schema["additionalProperties"])) return { "*": outline(schema["additionalProperties"]) }
  if (schema["type"] === "object")
    return Object.fromEntries(
      Object.entries(objectAt(schema, "properties")).map(([name, inner]) => [name, outline(inner as JsonObject)]),
    )
  return schema["type"] as string
}

const outlineOf = (shape: Shape): Outline => {
  switch (shape.kind) {
    case "list":
      return [outlineOf(shape.item)]
    case "map":
      return { "*": outlineOf(shape.item) }
    case "object":
      return Object.fromEntries(Object.entries(shape.fields).map(([name, inner]) => [name, outlineOf(inner)]))
    case "choice":
      return "string"
    case "leaf":
      return shape.is === "number" ? "integer" : shape.is === "flag" ? "boolean" : "string"
  }
}

/** Paths of objects in a schema that would lose the fields they do not know. */
const closedIn = (schema: JsonObject, path: string): readonly string[] => [
  ...(schema["type"] === "object" &&
  schema["additionalProperties"] === undefined &&
  schema["x-kubernetes-preserve-unknown-fields"] !== true
    ? [path]
    : []),
  ...Object.entries(objectAt(schema, "properties")).flatMap(([name, inner]) =>
    closedIn(inner as JsonObject, `${path}.${name}`),
  ),
  ...["items", "additionalProperties"].flatMap((name) =>
    isObject(schema[name]) ? closedIn(objectAt(schema, name), `${path}.*`) : [],
  ),
]

const network = (name: string, spec: JsonObject): JsonObject => ({
  apiVersion: "porchlight.dev/v1alpha1",
  kind: "Network",
  metadata: { name },
  spec,
})
