import assert from "node:assert/strict"
import { test } from "node:test"
import { judgeReadiness, type ProxyEvidence } from "./readiness.ts"

const changedAt = 1_700_000_000

test("a node whose proxy has synced since the Service changed is ready", () => {
  assert.deepEqual(judge(synced(changedAt + 0.8), 1), { ready: true, because: "proxy-synced" })
})

test("a proxy that saw the change a moment before us has synced too", () => {
  assert.equal(judge(synced(changedAt - 0.2), 0.1).ready, true)
})

test("a proxy whose last sync is older than the change is waited for", () => {
  assert.deepEqual(judge(synced(changedAt - 60), 1), { ready: false, because: "proxy-behind" })
})

test("a change that the proxy has nothing to do for does not hold the address back for ever", () => {
  assert.deepEqual(judge(synced(changedAt - 60), 6), { ready: true, because: "change-not-proxied" })
})

test("a proxy that hangs with work queued is not ready, however long ago the change was", () => {
  const hanging: ProxyEvidence = { is: "synced", syncedAt: changedAt + 60, queuedAt: changedAt + 60.1 }
  assert.equal(judge(hanging, 600, true).ready, false)
})

test("work queued for other Services does not hold back one that the last sync has long shown", () => {
  const busy: ProxyEvidence = { is: "synced", syncedAt: changedAt + 3, queuedAt: changedAt + 3.5 }
  assert.deepEqual(judge(busy, 4), { ready: true, because: "proxy-synced" })
})

test("work queued about the time of the change may be the change itself", () => {
  const busy: ProxyEvidence = { is: "synced", syncedAt: changedAt + 0.3, queuedAt: changedAt + 0.4 }
  assert.deepEqual(judge(busy, 1), { ready: false, because: "proxy-behind" })
})

test("a freshly booted node whose proxy has not synced once is not ready; a node without a proxy to ask is", () => {
  assert.equal(judge({ is: "not-synced" }, 600).ready, false)
  assert.equal(judge({ is: "unreadable" }, 600).ready, false)
  assert.deepEqual(judge({ is: "absent" }, 0), { ready: true, because: "proxy-absent" })
})

test("for Local the health-check port must count an endpoint", () => {
  const now = changedAt + 1
  assert.equal(judgeReadiness(synced(now), "no-endpoints", changedAt, now, false).ready, false)
  assert.equal(judgeReadiness(synced(now), "endpoints", changedAt, now, false).ready, true)
})

const synced = (syncedAt: number): ProxyEvidence => ({ is: "synced", syncedAt, queuedAt: undefined })
const judge = (proxy: ProxyEvidence, secondsLater: number, hangs = false) =>
  judgeReadiness(proxy, undefined, changedAt, changedAt + secondsLater, hangs)
