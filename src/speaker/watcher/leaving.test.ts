import assert from "node:assert/strict"
import { test } from "node:test"
import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { type Answer, judgeLeaving } from "./leaving.ts"

test("a rollout finds its node in order and moves nothing", () => {
  assert.equal(judgeLeaving(found({}), found({})), "restart")
})

test("a cordoned node moves nothing: reacting to cordon was tried elsewhere and taken back", () => {
  assert.equal(judgeLeaving(found({ spec: { unschedulable: true } }), found({})), "restart")
})

test("a node that is gone, going, excluded or drained hands over", () => {
  assert.equal(judgeLeaving({ is: "missing" }, found({})), "node-deleted")
  assert.equal(
    judgeLeaving(found({ metadata: { deletionTimestamp: "2026-11-21T18:18:00Z" } }), found({})),
    "node-deleted",
  )
  const excluded = { "node.kubernetes.io/exclude-from-external-load-balancers": "" }
  assert.equal(judgeLeaving(found({ metadata: { labels: excluded } }), found({})), "node-excluded")
  const drained = { "porchlight.dev/drain": "true" }
  assert.equal(judgeLeaving(found({ metadata: { annotations: drained } }), found({})), "node-drained")
})

test("a machine that shuts down hands over, said by its node or by its pod", () => {
  const ready = { type: "Ready", status: "False", reason: "KubeletNotReady", message: "node is shutting down" }
  assert.equal(judgeLeaving(found({ status: { conditions: [ready] } }), found({})), "node-shutting-down")
  const target = { type: "DisruptionTarget", status: "True", reason: "TerminationByKubelet" }
  assert.equal(judgeLeaving(found({}), found({ status: { conditions: [target] } })), "pod-terminated-by-kubelet")
})

test("an API that does not answer is taken for the worse case", () => {
  assert.equal(judgeLeaving({ is: "silent" }, found({})), "api-silent")
  assert.equal(judgeLeaving(found({}), { is: "silent" }), "api-silent")
})

test("a process without a pod is judged by its node", () => {
  assert.equal(judgeLeaving(found({}), { is: "not-asked" }), "restart")
})

const found = (object: JsonObject): Answer => ({ is: "found", object: object satisfies Json })
