import assert from "node:assert/strict"
import { test } from "node:test"
import type { Json, JsonObject } from "./http.ts"
import { listAt, numberAt, textAt } from "./json.ts"
import { createStoreFixture, definition } from "./store-fixture.ts"
import { printAge } from "./table-age.ts"
import { readJsonPath } from "./table-json-path.ts"

const ACCEPT = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
const SERVICES = "/api/v1/namespaces/default/services"

test("a Service's table is the one people know", () => {
  const { must, pass, patch } = createStoreFixture()
  const ports = [{ port: 80, nodePort: 30_001 }]
  must("POST", SERVICES, {
    metadata: { name: "web" },
    spec: { type: "LoadBalancer", ports, selector: { b: "2", a: "1" } },
  })
  const row = (): readonly Json[] => cells(must("GET", SERVICES, undefined, { accept: ACCEPT }))
  assert.deepEqual(row(), ["web", "LoadBalancer", "10.96.1.1", "<pending>", "80:30001/TCP", "0s", "a=1,b=2"])
  const ingress = [{ ip: "192.168.40.201" }, { ip: "192.168.40.200" }]
  patch(`${SERVICES}/web/status`, { status: { loadBalancer: { ingress } } })
  pass(90_000)
  assert.deepEqual(row().slice(3, 6), ["192.168.40.200,192.168.40.201", "80:30001/TCP", "90s"])
})

test("columns beyond the first screen have a priority", () => {
  const { must } = createStoreFixture()
  const table = must("GET", SERVICES, undefined, { accept: ACCEPT })
  const wide = listAt(table, "columnDefinitions").filter((column) => numberAt(column, "priority") === 1)
  assert.deepEqual(
    wide.map((column) => textAt(column, "name")),
    ["Selector"],
  )
})

test("a node that is not ready, one that takes no pods, and their roles", () => {
  const { must } = createStoreFixture()
  const node = (name: string, ready: string, spec: JsonObject): JsonObject => ({
    metadata: { name, labels: { "node-role.kubernetes.io/worker": "", "kubernetes.io/role": "edge" } },
    spec,
    status: {
      conditions: [{ type: "Ready", status: ready }],
      addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
    },
  })
  must("POST", "/api/v1/nodes", node("a", "False", {}))
  must("POST", "/api/v1/nodes", node("b", "True", { unschedulable: true }))
  const rows = listAt(must("GET", "/api/v1/nodes", undefined, { accept: ACCEPT }), "rows").map((row) =>
    listAt(row, "cells"),
  )
  assert.deepEqual(
    rows.map((row) => row.slice(0, 3)),
    [
      ["a", "NotReady", "edge,worker"],
      ["b", "Ready,SchedulingDisabled", "edge,worker"],
    ],
  )
  assert.equal(rows[0]?.[5], "10.0.0.1")
})

test("printer columns show texts as they are, lists as JSON and times as ages", () => {
  const { must, pass } = createStoreFixture()
  const column = (name: string, type: string, jsonPath: string): JsonObject => ({ name, type, jsonPath })
  const additionalPrinterColumns = [
    column("Rooms", "string", ".spec.rooms"),
    column("On", "boolean", ".spec.on"),
    column("Nothing", "string", ".spec.nothing"),
    column("Age", "date", ".metadata.creationTimestamp"),
  ]
  const open = { type: "object", "x-kubernetes-preserve-unknown-fields": true }
  must(
    "POST",
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    definition(open, { additionalPrinterColumns }),
  )
  const lamps = "/apis/attic.example/v1/namespaces/default/lamps"
  const spec = { rooms: ["hall", "attic"], on: true }
  must("POST", lamps, { apiVersion: "attic.example/v1", kind: "Lamp", metadata: { name: "porch" }, spec })
  pass(5000)
  assert.deepEqual(cells(must("GET", lamps, undefined, { accept: ACCEPT })), [
    "porch",
    '["hall","attic"]',
    true,
    null,
    "5s",
  ])
})

test("a client that takes no JSON is told what there is", () => {
  const { ask } = createStoreFixture()
  assert.equal(ask("GET", SERVICES, undefined, { accept: "application/vnd.kubernetes.protobuf" }).status, 406)
  assert.equal(
    ask("GET", SERVICES, undefined, { accept: "application/vnd.kubernetes.protobuf,application/json" }).status,
    200,
  )
})

const AGES: readonly (readonly [number, string])[] = [
  [0, "0s"],
  [119, "119s"],
  [120, "2m"],
  [200, "3m20s"],
  [600, "10m"],
  [3 * 3600, "3h"],
  [3 * 3600 + 600, "3h10m"],
  [10 * 3600, "10h"],
  [50 * 3600, "2d2h"],
  [20 * 86_400, "20d"],
  [800 * 86_400, "2y70d"],
  [-5, "<invalid>"],
]

test("ages as kubectl writes them", () => {
  for (const [seconds, said] of AGES) assert.equal(printAge(seconds), said)
})

test("reads the paths that printer columns use", () => {
  const root = {
    spec: { items: [{ name: "a" }, { name: "b" }], "x.y": 1 },
    status: { conditions: [{ type: "Ready", status: "True" }] },
  }
  const read = (path: string): readonly Json[] => readJsonPath(root, path)
  assert.deepEqual(read(".spec.items[1].name"), ["b"])
  assert.deepEqual(read(".spec.items[*].name"), ["a", "b"])
  assert.deepEqual(read('.status.conditions[?(@.type=="Ready")].status'), ["True"])
  assert.deepEqual(read(".spec.x\\.y"), [1])
  assert.deepEqual(read(".spec['x.y']"), [1])
  for (const path of [".spec.nothing", ".constructor", "spec", ".spec[", ".spec.items[9]"])
    assert.deepEqual(read(path), [], path)
})

const cells = (table: Json): readonly Json[] => listAt(listAt(table, "rows")[0], "cells")
