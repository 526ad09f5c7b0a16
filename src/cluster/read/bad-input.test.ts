/** The catalogue of bad input, rows 100 to 125 but for BGP's: each fault is told, and all else goes on working. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { printRange } from "../../net/range.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import {
  advertisementObject,
  clusterOf,
  networkObject,
  nodeObject,
  poolObject,
  serviceObject,
  sliceObject,
} from "../cluster-fixture.ts"
import type { Cluster } from "../cluster.ts"
import type { PoolName, ServiceName } from "../name.ts"
import type { Problem } from "../problem.ts"

test("100 a range from high to low is left out, the pool's other range works", () => {
  const cluster = clusterOf(poolObject("porch", ["10.0.0.10-10.0.0.1", "10.0.1.0/24"]))
  assert.deepEqual(rangesOf(cluster, "porch"), ["10.0.1.0-10.0.1.255"])
  assert.deepEqual(onlyProblem(cluster), {
    object: { kind: "IPAddressPool", name: "metallb-system/porch" },
    field: "spec.addresses[0]",
    value: "10.0.0.10-10.0.0.1",
    effect: "part-left-out",
    because: "its first address is above its last",
    remedy: "write 10.0.0.1-10.0.0.10",
  })
})

for (const [text, because] of [
  ["10.0.0.0/33", /"33" is no prefix length/],
  ["0.0.0.0/0", /0\.0\.0\.0\/8 \(this network/],
  ["::/0", /unspecified and loopback/],
  ["::ffff:10.0.0.0/120", /IPv4 written as IPv6/],
  ["010.0.0.1/32", /leading zeros/],
  [" 10.0.0.0/24", /blank/],
  ["10.0.0.0/255.255.255.0", /netmask/],
  ["１０.0.0.0/24", /not ASCII/],
  ["10.0.0.1", /without a length/],
  ["fe80::1%eth0/64", /zone/],
  ["10.0.0.1-2001:db8::1", /two families/],
  ["127.0.0.1/32", /loopback/],
  ["224.0.0.0/24", /multicast/],
  ["ff02::/64", /multicast/],
  ["fe80::/64", /link-local/],
  ["10.0.0.0/24/7", /is no prefix length|neither|no address/],
  ["", /neither a prefix nor a range/],
] as const)
  test(`101-104 the pool entry "${text}" is refused with a reason and a remedy, at once`, () => {
    const cluster = clusterOf(poolObject("bad", [text]), poolObject("good", ["10.9.0.0/24"]))
    const problem = onlyProblem(cluster)
    assert.match(problem.because, because)
    assert.notEqual(problem.remedy, "")
    assert.deepEqual([rangesOf(cluster, "bad"), rangesOf(cluster, "good")], [[], ["10.9.0.0-10.9.0.255"]])
    assert.equal(cluster.configuration.pools.get("bad" as PoolName)?.fault, "addresses")
  })

test("102 of two pools that overlap the younger one's entry is left out", () => {
  const old = poolObject("old", ["10.0.0.0/24"], {}, { creationTimestamp: "2025-01-01T00:00:00Z" })
  const young = poolObject(
    "another",
    ["10.0.0.128/25", "10.0.1.0/24"],
    {},
    { creationTimestamp: "2026-01-01T00:00:00Z" },
  )
  for (const cluster of [clusterOf(old, young), clusterOf(young, old)]) {
    assert.deepEqual(
      [rangesOf(cluster, "old"), rangesOf(cluster, "another")],
      [["10.0.0.0-10.0.0.255"], ["10.0.1.0-10.0.1.255"]],
    )
    assert.equal(onlyProblem(cluster).because, "it overlaps 10.0.0.0/24 of the older pool old")
    assert.equal(onlyProblem(cluster).object.name, "metallb-system/another", "as kubectl finds it")
    assert.equal(onlyProblem(cluster).remedy, "take 10.0.0.128-10.0.0.255 out of one of them")
  }
})

test("102 of two ranges that overlap in part exactly that part is to go", () => {
  const old = poolObject("old", ["10.69.1.150-10.69.1.165"], {}, { creationTimestamp: "2025-01-01T00:00:00Z" })
  for (const [added, overlap] of [
    ["10.69.1.160-10.69.1.170", "10.69.1.160-10.69.1.165"],
    ["10.69.1.140-10.69.1.150", "10.69.1.150"],
    ["10.69.1.152-10.69.1.153", "10.69.1.152-10.69.1.153"],
    ["10.69.1.0/24", "10.69.1.150-10.69.1.165"],
  ] as const) {
    const cluster = clusterOf(old, poolObject("second", [added], {}, { creationTimestamp: "2026-01-01T00:00:00Z" }))
    assert.equal(onlyProblem(cluster).remedy, `take ${overlap} out of one of them`)
  }
})

test("102 the same range twice in one pool counts once, and a wide one over two small ones is found", () => {
  assert.deepEqual(rangesOf(clusterOf(poolObject("twice", ["10.0.0.0/30", "10.0.0.0/30"])), "twice"), [
    "10.0.0.0-10.0.0.3",
  ])
  const around = clusterOf(poolObject("around", ["10.0.0.4/32", "10.0.0.9/32", "10.0.0.0/28"]))
  assert.match(onlyProblem(around).because, /its own 10.0.0.4\/32/)
})

test("103 an entry that is no text is left out", () => {
  assert.equal(
    onlyProblem(clusterOf(poolObject("p", [7 as unknown as string, "10.0.0.0/30"]))).because,
    "it is no text",
  )
})

test("105 sixteen million addresses and a /64 are two ranges", () => {
  const cluster = clusterOf(poolObject("wide", ["10.0.0.0/8", "2001:db8::/64"]))
  assert.equal(rangesOf(cluster, "wide").length, 2)
  assert.deepEqual(cluster.problems, [])
})

test("106 a selector that selects nothing leaves an advertisement unattached, and says so", () => {
  const cluster = clusterOf(
    poolObject("p", ["10.0.0.0/24"]),
    advertisementObject("ad", { ipAddressPoolSelectors: [{ matchLabels: { a: "b" } }] }),
  )
  assert.deepEqual(cluster.configuration.advertisements[0]?.pools, new Set())
  assert.equal(onlyProblem(cluster).because, "it selects no pool, so it announces nothing")
})

test("106 an unknown operator closes the pool, and keeps an advertisement from announcing everywhere", () => {
  const bad = { matchExpressions: [{ key: "a", operator: "Equals", values: ["b"] }] }
  const cluster = clusterOf(
    poolObject("p", ["10.0.0.0/24"], { serviceAllocation: { serviceSelectors: [bad] } }),
    advertisementObject("ad", { nodeSelectors: [bad] }),
    advertisementObject("good"),
  )
  assert.equal(cluster.configuration.pools.get("p" as PoolName)?.fault, "rules")
  assert.deepEqual(
    cluster.configuration.advertisements.map(({ name }) => name),
    ["good"],
  )
  assert.ok(cluster.problems.every(({ remedy }) => remedy !== ""))
  assert.ok(cluster.problems.some(({ field, value }) => field.endsWith(".operator") && value === "Equals"))
})

test("106 a label of 64 kB in a selector is refused, and quoted in part only", () => {
  const cluster = clusterOf(
    poolObject("p", ["10.0.0.0/24"], {
      serviceAllocation: { serviceSelectors: [{ matchLabels: { a: "x".repeat(65_536) } }] },
    }),
  )
  assert.ok(onlyProblem(cluster).value.length < 200)
  assert.equal(cluster.configuration.pools.get("p" as PoolName)?.fault, "rules")
})

test("107 interface names are exact: a pattern matches nothing, runs nowhere and is told", () => {
  const cluster = clusterOf(
    poolObject("p", ["10.0.0.0/24"]),
    advertisementObject("ad", { interfaces: ["(a+)+$".repeat(4), "eth0"] }),
  )
  assert.match(onlyProblem(cluster).because, /exact, not patterns/)
  assert.equal(cluster.configuration.advertisements[0]?.interfaces[1], "eth0")
})

for (const [what, annotations, spec, kind] of [
  ["a malformed field", {}, { loadBalancerIP: "10.0.0" }, "malformed"],
  ["two addresses of one family", { "metallb.io/loadBalancerIPs": "10.0.0.1,10.0.0.2" }, {}, "malformed"],
  [
    "annotation and field",
    { "metallb.io/loadBalancerIPs": "10.0.0.1" },
    { loadBalancerIP: "10.0.0.1" },
    "contradiction",
  ],
  ["a mapped address", { "metallb.io/loadBalancerIPs": "::ffff:10.0.0.1" }, {}, "malformed"],
  ["three addresses", { "metallb.io/loadBalancerIPs": "1.1.1.1, 2001:db8::1, x" }, {}, "malformed"],
] as const)
  test(`113 ${what} is a wish that cannot be understood, and the Service is read all the same`, () => {
    const { exposure } = serviceIn(clusterOf(serviceObject("a/b", { annotations, spec })), "a/b")
    assert.equal(exposure.kind === "ours" && exposure.wish.kind, kind)
  })

test("114 a Service of another class is not ours", () => {
  const cluster = clusterOf(
    serviceObject("a/b", {
      spec: { loadBalancerClass: "io.cilium/node" },
      annotations: { "metallb.universe.tf/address-pool": "x" },
    }),
  )
  assert.deepEqual(serviceIn(cluster, "a/b").exposure, { kind: "other-class", class: "io.cilium/node" })
  assert.deepEqual(cluster.problems, [])
})

test("115 a sharing key of 10 kB is a key like any other", () => {
  const key = "k".repeat(10_240)
  const { exposure } = serviceIn(
    clusterOf(serviceObject("a/b", { annotations: { "metallb.io/allow-shared-ip": key } })),
    "a/b",
  )
  assert.equal(exposure.kind === "ours" && exposure.sharingKey, key)
})

test("116 ports: zero is left out, a duplicate counts once, SCTP is a protocol, 250 are read", () => {
  const cluster = clusterOf(serviceObject("a/b", { ports: ["0/TCP", "80/TCP", "80/TCP", "80/SCTP", "80/ICMP"] }))
  assert.deepEqual(serviceIn(cluster, "a/b").ports, [
    { protocol: "SCTP", port: 80 },
    { protocol: "TCP", port: 80 },
  ])
  assert.deepEqual(
    cluster.problems.map(({ field }) => field),
    ["spec.ports[0].port", "spec.ports[2].port", "spec.ports[4].protocol"],
  )
  const many = Array.from({ length: 250 }, (_, port) => `${port + 1}/UDP`)
  const without = { allocateLoadBalancerNodePorts: false }
  assert.equal(serviceIn(clusterOf(serviceObject("a/b", { ports: many, spec: without })), "a/b").ports.length, 250)
})

test("117 a malformed source range is told; the service proxy is who reads it", () => {
  const cluster = clusterOf(serviceObject("a/b", { spec: { loadBalancerSourceRanges: ["10.0.0.0/24", "home"] } }))
  assert.equal(onlyProblem(cluster).field, "spec.loadBalancerSourceRanges[1]")
})

test("119 externalIPs are never announced, and that is said", () => {
  assert.match(
    onlyProblem(clusterOf(serviceObject("a/b", { spec: { externalIPs: ["10.0.0.9"] } }))).because,
    /CVE-2020-8554/,
  )
})

test("120 the order of clusterIPs and ipFamilies changes nothing but the primary family", () => {
  const read = (clusterIPs: string[]): unknown =>
    serviceIn(clusterOf(serviceObject("a/b", { clusterIPs })), "a/b").clusterAddresses
  assert.deepEqual(read(["10.96.0.1", "fd00::1"]), read(["fd00::1", "10.96.0.1"]))
})

test("121 annotations that are no texts are left out, huge ones are read, look-alikes are told", () => {
  const cluster = clusterOf(
    serviceObject("a/b", {
      annotations: {
        "metallb.io/address-pool": 7,
        "metallb.io/allow-shared-ip": "k".repeat(262_144),
        "metallb.io/аddress-pool": "x",
        "metallb.io/allow-shared": "k",
      },
    }),
  )
  assert.deepEqual(
    cluster.problems.map(({ remedy }) => remedy),
    ["put the value in quotes", "write metallb.io/address-pool", "write metallb.io/allow-shared-ip"],
  )
})

test("122 an object without uid and resourceVersion is read, one without a name is told", () => {
  const nameless: JsonObject = { kind: "Service", metadata: { namespace: "a" }, spec: { type: "LoadBalancer" } }
  const cluster = clusterOf({ kind: "Service", metadata: { name: "b", namespace: "a" }, spec: {} }, nameless)
  assert.equal(serviceIn(cluster, "a/b").uid, "")
  assert.equal(onlyProblem(cluster).field, "metadata.name")
})

test("123 a finalizer that is stuck and a deletion in the future leave a Service as it is", () => {
  const object = serviceObject("a/b")
  const metadata = {
    ...(object["metadata"] as JsonObject),
    finalizers: ["x/y"],
    deletionTimestamp: "2099-01-01T00:00:00Z",
  }
  assert.equal(serviceIn(clusterOf({ ...object, metadata }), "a/b").exposure.kind, "ours")
})

test("124 an object of 1.5 MB is read once, its problems are few", () => {
  const cluster = clusterOf(
    poolObject(
      "huge",
      Array.from({ length: 100_000 }, () => "not an address"),
    ),
  )
  assert.ok(cluster.problems.length <= 40)
})

test("125 keys that name prototypes are labels like any other and reach no prototype", () => {
  const hostile = JSON.parse('{"__proto__": "x", "constructor": "y", "a": "z"}') as JsonObject
  const spec = { spec: JSON.parse('{"__proto__": {"type": "ClusterIP"}, "type": "LoadBalancer"}') as JsonObject }
  const cluster = clusterOf(
    serviceObject("a/b", { labels: hostile, annotations: hostile, ...spec }),
    nodeObject("n", hostile),
    networkObject(hostile),
  )
  assert.deepEqual(
    [...serviceIn(cluster, "a/b").labels],
    [
      ["__proto__", "x"],
      ["constructor", "y"],
      ["a", "z"],
    ],
  )
  assert.equal(({} as { type?: string }).type, undefined)
  assert.equal(cluster.problems.filter(({ object }) => object.kind === "Network").length, 3)
})

test("a label that no object can have is told where a pool selects namespaces by it", () => {
  const restriction = { namespaceSelectors: [{ matchLabels: { "team name!": "a" } }] }
  const cluster = clusterOf(poolObject("p", ["10.0.0.0/24"], { serviceAllocation: restriction }))
  assert.equal(onlyProblem(cluster).because, 'no label can be named "team name!"')
  assert.equal(cluster.configuration.pools.get("p" as PoolName)?.fault, "rules")
})

test("an advertisement that is left out whole has its unknown pools told too", () => {
  const spec = { ipAddressPools: ["porhc"], nodeSelectors: "all" }
  const cluster = clusterOf(poolObject("porch", ["10.0.0.0/24"]), advertisementObject("a", spec))
  assert.equal(cluster.configuration.advertisements.length, 0)
  assert.ok(
    cluster.problems.some(({ value, remedy }) => value === "porhc" && remedy === "write porch, if that is meant"),
  )
})

test("an address with a zone keeps its length in the advice", () => {
  assert.equal(onlyProblem(clusterOf(poolObject("p", ["fe80::1%eth0/64"]))).remedy, "write fe80::1/64")
})

test("objects of every kind that are nonsense through and through are told, never thrown", () => {
  const nonsense = [null, 1, "x", [], { a: 1 }, [null], [{ a: null }]]
  for (const spec of nonsense)
    for (const make of [
      poolObject("p", []),
      advertisementObject("a"),
      serviceObject("a/b"),
      sliceObject("a/b", ["n"]),
      nodeObject("n"),
      networkObject({}),
    ])
      clusterOf({
        ...make,
        spec,
        status: spec,
        endpoints: spec,
        metadata: { ...(make["metadata"] as JsonObject), labels: spec, annotations: spec },
      })
})

const rangesOf = (cluster: Cluster, pool: string): readonly string[] =>
  (cluster.configuration.pools.get(pool as PoolName)?.ranges ?? []).map(printRange)

const onlyProblem = ({ problems }: Cluster): Problem => {
  assert.equal(problems.length, 1, JSON.stringify(problems, undefined, 1))
  return problems[0]!
}

const serviceIn = (cluster: Cluster, name: string): NonNullable<ReturnType<Cluster["services"]["get"]>> => {
  const service = cluster.services.get(name as ServiceName)
  assert.ok(service !== undefined)
  return service
}
