import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, numberAt, objectAt, textAt } from "../../kubernetes/json.ts"
import { isUnreadable, readScenario, scenarioNames } from "../scenario.ts"
import { reconcileSlices } from "./endpoint-slices.ts"

test("a new Service gets one slice with its ready pods and the number behind the named port", () => {
  const [change] = reconcileSlices([service()], [pod("a", "w1", "10.244.3.2"), pod("b", "w2", "10.244.4.2")], [])
  assert.ok(change?.kind === "create")
  assert.equal(textAt(change.slice, "metadata", "name"), "web-ipv4")
  assert.equal(numberAt(listAt(change.slice, "ports")[0], "port"), 8080)
  assert.deepEqual(
    listAt(change.slice, "endpoints").map((endpoint) => textAt(endpoint, "nodeName")),
    ["w1", "w2"],
  )
})

test("a pod that is not ready stays in the slice and is not ready there", () => {
  const [change] = reconcileSlices([service()], [pod("a", "w1", "10.244.3.2", "False")], [])
  assert.ok(change?.kind === "create")
  assert.deepEqual(objectAt(listAt(change.slice, "endpoints")[0], "conditions"), {
    ready: false,
    serving: false,
    terminating: false,
  })
})

test("a pod that is being deleted still serves, but takes no new visitors", () => {
  const dying = pod("a", "w1", "10.244.3.2")
  const [change] = reconcileSlices(
    [service()],
    [{ ...dying, metadata: { ...objectAt(dying, "metadata"), deletionTimestamp: "2026-10-01T00:00:00Z" } }],
    [],
  )
  assert.ok(change?.kind === "create")
  assert.deepEqual(objectAt(listAt(change.slice, "endpoints")[0], "conditions"), {
    ready: false,
    serving: true,
    terminating: true,
  })
})

test("nothing is written when the slice is as it should be, in whatever order", () => {
  const pods = [pod("a", "w1", "10.244.3.2"), pod("b", "w2", "10.244.4.2")]
  const written = reconcileSlices([service()], pods, []).flatMap((change) =>
    change.kind === "delete" ? [] : [change.slice],
  )
  assert.deepEqual(reconcileSlices([service()], pods.toReversed(), written), [])
})

test("a slice whose Service is gone is deleted; one that somebody else manages is left alone", () => {
  const mine = reconcileSlices([service()], [], []).flatMap((change) =>
    change.kind === "delete" ? [] : [change.slice],
  )
  const theirs = {
    ...mine[0],
    metadata: { namespace: "demo", name: "by-hand", labels: { "kubernetes.io/service-name": "gone" } },
  }
  assert.deepEqual(reconcileSlices([], [], [...mine, theirs]), [
    { kind: "delete", namespace: "demo", name: "web-ipv4" },
  ])
})

test("a Service without a selector has no slice of ours", () => {
  const bare = service()
  assert.deepEqual(
    reconcileSlices([{ ...bare, spec: { ports: [{ port: 80 }] } }], [pod("a", "w1", "10.244.3.2")], []),
    [],
  )
})

test("the slices written in every scenario are those this controller would write", () => {
  const root = join(import.meta.dirname, "../../../scenarios")
  for (const name of scenarioNames(root)) {
    const scenario = readScenario(join(root, name))
    assert.ok(!isUnreadable(scenario))
    const of = (kind: string): JsonObject[] => scenario.objects.filter((object) => textAt(object, "kind") === kind)
    assert.deepEqual(reconcileSlices(of("Service"), of("Pod"), of("EndpointSlice")), [], name)
  }
})

const service = (): JsonObject => ({
  kind: "Service",
  metadata: { namespace: "demo", name: "web" },
  spec: { ipFamilies: ["IPv4"], selector: { app: "web" }, ports: [{ name: "http", port: 80, targetPort: "http" }] },
})

const pod = (name: string, node: string, ip: string, ready = "True"): JsonObject => ({
  kind: "Pod",
  metadata: { namespace: "demo", name, labels: { app: "web" } },
  spec: { nodeName: node, containers: [{ name: "web", ports: [{ name: "http", containerPort: 8080 }] }] },
  status: { phase: "Running", podIP: ip, conditions: [{ type: "Ready", status: ready }] },
})
