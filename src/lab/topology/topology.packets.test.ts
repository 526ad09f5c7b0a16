import assert from "node:assert/strict"
import { startPodActor } from "../actors/pod-actor.ts"
import { ask } from "../actors/ask.ts"
import { createPodRunner } from "../kubelet/pods.ts"
import { printSwitchRules } from "../switch-rules.ts"
import { packetTest } from "../packet-test.ts"
import { buildNetwork, runInNamespace } from "./build.ts"
import { atticLayout, atticPods, atticShares } from "./attic.ts"

packetTest(import.meta.url, "a pod reaches a pod of another node over VXLAN with its own address", async () => {
  await buildAttic()
  assert.deepEqual(await seen("pod.demo.pod-1", "10.244.2.10"), { seen: "10.244.1.10", pod: "pod-2", node: "attic-2" })
})

packetTest(import.meta.url, "a pod reaches a pod of its own node, and itself", async () => {
  await buildAttic()
  assert.equal((await seen("pod.demo.pod-1", "10.244.1.11"))?.seen, "10.244.1.10")
  assert.equal((await seen("pod.demo.pod-1", "10.244.1.10"))?.seen, "10.244.1.10")
})

packetTest(import.meta.url, "a node reaches its own pod from cni0 and another node's pod from flannel.1", async () => {
  await buildAttic()
  assert.equal((await seen("attic-1", "10.244.1.10"))?.seen, "10.244.1.1")
  assert.equal((await seen("attic-1", "10.244.2.10"))?.seen, "10.244.1.0")
})

packetTest(import.meta.url, "a pod that leaves the cluster shows its node's address", async () => {
  await buildAttic()
  startPodActor("laptop", "laptop", "laptop").listen("TCP", 8080)
  assert.equal((await seen("pod.demo.pod-1", "192.168.40.23"))?.seen, "192.168.40.31")
})

packetTest(import.meta.url, "the router hides the LAN behind its outside address", async () => {
  await buildAttic()
  startPodActor("outside", "outside", "outside").listen("TCP", 8080)
  assert.equal((await seen("laptop", "203.0.113.99"))?.seen, "203.0.113.7")
})

packetTest(import.meta.url, "with two families pods reach each other over both", async () => {
  await buildAttic()
  assert.equal((await seen("pod.demo.pod-1", "fd00:244:2::10"))?.seen, "fd00:244:1::10")
  assert.equal((await seen("attic-1", "fd00:40::32"))?.seen, "fd00:40::31")
})

packetTest(import.meta.url, "one way loses what the first sends and nothing else", async () => {
  await buildAttic()
  await runInNamespace(
    "switch.lan",
    ["nft", "-f", "-"],
    printSwitchRules([{ machine: "attic-1", fault: { kind: "oneway", to: "attic-2" } }]),
  )
  assert.equal(await seen("attic-1", "192.168.40.32", patience.silenceMs), undefined)
  assert.equal((await seen("attic-3", "192.168.40.32"))?.seen, "192.168.40.33")
})

packetTest(import.meta.url, "total loss silences a machine, and mending brings it back", async () => {
  await buildAttic()
  const rules = (percent: number): Promise<void> =>
    runInNamespace(
      "switch.lan",
      ["nft", "-f", "-"],
      printSwitchRules(percent === 0 ? [] : [{ machine: "attic-2", fault: { kind: "loss", percent } }]),
    )
  await rules(100)
  assert.equal(await seen("laptop", "192.168.40.32", patience.silenceMs), undefined)
  await rules(0)
  assert.equal((await seen("laptop", "192.168.40.32"))?.seen, "192.168.40.23")
})

const buildAttic = async (): Promise<void> => {
  await buildNetwork(atticLayout, atticShares)
  await createPodRunner(atticShares).ensure(atticPods)
  for (const { name, role } of atticLayout.machines)
    if (role === "node") startPodActor(name, name, name).listen("TCP", 8080)
}

/** Long for a busy machine; short where silence is expected. */
const patience = { answerMs: 5000, silenceMs: 500 } as const

const seen = async (from: string, address: string, waitMs: number = patience.answerMs) => {
  const answer = await ask(from, { address, port: 8080, protocol: "TCP" }, waitMs)
  return answer.kind === "answered" ? answer.greeting : undefined
}
