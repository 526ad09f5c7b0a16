import assert from "node:assert/strict"
import { test } from "node:test"
import { openMetrics } from "./metrics.ts"

test("the numbers are printed under MetalLB's names and labels", async () => {
  const metrics = openMetrics("speaker")
  metrics.add("metallb_layer2_requests_received", { ip: "192.168.40.205" }, 1)
  metrics.add("metallb_layer2_requests_received", { ip: "192.168.40.205" }, 2)
  metrics.set("metallb_k8s_client_config_loaded_bool", {}, 1)
  const { contentType, text } = await metrics.print()
  assert.match(contentType, /^text\/plain/)
  assert.match(text, /^# TYPE metallb_layer2_requests_received counter$/m)
  assert.match(text, /^metallb_layer2_requests_received\{ip="192.168.40.205"\} 3$/m)
  assert.match(text, /^metallb_k8s_client_config_loaded_bool 1$/m)
  assert.match(text, /^metallb_k8s_client_updates_total 0$/m)
})

test("an address that is let go takes its series with it", async () => {
  const metrics = openMetrics("speaker")
  const announced = (ip: string) => ({
    labels: { service: "media/radarr", protocol: "layer2", node: "attic-1", ip },
    value: 1,
  })
  metrics.replace("metallb_speaker_announced", [announced("192.168.40.205"), announced("192.168.40.206")])
  metrics.replace("metallb_speaker_announced", [announced("192.168.40.206")])
  const { text } = await metrics.print()
  assert.doesNotMatch(text, /40\.205/)
  assert.match(text, /^metallb_speaker_announced\{.*ip="192.168.40.206".*\} 1$/m)
})

test("the allocator's gauges are the controller's alone", async () => {
  const metrics = openMetrics("controller")
  metrics.set("metallb_allocator_addresses_total", { pool: "lan" }, 11)
  const { text } = await metrics.print()
  assert.match(text, /^metallb_allocator_addresses_total\{pool="lan"\} 11$/m)
  assert.doesNotMatch(text, /metallb_speaker_announced/)
})

test("each scrape tells the worst lateness since the one before", async () => {
  const metrics = openMetrics("speaker")
  metrics.late(3)
  metrics.late(250)
  metrics.late(1)
  assert.match((await metrics.print()).text, /^porchlight_loop_late_seconds 0.25$/m)
  assert.match((await metrics.print()).text, /^porchlight_loop_late_seconds 0$/m)
})
