import assert from "node:assert/strict"
import { test } from "node:test"
import { printAddress } from "../../net/address.ts"
import {
  clusterOf,
  ledgerObject,
  networkObject,
  nodeObject,
  poolObject,
  serviceObject,
  speakerObject,
} from "../../cluster/cluster-fixture.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { settle } from "../settle.ts"
import { allocationIn, given, now, porch, reasons, wishing } from "./allocation-fixture.ts"

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

test("a node's own address is passed over and refused to a wish; who has it from elsewhere keeps it", () => {
  const node = nodeObject("n1", {}, { addresses: [{ type: "InternalIP", address: "192.168.40.200" }] })
  const fresh = allocationIn(clusterOf(porch, node, serviceObject("a/new")), "a/new")
  assert.ok(fresh.kind === "given")
  assert.deepEqual(fresh.addresses.map(printAddress), ["192.168.40.201"])
  assert.deepEqual(
    fresh.passedOver.map((reason) => reason.code === "reserved" && [reason.by.kind, reason.by.name]),
    [["node", "n1"]],
  )
  assert.deepEqual(reasons(clusterOf(porch, node, wishing("a/b", "192.168.40.200")), "a/b"), ["reserved"])
  const had = clusterOf(porch, node, serviceObject("a/had", { has: ["192.168.40.200"] }))
  assert.deepEqual(given(had), { "a/had": "192.168.40.200" })
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
