import assert from "node:assert/strict"
import { test } from "node:test"
import { parseAddress } from "../../net/address.ts"
import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { objectAt } from "../../kubernetes/json.ts"
import {
  advertisementObject,
  ledgerObject,
  networkObject,
  nodeObject,
  poolObject,
  serviceObject,
  sliceObject,
  speakerObject,
} from "../cluster-fixture.ts"
import type { Knowledge } from "../cluster.ts"
import type { NodeName, PoolName, ServiceName } from "../name.ts"
import { allKinds, createSnapshot, type Snapshot } from "./snapshot.ts"

test("there is nothing to decide on before the first full list of every kind", () => {
  const snapshot = createSnapshot(options)
  for (const kind of allKinds.slice(1)) snapshot.take(kind, { kind: "synced" })
  assert.deepEqual(snapshot.look(), { state: "listing", missing: ["Service"] })
  snapshot.take("Service", { kind: "synced" })
  assert.equal(snapshot.look().state, "complete")
})

test("a heartbeat touches nothing and leaves the Node the same object", () => {
  const { snapshot, complete } = settled(
    nodeObject("n1", { a: "b" }, { conditions: [{ type: "Ready", lastHeartbeatTime: "1" }] }),
  )
  const before = complete.cluster.nodes.get("n1" as NodeName)
  put(snapshot, nodeObject("n1", { a: "b" }, { conditions: [{ type: "Ready", lastHeartbeatTime: "2" }] }))
  const after = look(snapshot)
  assert.equal(after.cluster.nodes.get("n1" as NodeName), before)
  assert.deepEqual(after.touched, { kind: "services", names: new Set() })
})

test("touches the Services whose object, endpoints or ledger entry changed, by name", () => {
  const { snapshot } = settled(
    serviceObject("a/b"),
    serviceObject("a/c"),
    serviceObject("a/d"),
    poolObject("p", ["10.0.0.0/24"]),
    ledgerObject("p-10.0.0.0", "p", []),
  )
  put(snapshot, serviceObject("a/b", { ports: ["81/TCP"] }))
  put(snapshot, sliceObject("a/c", ["n1"]))
  put(
    snapshot,
    ledgerObject("p-10.0.0.0", "p", [
      { address: "10.0.0.1", grant: 1, since: "2026-01-01T00:00:00Z", owners: [{ service: "a/d", uid: "u" }] },
    ]),
  )
  put(snapshot, serviceObject("a/d"))
  assert.deepEqual(look(snapshot).touched, { kind: "services", names: new Set(["a/b", "a/c", "a/d"]) })
})

test("pools, advertisements, namespaces' labels and facts touch everything, but not when they come again unchanged", () => {
  const objects = [
    poolObject("p", ["10.0.0.0/24"]),
    advertisementObject("ad"),
    networkObject({ hosts: [{ name: "h", address: "10.0.0.9" }] }),
    nodeObject("n1"),
  ]
  const { snapshot } = settled(...objects)
  for (const object of objects) {
    put(snapshot, object)
    assert.equal(look(snapshot).touched.kind, "services")
  }
  put(snapshot, poolObject("p", ["10.0.0.0/25"]))
  assert.equal(look(snapshot).touched.kind, "everything")
  put(snapshot, networkObject({ hosts: [] }))
  assert.equal(look(snapshot).touched.kind, "everything")
})

test("a namespace's label opens a pool that selects it", () => {
  const selective = poolObject("p", ["10.0.0.0/24"], {
    serviceAllocation: { namespaceSelectors: [{ matchLabels: { team: "a" } }] },
  })
  const { snapshot, complete } = settled(selective, { kind: "Namespace", metadata: { name: "one" } })
  assert.deepEqual(complete.cluster.configuration.pools.get("p" as PoolName)?.onlyFor?.namespaces, new Set())
  put(snapshot, { kind: "Namespace", metadata: { name: "one", labels: { team: "a" } } })
  assert.deepEqual(
    look(snapshot).cluster.configuration.pools.get("p" as PoolName)?.onlyFor?.namespaces,
    new Set(["one"]),
  )
})

test("a speaker's holds are news but decide nothing; its interfaces touch everything", () => {
  const { snapshot } = settled(speakerObject("n1", [{ name: "eth0", up: true }]))
  put(
    snapshot,
    speakerObject("n1", [{ name: "eth0", up: true }], {
      holds: [{ address: "10.0.0.1", grant: 3, epoch: 7, since: "x" }],
    }),
  )
  const held = look(snapshot)
  assert.deepEqual([held.touched, held.news.reports], [{ kind: "services", names: new Set() }, new Set(["n1"])])
  assert.equal(held.cluster.speakers.get("n1" as NodeName)?.holds.get(parseAddress("10.0.0.1")!)?.epoch, 7)
  put(snapshot, speakerObject("n1", [{ name: "eth0", up: false }]))
  assert.equal(look(snapshot).touched.kind, "everything")
})

test("remembers who was seen deleted, while the ledger still names them; who vanished from a list was not seen", () => {
  const entries = ["a/b", "a/c"].map((service, index) => ({
    address: `10.0.0.${index}`,
    grant: 1,
    since: "2026-01-01T00:00:00Z",
    owners: [{ service, uid: "u" }],
  }))
  const { snapshot } = settled(
    serviceObject("a/b"),
    serviceObject("a/c"),
    serviceObject("a/unknown"),
    ledgerObject("p-10.0.0.0", "p", entries),
  )
  snapshot.take("Service", { kind: "deleted", key: "a/b" })
  snapshot.take("Service", { kind: "deleted", key: "a/unknown" })
  snapshot.take("Service", { kind: "vanished", key: "a/c" })
  const { deleted, touched } = look(snapshot)
  assert.deepEqual(
    [deleted, touched],
    [new Set(["a/b"]), { kind: "services", names: new Set(["a/b", "a/unknown", "a/c"]) }],
  )
  put(snapshot, serviceObject("a/b"))
  assert.equal(look(snapshot).deleted.size, 0)
})

test("an advertisement that becomes unreadable goes on as it was; one that never was readable is left out", () => {
  const { snapshot, complete } = settled(advertisementObject("ad", { interfaces: ["eth0"] }))
  put(snapshot, advertisementObject("ad", { interfaces: [7] }))
  const after = look(snapshot)
  assert.equal(after.cluster.configuration, complete.cluster.configuration)
  assert.ok(after.news.problems && after.cluster.problems.some(({ effect }) => effect === "last-valid-kept"))
  put(snapshot, advertisementObject("ad", { interfaces: ["eth1"] }))
  assert.deepEqual(look(snapshot).cluster.problems, [])
  assert.deepEqual(
    settled(advertisementObject("ad", { interfaces: [7] })).complete.cluster.configuration.advertisements,
    [],
  )
})

test("objects of metallb.io in another namespace are told and left out", () => {
  const elsewhere = poolObject("p", ["10.0.0.0/24"], {}, { namespace: "default" })
  const { cluster } = settled(elsewhere).complete
  assert.deepEqual([cluster.configuration.pools.size, cluster.problems[0]?.remedy], [0, "create it in metallb-system"])
})

test("endpoints: ready, unknown and serving while terminating can serve; a pod in two slices counts once", () => {
  const endpoint = (uid: string, conditions: JsonObject): Json => ({
    addresses: ["10.244.0.1"],
    nodeName: "n1",
    conditions,
    targetRef: { uid },
  })
  const slice = (name: string, endpoints: readonly Json[]): JsonObject => {
    const object = sliceObject("a/b", [])
    return { ...object, metadata: { ...objectAt(object, "metadata"), name }, endpoints }
  }
  const four = slice("b-4", [
    endpoint("1", { ready: true }),
    endpoint("2", {}),
    endpoint("3", { ready: false, serving: true }),
    endpoint("4", { ready: false }),
  ])
  const six = slice("b-6", [endpoint("1", { ready: true }), { addresses: ["fd00::9"], conditions: { ready: true } }])
  const { snapshot, complete } = settled(four, six)
  assert.deepEqual(complete.cluster.endpoints.get("a/b" as ServiceName), {
    serving: new Map([["n1", 3]]),
    terminating: new Set(),
    unplaced: 1,
  })
  snapshot.take("EndpointSlice", { kind: "vanished", key: "a/b-4" })
  assert.deepEqual(look(snapshot).cluster.endpoints.get("a/b" as ServiceName), {
    serving: new Map([["n1", 1]]),
    terminating: new Set(),
    unplaced: 1,
  })
})

test("of two ledgers that name one address the higher grant holds, until that one goes", () => {
  const entry = (grant: number, service: string): JsonObject => ({
    address: "10.0.0.1",
    grant,
    since: "2026-01-01T00:00:00Z",
    owners: [{ service, uid: "u" }],
  })
  const { snapshot, complete } = settled(
    ledgerObject("low", "p", [entry(3, "a/low")]),
    ledgerObject("high", "p", [entry(5, "a/high")]),
  )
  const address = parseAddress("10.0.0.1")!
  assert.equal(complete.cluster.ledger.entries.get(address)?.owners[0].service, "a/high")
  snapshot.take("AddressLedger", { kind: "deleted", key: "high" })
  const { ledger } = look(snapshot).cluster
  assert.equal(ledger.entries.get(address)?.owners[0].service, "a/low")
  assert.deepEqual([...ledger.addressesOf.keys()], ["a/low"])
})

test("a ledger entry that says nothing is left out, and told", () => {
  const { cluster } = settled(
    ledgerObject("p-10.0.0.0", "p", [
      { address: "10.0.0.1" },
      { address: "10.0.0.2", grant: 1, freedAt: "2026-01-01T00:00:00Z", owners: [{ service: "a/b" }] },
    ]),
  ).complete
  assert.deepEqual([cluster.ledger.entries.size, cluster.problems.length], [1, 1])
})

const options = { namespace: "metallb-system", loadBalancerClass: undefined, kinds: allKinds }

type Complete = Knowledge & { readonly state: "complete" }

const put = (snapshot: Snapshot, object: JsonObject): void =>
  snapshot.take(object["kind"] as "Service", { kind: "upserted", object })

const look = (snapshot: Snapshot): Complete => {
  const knowledge = snapshot.look()
  assert.ok(knowledge.state === "complete")
  return knowledge
}

const settled = (...objects: readonly JsonObject[]): { readonly snapshot: Snapshot; readonly complete: Complete } => {
  const snapshot = createSnapshot(options)
  for (const object of objects) put(snapshot, object)
  for (const kind of allKinds) snapshot.take(kind, { kind: "synced" })
  return { snapshot, complete: look(snapshot) }
}
