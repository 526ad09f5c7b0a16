import assert from "node:assert/strict"
import { test } from "node:test"
import { parseAddress, printAddress } from "../../net/address.ts"
import {
  advertisementObject,
  clusterOf,
  ledgerObject,
  nodeObject,
  poolObject,
  serviceObject,
  type ServiceStory,
  sliceObject,
  speakerObject,
} from "../../cluster/cluster-fixture.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { NodeName } from "../../cluster/name.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { elect } from "./elector.ts"
import { createRanking, electionDigest } from "./ranking.ts"
import type { Bar, Election } from "./election.ts"
import { interfacesFor, whyNot } from "./why-not.ts"

/** MetalLB's rule; the first of these are asserted by its own tests too. */
for (const [address, nodes, order] of [
  ["10.0.0.1", "node-a node-b node-c", "node-b node-a node-c"],
  ["10.0.0.2", "node-a node-b node-c", "node-b node-c node-a"],
  ["10.20.30.1", "iris1 iris2", "iris2 iris1"],
  ["10.20.30.2", "iris1 iris2", "iris1 iris2"],
  ["10.20.30.1", "edge-a edge-b worker-a worker-b", "edge-b worker-a edge-a worker-b"],
  ["10.20.30.1", "node-a node-b", "node-b node-a"],
  ["192.0.2.10", "worker-1 worker-2 worker-3", "worker-2 worker-3 worker-1"],
  ["192.0.2.11", "worker-1 worker-2 worker-3", "worker-1 worker-2 worker-3"],
  ["192.0.2.12", "worker-1 worker-2 worker-3", "worker-3 worker-1 worker-2"],
  ["2001:db8::10", "worker-1 worker-2 worker-3", "worker-1 worker-2 worker-3"],
] as const)
  test(`orders ${nodes} for ${address} as MetalLB does`, () => {
    const ranking = createRanking()
    const names = nodes.split(" ") as NodeName[]
    ranking.slots(names)
    assert.equal([...ranking.order(parseAddress(address)!)].map(ranking.nodeAt).join(" "), order)
  })

test("hashes node#address with SHA-256", () => {
  const hex = (node: string): string => Buffer.from(electionDigest(node as NodeName, "10.0.0.1")).toString("hex")
  assert.equal(hex("node-a"), "dd41591fe8f31f9f38e297fe9892a8eff47892ea017c4167619a62f366fb8149")
  assert.equal(hex("node-b"), "2acae88581fd8b477d8abf5bd882a2094b0c9631507ebc7770a5682a13cd71f1")
})

test("a node that joins or goes leaves the others in their order, known or not known before", () => {
  const names = Array.from({ length: 40 }, (_, index) => `n${index}` as NodeName)
  const address = parseAddress("10.0.0.1")!
  const fresh = createRanking()
  fresh.slots(names)
  const grown = createRanking()
  for (const name of names) {
    grown.slots([name])
    grown.order(address)
  }
  grown.slots(names)
  const order = (ranking: typeof fresh): readonly string[] => [...ranking.order(address)].map(ranking.nodeAt)
  assert.deepEqual(order(grown), order(fresh))
})

test("nobody answers without a ready pod, and every Service says why", () => {
  assert.deepEqual(because(lan(serviceObject("a/b", { has: ["10.0.0.1"] }))), [
    { code: "no-endpoints", service: "a/b" },
  ])
})

test("without an advertisement for the pool nobody answers", () => {
  const silent = (ad: JsonObject): unknown =>
    because(clusterOf(pool, ad, ...nodes, ...running("a/b", { has: ["10.0.0.1"] })))
  assert.deepEqual(silent(advertisementObject("ad", { ipAddressPools: ["other"] })), [
    { code: "no-advertisement", service: "a/b", pool: "p" },
  ])
  assert.deepEqual(silent(advertisementObject("ad", { serviceSelectors: [{ matchLabels: { a: "b" } }] })), [
    { code: "not-advertised", service: "a/b", pool: "p" },
  ])
})

test("a sharing annotation and serviceSelectors exclude each other, as in MetalLB", () => {
  const ad = advertisementObject("ad", { serviceSelectors: [{ matchLabels: { a: "b" } }] })
  const story = { has: ["10.0.0.1"], labels: { a: "b" }, annotations: { "metallb.io/allow-shared-ip": "" } }
  assert.deepEqual(because(clusterOf(pool, ad, ...nodes, ...running("a/b", story))), [
    { code: "shared-with-service-selectors", service: "a/b", advertisement: "ad" },
  ])
})

test("what bars a node is said with its cause", () => {
  const cluster = clusterOf(
    pool,
    advertisementObject("ad", {
      nodeSelectors: [{ matchExpressions: [{ key: "zone", operator: "NotIn", values: ["cellar"] }] }],
      interfaces: ["lan0"],
    }),
    nodeObject("good"),
    nodeObject("excluded", { "node.kubernetes.io/exclude-from-external-load-balancers": "" }),
    nodeObject("unrouted", {}, { conditions: [{ type: "NetworkUnavailable", status: "True" }] }),
    nodeObject("cellar", { zone: "cellar" }),
    nodeObject("down"),
    nodeObject("slave"),
    nodeObject("wifi"),
    nodeObject("drained", {}, {}, { "porchlight.dev/drain": "true" }),
    speakerObject("good", [{ name: "lan0", up: true, addresses: ["10.0.0.99/24"] }]),
    speakerObject("down", [{ name: "lan0", up: false }]),
    speakerObject("slave", [
      { name: "lan0", up: true, master: "br0" },
      { name: "br0", up: true },
    ]),
    speakerObject("wifi", [{ name: "wlan0", up: true }]),
    ...running("a/b", { has: ["10.0.0.1"] }),
  )
  const election = only(cluster)
  assert.deepEqual(orderOf(election), ["good"])
  assert.deepEqual(
    Object.fromEntries([...cluster.nodes.keys(), "gone"].map((node) => [node, bars(cluster, election, node)])),
    {
      good: "first",
      excluded: [{ code: "excluded" }],
      unrouted: [{ code: "network-unavailable" }],
      cellar: [{ code: "not-selected", service: "a/b", advertisements: ["ad"] }],
      down: [{ code: "interface-down", interfaces: ["lan0"] }],
      slave: [{ code: "interface-enslaved", interface: "lan0", master: "br0" }],
      wifi: [{ code: "no-interface", wanted: ["lan0"] }],
      drained: [{ code: "leaving" }],
      gone: [{ code: "unknown-node" }],
    },
  )
})

test("a Local Service is answered for where its ready pods are", () => {
  const local = { has: ["192.0.2.10"], spec: { externalTrafficPolicy: "Local" } }
  const cluster = lan(serviceObject("a/b", local), sliceObject("a/b", ["worker-1", "worker-3"]))
  assert.deepEqual(orderOf(only(cluster)), ["worker-3", "worker-1"])
  assert.deepEqual(bars(cluster, only(cluster), "worker-2"), [{ code: "no-local-endpoint", service: "a/b" }])
})

test("a node whose pods all terminate gives way to one with a ready pod, and serves on where there is none", () => {
  const local = { has: ["192.0.2.10"], spec: { externalTrafficPolicy: "Local" } }
  const terminating = { ready: false, serving: true, terminating: true }
  const pods = (...conditions: readonly JsonObject[]): Cluster =>
    lan(
      serviceObject("a/b", local),
      withEndpoints(
        sliceObject("a/b", []),
        conditions.map((condition, index) => pod(`worker-${index + 1}`, index, condition)),
      ),
    )
  const moving = pods(terminating, {}, terminating)
  assert.deepEqual(orderOf(only(moving)), ["worker-2"])
  assert.deepEqual(bars(moving, only(moving), "worker-1"), [{ code: "no-local-endpoint", service: "a/b" }])
  assert.deepEqual(orderOf(only(pods(terminating, { ready: false }, terminating))), ["worker-3", "worker-1"])
  assert.deepEqual(orderOf(only(pods({ ...terminating, ready: true }))), ["worker-1"])
})

test("a pod that terminates on a node that may not be replaced does not silence the address", () => {
  const cluster = lan(
    serviceObject("a/b", { has: ["192.0.2.10"], spec: { externalTrafficPolicy: "Local" } }),
    nodeObject("worker-2", { "node.kubernetes.io/exclude-from-external-load-balancers": "" }),
    withEndpoints(sliceObject("a/b", []), [
      pod("worker-1", 0, { ready: false, serving: true, terminating: true }),
      pod("worker-2", 1, { ready: true }),
    ]),
  )
  assert.deepEqual(orderOf(only(cluster)), ["worker-1"])
})

test("preference comes before the network, the network before the hash", () => {
  const link = (address: string): readonly JsonObject[] => [{ name: "eth0", up: true, addresses: [address] }]
  const cluster = clusterOf(
    pool,
    advertisementObject("ad", {
      preferredNodeSelectors: [
        { weight: 10, preference: { matchLabels: { fast: "yes" } } },
        { weight: 5, preference: {} },
      ],
    }),
    nodeObject("worker-1", { fast: "yes" }),
    nodeObject("worker-2"),
    nodeObject("worker-3"),
    speakerObject("worker-1", link("172.16.0.1/24")),
    speakerObject("worker-2", link("172.16.0.2/24")),
    speakerObject("worker-3", link("192.0.2.3/24")),
    ...running("a/b", { has: ["192.0.2.10"] }),
  )
  const election = only(cluster)
  assert.deepEqual(election.outcome, {
    kind: "ordered",
    order: [
      { node: "worker-1", score: 15 },
      { node: "worker-3", score: 5 },
      { node: "worker-2", score: 5 },
    ],
  })
  assert.deepEqual(whyNot(cluster, election, "worker-3" as NodeName), {
    kind: "behind",
    behind: { node: "worker-1", by: "preference" },
  })
  assert.deepEqual(whyNot(cluster, election, "worker-2" as NodeName), {
    kind: "behind",
    behind: { node: "worker-3", by: "subnet" },
  })
})

test("a node that is on Wi-Fi only stands behind those on a cable, and says why", () => {
  const link = (name: string, wireless: boolean): JsonObject => ({
    name,
    up: true,
    wireless,
    addresses: ["192.0.2.1/24"],
  })
  const cluster = clusterOf(
    pool,
    advertisementObject("ad", {}),
    nodeObject("worker-1"),
    nodeObject("worker-2"),
    nodeObject("worker-3"),
    ...running("a/b", { has: ["192.0.2.10"] }),
  )
  const [best, second, last] = orderOf(only(cluster))
  const onRadio = lan(
    speakerObject(best!, [link("wlan0", true)]),
    speakerObject(second!, [link("wlan0", true), link("eth0", false)]),
    speakerObject(last!, [link("eth0", false)]),
    ...running("a/b", { has: ["192.0.2.10"] }),
  )
  assert.deepEqual(orderOf(only(onRadio)), [second, last, best])
  assert.deepEqual(whyNot(onRadio, only(onRadio), best as NodeName), {
    kind: "behind",
    behind: { node: last, by: "cable" },
  })
})

test("a Speaker object that was just made says nothing of interfaces, and bars nobody", () => {
  const fresh: JsonObject = { apiVersion: "porchlight.dev/v1alpha1", kind: "Speaker", metadata: { name: "worker-1" } }
  assert.equal(orderOf(only(lan(fresh, ...running("a/b", { has: ["192.0.2.10"] })))).length, 3)
  const bare = speakerObject("worker-1", [])
  assert.equal(orderOf(only(lan(bare, ...running("a/b", { has: ["192.0.2.10"] })))).length, 2)
})

test("where only drained nodes could answer, they go on", () => {
  const drained = [1, 2].map((number) => nodeObject(`n${number}`, {}, {}, { "porchlight.dev/drain": "true" }))
  assert.equal(
    orderOf(only(clusterOf(pool, advertisementObject("ad"), ...drained, ...running("a/b", { has: ["10.0.0.1"] }))))
      .length,
    2,
  )
})

test("Services that share an address are one group: named by the oldest, answered for where all may", () => {
  const shared = (createdAt: string, port: string): ServiceStory => ({
    createdAt,
    ports: [port],
    has: ["192.0.2.10"],
    annotations: { "metallb.io/allow-shared-ip": "k" },
    spec: { externalTrafficPolicy: "Local", selector: { app: "x" } },
  })
  const pair = [
    serviceObject("b/young", shared("2026-02-01T00:00:00Z", "443/TCP")),
    serviceObject("c/old", shared("2026-01-01T00:00:00Z", "80/TCP")),
  ]
  const cluster = lan(
    ...pair,
    sliceObject("b/young", ["worker-1", "worker-2"]),
    sliceObject("c/old", ["worker-2", "worker-3"]),
  )
  assert.deepEqual(only(cluster).group.services, ["c/old", "b/young"])
  assert.deepEqual(orderOf(only(cluster)), ["worker-2"])
  const apart = lan(...pair, sliceObject("b/young", ["worker-1"]), sliceObject("c/old", ["worker-3"]))
  assert.deepEqual(because(apart), [{ code: "candidates-disjoint", services: ["c/old", "b/young"] }])
  const half = lan(...pair, sliceObject("c/old", ["worker-3"]))
  assert.deepEqual(orderOf(only(half)), ["worker-3"], "one without pods does not silence the other")
})

test("both families of a Service go together, the first address in its status is the ballot", () => {
  const story = {
    has: ["2001:db8::10", "192.0.2.10"],
    clusterIPs: ["10.96.0.1", "fd00::1"],
    spec: { ipFamilyPolicy: "PreferDualStack" },
  }
  const election = only(lan(...running("a/b", story)))
  assert.deepEqual(election.group.addresses.map(printAddress), ["2001:db8::10", "192.0.2.10"])
  assert.deepEqual(orderOf(election), ["worker-1", "worker-2", "worker-3"])
})

test("an address that a status names but the ledger does not give is nobody's to announce; its grant is the ledger's", () => {
  const ledger = ledgerObject("p-10.0.0.0", "p", [
    { address: "10.0.0.1", grant: 42, since: "2027-01-01T00:00:00Z", owners: [{ service: "a/b", uid: "uid of a/b" }] },
  ])
  const cluster = clusterOf(
    pool,
    ledger,
    advertisementObject("ad"),
    ...nodes,
    ...running("a/b", { has: ["10.0.0.1"] }),
    ...running("x/forger", { has: ["10.0.0.1"] }),
    ...running("x/other", { has: ["10.0.0.9"] }),
  )
  assert.deepEqual(only(cluster).group, {
    key: "10.0.0.1",
    services: ["a/b"],
    addresses: [parseAddress("10.0.0.1")],
    grant: 42,
    moveTo: undefined,
  })
})

test("an address whose status was wiped stays known, with nobody to answer: its grant is not over", () => {
  const ledger = ledgerObject("p-10.0.0.0", "p", [
    { address: "10.0.0.1", grant: 42, since: "2027-01-01T00:00:00Z", owners: [{ service: "a/b", uid: "uid of a/b" }] },
  ])
  assert.deepEqual(because(clusterOf(pool, ledger, advertisementObject("ad"), ...nodes, ...running("a/b"))), [
    { code: "not-in-status", service: "a/b" },
  ])
})

test("a Service's wish to move is handed on, whether or not that node may", () => {
  assert.equal(
    only(lan(...running("a/b", { has: ["10.0.0.1"], annotations: { "porchlight.dev/move-to": "nowhere" } }))).group
      .moveTo,
    "nowhere",
  )
})

test("interfaces are the union of what the advertisements of that node allow", () => {
  const ads = [
    advertisementObject("a", { interfaces: ["eth0"] }),
    advertisementObject("b", { interfaces: ["eth1"], nodeSelectors: [{ matchLabels: { b: "b" } }] }),
  ]
  const cluster = clusterOf(
    pool,
    ...ads,
    nodeObject("n1"),
    nodeObject("n2", { b: "b" }),
    ...running("a/b", { has: ["10.0.0.1"] }),
  )
  assert.deepEqual(interfacesFor(cluster, only(cluster), "n1" as NodeName), new Set(["eth0"]))
  assert.deepEqual(interfacesFor(cluster, only(cluster), "n2" as NodeName), new Set(["eth0", "eth1"]))
})

const pool = poolObject("p", ["10.0.0.0/24", "192.0.2.0/24", "2001:db8::/64"])
const nodes = ["worker-1", "worker-2", "worker-3"].map((name) => nodeObject(name))

const lan = (...objects: readonly JsonObject[]): Cluster =>
  clusterOf(pool, advertisementObject("ad"), ...nodes, ...objects)

const withEndpoints = (slice: JsonObject, endpoints: readonly JsonObject[]): JsonObject => ({ ...slice, endpoints })

const pod = (nodeName: string, index: number, conditions: JsonObject): JsonObject => ({
  addresses: [`10.244.${index}.7`],
  nodeName,
  conditions,
})

/** A Service with a ready pod. */
const running = (name: string, story: ServiceStory = {}): readonly JsonObject[] => [
  serviceObject(name, story),
  sliceObject(name, ["worker-1"]),
]

const only = (cluster: Cluster): Election => {
  const elections = [...elect(cluster).values()]
  assert.equal(elections.length, 1)
  return elections[0]!
}

const orderOf = ({ outcome }: Election): readonly string[] =>
  outcome.kind === "ordered" ? outcome.order.map(({ node }) => node) : []

const because = (cluster: Cluster): unknown => {
  const { outcome } = only(cluster)
  return outcome.kind === "nobody" ? outcome.because : outcome.kind
}

const bars = (cluster: Cluster, election: Election, node: string): readonly Bar[] | string => {
  const why = whyNot(cluster, election, node as NodeName)
  return why.kind === "barred" ? why.bars : why.kind
}
