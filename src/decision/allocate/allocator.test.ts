import assert from "node:assert/strict"
import { test } from "node:test"
import { parseAddress, printAddress } from "../../net/address.ts"
import {
  advertisementObject,
  clusterOf,
  ledgerObject,
  networkObject,
  poolObject,
  serviceObject,
  type ServiceStory,
  speakerObject,
} from "../../cluster/cluster-fixture.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { ServiceName } from "../../cluster/name.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { settle } from "../settle.ts"
import type { Allocation } from "./allocation.ts"
import { allocate } from "./allocator.ts"

const now = 1_800_000_000

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

test("sharing: the same key and other ports share the lowest address, TCP/53 and UDP/53 are two ports", () => {
  const key = { annotations: { "metallb.io/allow-shared-ip": "dns" } }
  const cluster = clusterOf(
    porch,
    serviceObject("a/tcp", { ...key, ports: ["53/TCP"] }),
    serviceObject("b/udp", { ...key, ports: ["53/UDP"] }),
    serviceObject("c/other", { ...key, ports: ["53/TCP"] }),
  )
  assert.deepEqual(given(cluster), {
    "a/tcp": "192.168.40.200",
    "b/udp": "192.168.40.200",
    "c/other": "192.168.40.201",
  })
})

for (const [rule, ours, theirs] of [
  ["key-missing", {}, { annotations: { "metallb.io/allow-shared-ip": "k" } }],
  [
    "key-differs",
    { annotations: { "metallb.io/allow-shared-ip": "j" } },
    { annotations: { "metallb.io/allow-shared-ip": "k" } },
  ],
  [
    "pods-differ",
    { annotations: { "metallb.io/allow-shared-ip": "k" }, spec: { externalTrafficPolicy: "Local" } },
    { annotations: { "metallb.io/allow-shared-ip": "k" } },
  ],
  [
    "port-taken",
    { annotations: { "metallb.io/allow-shared-ip": "k" }, ports: ["80/TCP"] },
    { annotations: { "metallb.io/allow-shared-ip": "k" }, ports: ["80/TCP"] },
  ],
] as const)
  test(`sharing is refused with the pair and the rule: ${rule}`, () => {
    const wish = {
      annotations: {
        "metallb.io/loadBalancerIPs": "192.168.40.200",
        ...("annotations" in ours ? ours.annotations : {}),
      },
    }
    const cluster = clusterOf(
      porch,
      serviceObject("web/ingress", { ports: ["443/TCP"], ...theirs, has: ["192.168.40.200"] }),
      serviceObject("mail/smtp", { ports: ["25/TCP"], ...ours, ...wish }),
    )
    const smtp = allocationIn(cluster, "mail/smtp")
    assert.ok(smtp.kind === "pending")
    assert.deepEqual(
      smtp.because.map((reason) =>
        reason.code === "sharing-refused" ? [reason.with, reason.refusal.rule] : reason.code,
      ),
      [["web/ingress", rule]],
    )
  })

test("when sharers stop fitting together, the one that changed goes", () => {
  const shared = (name: string, createdAt: string, policy: string): JsonObject =>
    serviceObject(name, {
      createdAt,
      has: ["192.168.40.200"],
      ports: [name === "web/ingress" ? "443/TCP" : "25/TCP"],
      annotations: { "metallb.io/allow-shared-ip": "front" },
      spec: { externalTrafficPolicy: policy },
    })
  const before = [
    shared("web/ingress", "2020-01-01T00:00:00Z", "Cluster"),
    shared("mail/smtp", "2021-01-01T00:00:00Z", "Cluster"),
  ]
  const { ledger } = settle(clusterOf(porch, ...before), now).cluster
  const after = { ...clusterOf(porch, shared("web/ingress", "2020-01-01T00:00:00Z", "Local"), before[1]!), ledger }
  assert.deepEqual(given(after), { "web/ingress": "192.168.40.201", "mail/smtp": "192.168.40.200" })
})

test("addresses that facts give to others are passed over, with whose they are; those who have one keep it", () => {
  const facts = networkObject({
    subnets: [{ name: "lan", cidr: "192.168.40.0/24", dhcp: { ranges: ["192.168.40.100-192.168.40.205"] } }],
    hosts: [{ name: "printer", address: "192.168.40.206" }],
  })
  const cluster = clusterOf(porch, facts, serviceObject("a/had", { has: ["192.168.40.203"] }), serviceObject("a/new"))
  assert.deepEqual(given(cluster), { "a/had": "192.168.40.203", "a/new": "192.168.40.207" })
  const fresh = allocationIn(cluster, "a/new")
  assert.ok(fresh.kind === "given")
  assert.deepEqual(
    fresh.passedOver.map((reason) => reason.code === "reserved" && [printAddress(reason.address), reason.by.name]),
    [
      ["192.168.40.200", "lan"],
      ["192.168.40.206", "printer"],
    ],
  )
  assert.deepEqual(reasons(clusterOf(porch, facts, wishing("a/b", "192.168.40.206")), "a/b"), ["reserved"])
})

test("an address a stranger answers for is not chosen, but kept and given to those who ask for it", () => {
  const seen = speakerObject("n1", [], { contested: [{ address: "192.168.40.200", mac: "52:54:00:00:00:01" }] })
  assert.deepEqual(given(clusterOf(porch, seen, serviceObject("a/b"))), { "a/b": "192.168.40.201" })
  assert.deepEqual(given(clusterOf(porch, seen, serviceObject("a/b", { has: ["192.168.40.200"] }))), {
    "a/b": "192.168.40.200",
  })
  assert.deepEqual(given(clusterOf(porch, seen, wishing("a/b", "192.168.40.200"))), { "a/b": "192.168.40.200" })
})

test("a freed address rests ten minutes, is had at once by a wish, and by anybody where there is no other", () => {
  const freed = ledgerObject("porch-192.168.40.0", "porch", [
    {
      address: "192.168.40.200",
      grant: 7,
      freedAt: "2027-01-15T07:55:00Z",
      owners: [{ service: "old/one", uid: "u" }],
    },
  ])
  const at = Date.parse("2027-01-15T08:00:00Z") / 1000
  assert.deepEqual(given(clusterOf(porch, freed, serviceObject("a/b")), at), { "a/b": "192.168.40.201" })
  assert.deepEqual(given(clusterOf(porch, freed, serviceObject("a/b")), at + 300), { "a/b": "192.168.40.200" })
  assert.deepEqual(given(clusterOf(porch, freed, wishing("a/b", "192.168.40.200")), at), { "a/b": "192.168.40.200" })
  assert.deepEqual(given(clusterOf(poolObject("porch", ["192.168.40.200/32"]), freed, serviceObject("a/b")), at), {
    "a/b": "192.168.40.200",
  })
})

test("a re-created Service gets its old address back, even while it rests", () => {
  const freed = ledgerObject("porch-192.168.40.0", "porch", [
    { address: "192.168.40.205", grant: 7, freedAt: "2027-01-15T07:59:00Z", owners: [{ service: "a/b", uid: "old" }] },
  ])
  const allocation = allocationIn(clusterOf(porch, freed, serviceObject("a/b", { uid: "new" })), "a/b")
  assert.ok(allocation.kind === "given" && allocation.by === "former")
  assert.equal(printAddress(allocation.addresses[0]), "192.168.40.205")
})

test("118 a status that names another's address, or one that no ledger gave, is not believed", () => {
  const ledger = ledgerObject("porch-192.168.40.0", "porch", [
    {
      address: "192.168.40.201",
      grant: 7,
      since: "2027-01-15T07:59:00Z",
      owners: [{ service: "a/owner", uid: "uid of a/owner" }],
    },
  ])
  const cluster = clusterOf(
    porch,
    ledger,
    serviceObject("a/owner", { has: ["192.168.40.201"] }),
    serviceObject("b/thief", { has: ["192.168.40.201"] }),
    serviceObject("c/forger", { has: ["192.168.40.209"] }),
  )
  assert.deepEqual(given(cluster), {
    "a/owner": "192.168.40.201",
    "b/thief": "192.168.40.200",
    "c/forger": "192.168.40.202",
  })
  const thief = allocationIn(cluster, "b/thief")
  assert.ok(thief.kind === "given" && thief.lost?.because[0].code === "not-in-ledger")
})

test("a wiped status is restored from the ledger", () => {
  const ledger = ledgerObject("porch-192.168.40.0", "porch", [
    {
      address: "192.168.40.204",
      grant: 7,
      since: "2027-01-15T07:59:00Z",
      owners: [{ service: "a/b", uid: "uid of a/b" }],
    },
  ])
  const allocation = allocationIn(clusterOf(porch, ledger, serviceObject("a/b")), "a/b")
  assert.deepEqual(
    [allocation.kind, given(clusterOf(porch, ledger, serviceObject("a/b")))],
    ["kept", { "a/b": "192.168.40.204" }],
  )
})

test("a pool that loses a range gives its Services others; one whose range became unreadable takes nothing away", () => {
  const story = { has: ["10.0.0.5"] }
  const { ledger } = settle(clusterOf(poolObject("p", ["10.0.0.0/24"]), serviceObject("a/b", story)), now).cluster
  const moved = { ...clusterOf(poolObject("p", ["10.0.1.0/24"]), serviceObject("a/b", story)), ledger }
  assert.deepEqual(given(moved), { "a/b": "10.0.1.0" })
  const misspelt = {
    ...clusterOf(poolObject("p", ["10.0.0.0/2x", "10.0.1.0/24"]), serviceObject("a/b", story), serviceObject("a/c")),
    ledger,
  }
  assert.deepEqual(given(misspelt), { "a/b": "10.0.0.5", "a/c": "10.0.1.0" })
})

test("a pool whose rules cannot be read gives nothing new and takes nothing away", () => {
  const pool = poolObject("p", ["10.0.0.0/24"], { serviceAllocation: { namespaces: [7] } })
  const cluster = clusterOf(pool, serviceObject("a/b", { has: ["10.0.0.5"] }), serviceObject("a/c"))
  assert.deepEqual(given(cluster), { "a/b": "10.0.0.5", "a/c": undefined })
  assert.deepEqual(reasons(cluster, "a/c"), ["pool-unreadable"])
})

test("a pool that was renamed or split changes nobody's address", () => {
  const { ledger } = settle(
    clusterOf(poolObject("old", ["10.0.0.0/24"]), serviceObject("a/b", { has: ["10.0.0.130"] })),
    now,
  ).cluster
  const split = {
    ...clusterOf(
      poolObject("low", ["10.0.0.0/25"]),
      poolObject("high", ["10.0.0.128/25"]),
      serviceObject("a/b", { has: ["10.0.0.130"] }),
    ),
    ledger,
  }
  const allocation = allocationIn(split, "a/b")
  assert.ok(allocation.kind === "kept" && allocation.pool === "high")
})

test("a wish that changes moves the Service; one that cannot be understood leaves it what it has", () => {
  assert.deepEqual(given(clusterOf(porch, wishing("a/b", "192.168.40.208", { has: ["192.168.40.201"] }))), {
    "a/b": "192.168.40.208",
  })
  const cluster = clusterOf(porch, wishing("a/b", "192.168.40", { has: ["192.168.40.201"] }))
  const allocation = allocationIn(cluster, "a/b")
  assert.ok(allocation.kind === "kept" && allocation.passedOver[0]?.code === "malformed-wish")
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

const porch = poolObject("porch", ["192.168.40.200-192.168.40.219"])

const wishing = (name: string, addresses: string, story: ServiceStory = {}): JsonObject =>
  serviceObject(name, { ...story, annotations: { "metallb.io/loadBalancerIPs": addresses } })

const allocationIn = (cluster: Cluster, name: string): Allocation => allocate(cluster, now).get(name as ServiceName)!

const given = (cluster: Cluster, at = now): Record<string, string | undefined> =>
  Object.fromEntries(
    [...allocate(cluster, at)].map(([name, one]) => [
      name,
      one.kind === "kept" || one.kind === "given" ? one.addresses.map(printAddress).join(" ") : undefined,
    ]),
  )

const reasons = (cluster: Cluster, name: string): readonly string[] => {
  const allocation = allocationIn(cluster, name)
  return allocation.kind === "pending" ? allocation.because.map(({ code }) => code) : [allocation.kind]
}
