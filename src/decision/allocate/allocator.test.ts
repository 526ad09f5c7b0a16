import assert from "node:assert/strict"
import { test } from "node:test"
import { parseAddress, printAddress } from "../../net/address.ts"
import {
  advertisementObject,
  clusterOf,
  poolObject,
  serviceObject,
  type ServiceStory,
} from "../../cluster/cluster-fixture.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { allocationIn, given, now, porch, reasons, wishing } from "./allocation-fixture.ts"
import { allocate } from "./allocator.ts"

test("gives the lowest address, .0 included, and the next to the next by creation, namespace and name", () => {
  const cluster = clusterOf(
    porch,
    serviceObject("b/z", { createdAt: "2026-01-01T00:00:00Z" }),
    serviceObject("a/y", { createdAt: "2026-01-02T00:00:00Z" }),
    serviceObject("b/a", { createdAt: "2026-01-01T00:00:00Z" }),
  )
  assert.deepEqual(given(cluster), { "b/a": "192.168.40.200", "b/z": "192.168.40.201", "a/y": "192.168.40.202" })
})

test("keeps what a Service has, though a lower address is free", () => {
  assert.deepEqual(given(clusterOf(porch, serviceObject("a/b", { has: ["192.168.40.207"] }))), {
    "a/b": "192.168.40.207",
  })
  assert.equal(allocationIn(clusterOf(porch, serviceObject("a/b", { has: ["192.168.40.207"] })), "a/b").kind, "kept")
})

test("avoids .0 and .255 where the pool says so, and takes them back from those who have them", () => {
  const pool = poolObject("p", ["10.0.0.254-10.0.1.1"], { avoidBuggyIPs: true })
  const cluster = clusterOf(
    pool,
    serviceObject("a/had", { has: ["10.0.0.255"] }),
    serviceObject("a/new"),
    serviceObject("a/third"),
  )
  assert.deepEqual(given(cluster), { "a/had": "10.0.0.254", "a/new": "10.0.1.1", "a/third": undefined })
  const had = allocationIn(cluster, "a/had")
  assert.ok(had.kind === "given" && had.lost?.because[0].code === "buggy-address")
})

test("tries pools kept for a Service before general ones, lower priority number first, 0 last", () => {
  const only = (priority: number): JsonObject => ({ serviceAllocation: { priority, namespaces: ["media"] } })
  const pools = [
    poolObject("general", ["10.0.0.0/32"]),
    poolObject("zero", ["10.0.3.0/32"], only(0)),
    poolObject("ten", ["10.0.2.0/32"], only(10)),
    poolObject("five", ["10.0.1.0/32"], only(5)),
  ]
  const services = ["a", "b", "c", "d", "e"].map((name) => serviceObject(`media/${name}`))
  assert.deepEqual(Object.values(given(clusterOf(...pools, ...services))), [
    "10.0.1.0",
    "10.0.2.0",
    "10.0.3.0",
    "10.0.0.0",
    undefined,
  ])
  assert.deepEqual(given(clusterOf(...pools, serviceObject("web/x"))), { "web/x": "10.0.0.0" })
})

test("a pool for selected namespaces and labels takes both to match; selectors that match none exclude everybody", () => {
  const pool = poolObject("p", ["10.0.0.0/24"], {
    serviceAllocation: {
      namespaceSelectors: [{ matchLabels: { team: "a" } }],
      serviceSelectors: [{ matchLabels: { tier: "front" } }],
    },
  })
  const namespace = { kind: "Namespace", metadata: { name: "one", labels: { team: "a" } } }
  const front = { labels: { tier: "front" } }
  assert.deepEqual(
    given(
      clusterOf(pool, namespace, serviceObject("one/x", front), serviceObject("one/y"), serviceObject("two/z", front)),
    ),
    {
      "one/x": "10.0.0.0",
      "one/y": undefined,
      "two/z": undefined,
    },
  )
  const wish = { annotations: { "metallb.io/address-pool": "p" }, ...front }
  assert.deepEqual(reasons(clusterOf(pool, serviceObject("one/x", wish)), "one/x"), ["pool-not-for-service"])
})

test("a pool without autoAssign gives only to those who ask for it, by pool or by address", () => {
  const pool = poolObject("p", ["10.0.0.0/24"], { autoAssign: false })
  const cluster = clusterOf(
    pool,
    serviceObject("a/any"),
    serviceObject("a/pool", { annotations: { "metallb.io/address-pool": "p" } }),
    serviceObject("a/ip", { annotations: { "metallb.universe.tf/loadBalancerIPs": "10.0.0.9" } }),
    serviceObject("a/spec", { spec: { loadBalancerIP: "10.0.0.8" } }),
  )
  assert.deepEqual(given(cluster), {
    "a/any": undefined,
    "a/ip": "10.0.0.9",
    "a/pool": "10.0.0.0",
    "a/spec": "10.0.0.8",
  })
  assert.deepEqual(allocationIn(cluster, "a/any"), {
    kind: "pending",
    because: [{ code: "pool-not-for-service", pool: "p", rule: "auto-assign-off" }],
    lost: undefined,
  })
})

test("a wish by address comes before those who wish nothing, whoever is older", () => {
  const cluster = clusterOf(
    porch,
    serviceObject("a/old", { createdAt: "2020-01-01T00:00:00Z" }),
    wishing("b/young", "192.168.40.200"),
  )
  assert.deepEqual(given(cluster), { "a/old": "192.168.40.201", "b/young": "192.168.40.200" })
})

for (const [what, story, codes] of [
  ["unknown pool", { annotations: { "metallb.io/address-pool": "proch" } }, ["unknown-pool"]],
  ["outside every pool", { spec: { loadBalancerIP: "10.9.9.9" } }, ["outside-every-pool"]],
  [
    "of another pool than wished",
    { annotations: { "metallb.io/loadBalancerIPs": "192.168.40.201", "metallb.io/address-pool": "six" } },
    ["outside-wished-pool"],
  ],
  ["of the wrong family", { annotations: { "metallb.io/loadBalancerIPs": "2001:db8::1" } }, ["wished-families-differ"]],
  [
    "two where it has one family",
    { annotations: { "metallb.io/loadBalancerIPs": "192.168.40.201,2001:db8::1" } },
    ["wished-families-differ"],
  ],
  [
    "of two pools",
    {
      annotations: { "metallb.io/loadBalancerIPs": "192.168.40.201,2001:db8::1" },
      clusterIPs: ["10.96.0.1", "fd00::1"],
      spec: { ipFamilyPolicy: "RequireDualStack" },
    },
    ["of-two-pools"],
  ],
  [
    "both wishes at once",
    { annotations: { "metallb.io/loadBalancerIPs": "192.168.40.201" }, spec: { loadBalancerIP: "192.168.40.201" } },
    ["contradicting-wishes"],
  ],
  ["no address at all", { spec: { loadBalancerIP: "192.168.40" } }, ["malformed-wish"]],
  ["headless", { clusterIPs: ["None"] }, ["no-cluster-address"]],
  ["requires two families with one", { spec: { ipFamilyPolicy: "RequireDualStack" } }, ["second-family-missing"]],
  ["two cluster addresses, single stack", { clusterIPs: ["10.96.0.1", "fd00::1"] }, ["unclear-families"]],
] as const)
  test(`pending, with the reason: ${what}`, () => {
    const cluster = clusterOf(porch, poolObject("six", ["2001:db8::/120"]), serviceObject("a/b", story))
    assert.deepEqual(reasons(cluster, "a/b"), codes)
  })

test("without any pool everything is pending and what was given goes", () => {
  const cluster = clusterOf(serviceObject("a/b", { has: ["10.0.0.1"] }))
  assert.deepEqual(reasons(cluster, "a/b"), ["no-pools"])
})

test("a full pool says how full; every pool that was tried is named", () => {
  const cluster = clusterOf(
    poolObject("one", ["10.0.0.0/31"]),
    poolObject("six", ["2001:db8::/64"]),
    ...["a/a", "a/b", "a/c"].map((name) => serviceObject(name)),
  )
  assert.deepEqual(allocationIn(cluster, "a/c"), {
    kind: "pending",
    because: [
      { code: "pool-full", pool: "one", family: 4, capacity: 2, taken: 2, reserved: 0 },
      { code: "pool-lacks-family", pool: "six", family: 4 },
    ],
    lost: undefined,
  })
})

test("dual stack: both from one pool, IPv4 first; preferred takes what there is, required waits", () => {
  const dual = (policy: string, families: readonly string[] = ["IPv4", "IPv6"]): ServiceStory => ({
    clusterIPs: ["10.96.0.1", "fd00::1"],
    spec: { ipFamilyPolicy: policy, ipFamilies: families },
  })
  const both = poolObject("both", ["2001:db8::/64", "10.0.0.0/24"])
  assert.deepEqual(given(clusterOf(both, serviceObject("a/b", dual("RequireDualStack")))), {
    "a/b": "10.0.0.0 2001:db8::",
  })
  assert.deepEqual(given(clusterOf(both, serviceObject("a/b", { spec: { ipFamilyPolicy: "PreferDualStack" } }))), {
    "a/b": "10.0.0.0",
  })
  const apart = [poolObject("four", ["10.0.0.0/24"]), poolObject("six", ["2001:db8::/64"])]
  assert.deepEqual(reasons(clusterOf(...apart, serviceObject("a/b", dual("RequireDualStack"))), "a/b"), [
    "pool-lacks-family",
    "pool-lacks-family",
  ])
  assert.deepEqual(given(clusterOf(...apart, serviceObject("a/b", dual("PreferDualStack")))), { "a/b": "10.0.0.0" })
  assert.deepEqual(given(clusterOf(...apart, serviceObject("a/b", dual("PreferDualStack", ["IPv6", "IPv4"])))), {
    "a/b": "2001:db8::",
  })
})

test("PreferDualStack with one family of cluster addresses settles at once, and with two gets its second address later", () => {
  const one = clusterOf(
    poolObject("both", ["10.0.0.0/24", "2001:db8::/64"]),
    serviceObject("a/b", { has: ["10.0.0.0"], spec: { ipFamilyPolicy: "PreferDualStack" } }),
  )
  assert.deepEqual(given(one), { "a/b": "10.0.0.0" })
  const two = clusterOf(
    poolObject("both", ["10.0.0.0/24", "2001:db8::/64"]),
    serviceObject("a/b", {
      has: ["10.0.0.7"],
      clusterIPs: ["10.96.0.1", "fd00::1"],
      spec: { ipFamilyPolicy: "PreferDualStack" },
    }),
  )
  const allocation = allocationIn(two, "a/b")
  assert.ok(allocation.kind === "kept")
  assert.deepEqual(
    [allocation.addresses.map(printAddress), allocation.added.map(printAddress)],
    [["10.0.0.7", "2001:db8::"], ["2001:db8::"]],
  )
})

test("a Service that loses a family keeps its address of the other", () => {
  const cluster = clusterOf(
    poolObject("both", ["10.0.0.0/24", "2001:db8::/64"]),
    serviceObject("a/b", { has: ["10.0.0.7", "2001:db8::7"] }),
  )
  const allocation = allocationIn(cluster, "a/b")
  assert.ok(allocation.kind === "kept" && allocation.lost?.because[0].code === "family-changed")
  assert.deepEqual(given(cluster), { "a/b": "10.0.0.7" })
})

test("a Service that is no load balancer any more gives back; one of another class is nobody's concern", () => {
  const was = serviceObject("a/b", {
    has: ["192.168.40.201"],
    annotations: { "metallb.io/ip-allocated-from-pool": "porch" },
    spec: { type: "ClusterIP" },
  })
  assert.deepEqual(allocationIn(clusterOf(porch, was), "a/b"), {
    kind: "released",
    lost: [parseAddress("192.168.40.201")],
  })
  assert.equal(allocate(clusterOf(porch, serviceObject("a/b", { spec: { loadBalancerClass: "x/y" } })), now).size, 0)
})

test("an IPv6 pool of 2^64 and one of 2^127 give their lowest address at once", () => {
  assert.deepEqual(
    given(clusterOf(poolObject("p", ["2001:db8::/64"]), serviceObject("a/b", { clusterIPs: ["fd00::1"] }))),
    { "a/b": "2001:db8::" },
  )
  assert.deepEqual(given(clusterOf(poolObject("p", ["2000::/3"]), serviceObject("a/b", { clusterIPs: ["fd00::1"] }))), {
    "a/b": "2000::",
  })
})

test("the pools of general choice go by their names, where MetalLB's order is chance", () => {
  const cluster = clusterOf(
    poolObject("b", ["10.0.1.0/24"]),
    poolObject("a", ["10.0.2.0/24"]),
    advertisementObject("ad"),
    serviceObject("x/y"),
  )
  assert.deepEqual(given(cluster), { "x/y": "10.0.2.0" })
})
