import assert from "node:assert/strict"
import { test } from "node:test"
import { atticLayout, atticShares } from "./attic.ts"
import { forwardingEntries, planNetwork, planPod } from "./plan.ts"

test("every machine and every switch has a namespace, and every link one cable", () => {
  const plan = planNetwork(atticLayout, atticShares)
  assert.deepEqual(plan.namespaces, ["switch.lan", "switch.internet", ...atticLayout.machines.map(({ name }) => name)])
  assert.equal(plan.cables.length, atticLayout.machines.flatMap(({ links }) => links).length)
  assert.ok(
    plan.cables.includes(
      "link add name eth0 address 52:54:00:28:00:01 netns attic-1 type veth peer name attic-1 netns switch.lan",
    ),
  )
})

test("flannel.1 has the network address of the node's pods and cni0 the first host, as flannel does", () => {
  const lines = planNetwork(atticLayout, atticShares).inside.get("attic-2") ?? []
  assert.ok(lines.includes("address add 10.244.2.0/32 dev flannel.1"))
  assert.ok(lines.includes("address add 10.244.2.1/24 dev cni0"))
  assert.ok(lines.includes("address add fd00:244:2::1/64 dev cni0 nodad"))
})

test("each node knows the way to every other node's pods, and none to its own", () => {
  const lines = planNetwork(atticLayout, atticShares).inside.get("attic-1") ?? []
  assert.deepEqual(
    lines.filter((line) => line.startsWith("route add 10.244")),
    [2, 3].map((node) => `route add 10.244.${node}.0/24 via 10.244.${node}.0 dev flannel.1 onlink`),
  )
  const entries = forwardingEntries(atticLayout, atticShares).get("attic-1") ?? []
  assert.deepEqual(
    entries.map((entry) => entry.split("dst ")[1]),
    ["192.168.40.32", "192.168.40.33"],
  )
})

test("routers and nodes forward, hosts do not", () => {
  const { settings } = planNetwork(atticLayout, atticShares)
  const forwards = (name: string): boolean => (settings.get(name) ?? []).some(([path]) => path === "ipv4/ip_forward")
  assert.deepEqual(["router", "attic-1", "laptop"].map(forwards), [true, true, false])
})

test("a pod has its address alone and talks to its node's bridge only", () => {
  const plan = planPod(
    { namespace: "demo", name: "web", node: "attic-1", addresses: ["10.244.1.10"] },
    atticShares.get("attic-1")!,
    "veth0",
  )
  assert.deepEqual(plan.inside.get("pod.demo.web")?.slice(2), [
    "address add 10.244.1.10/32 dev eth0",
    "route add 10.244.1.1 dev eth0",
    "route add default via 10.244.1.1 dev eth0",
  ])
})

test("a Node without a prefix for its pods is told how one looks", () => {
  assert.throws(
    () => planNetwork(atticLayout, new Map([["attic-1", { podCidrs: ["10.244.1.0"] }]])),
    /hold prefixes like 10\.244\.3\.0\/24/,
  )
})
