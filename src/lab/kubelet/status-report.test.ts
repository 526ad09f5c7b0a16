import assert from "node:assert/strict"
import { test } from "node:test"
import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, textAt } from "../../kubernetes/json.ts"
import { nodeReport } from "./status-report.ts"

test("a new node is ready, lacks nothing, and says what it can carry", () => {
  const status = report(node(), [], noon)
  assert.equal(statusOf(status, "Ready"), "True")
  assert.equal(statusOf(status, "MemoryPressure"), "False")
  assert.deepEqual(status?.["allocatable"], { cpu: "2", memory: "4Gi", pods: "110" })
})

test("a node that says what it said is not written again", () => {
  assert.equal(report(node(report(node(), [], noon)), [], later), undefined)
})

test("a node given up is unknown in every regard since now, and was heard when it last spoke", () => {
  const lost = report(node(report(node(), [], noon)), ["w1"], later)
  assert.deepEqual(
    listAt(lost, "conditions").map((one) => textAt(one, "status")),
    ["Unknown", "Unknown", "Unknown", "Unknown"],
  )
  const ready = listAt(lost, "conditions").find((one) => textAt(one, "type") === "Ready")
  assert.equal(textAt(ready, "lastHeartbeatTime"), noon)
  assert.equal(textAt(ready, "lastTransitionTime"), later)
})

test("a node that shuts down says so before it falls silent", () => {
  const leaving = nodeReport(node(report(node(), [], noon)), "leaving", "6.1.0", later)
  const ready = listAt(leaving, "conditions").find((one) => textAt(one, "type") === "Ready")
  assert.deepEqual([textAt(ready, "status"), textAt(ready, "message")], ["False", "node is shutting down"])
  assert.equal(statusOf(nodeReport(node(leaving), "gone", "6.1.0", later), "Ready"), "Unknown")
})

test("conditions that somebody else wrote stay, and so does a capacity of its own", () => {
  const status = report(
    node({ conditions: [{ type: "NetworkUnavailable", status: "False" }], capacity: { cpu: "8" } }),
    [],
    noon,
  )
  assert.equal(statusOf(status, "NetworkUnavailable"), "False")
  assert.deepEqual(status?.["capacity"], { cpu: "8", memory: "4Gi", pods: "110" })
})

const noon = "2026-10-01T12:00:00Z"
const later = "2026-10-01T12:00:40Z"

const node = (status: JsonObject = {}): JsonObject => ({ metadata: { name: "w1" }, status })

const report = (object: JsonObject, gone: readonly string[], now: string): JsonObject | undefined =>
  nodeReport(object, gone.length > 0 ? "gone" : "alive", "6.1.0", now)

const statusOf = (status: JsonObject | undefined, type: string): string | undefined =>
  textAt(
    listAt(status, "conditions").find((one) => textAt(one, "type") === type),
    "status",
  )
