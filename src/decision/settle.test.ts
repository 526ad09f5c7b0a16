import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { printAddress } from "../net/address.ts"
import { clusterOf, ledgerObject, poolObject, serviceObject } from "../cluster/cluster-fixture.ts"
import type { Cluster } from "../cluster/cluster.ts"
import { givenPoolAnnotation } from "../cluster/read/annotation.ts"
import { printLedgerSpec } from "../cluster/read/ledger.ts"
import { allKinds, createSnapshot } from "../cluster/read/snapshot.ts"
import type { JsonObject } from "../kubernetes/http.ts"
import { objectAt, textAt } from "../kubernetes/json.ts"
import type { Allocation } from "./allocate/allocation.ts"
import { createDecider, decide } from "./decide.ts"
import { generatedStory, objectsOf, type Story } from "./generated-cluster.ts"
import { apply, settle } from "./settle.ts"

const now = 1_800_000_000
const runs = { numRuns: 200 }

test("settling twice changes nothing, and takes few rounds", () => {
  fc.assert(
    fc.property(generatedStory, generatedStory, (first, second) => {
      const { cluster, rounds } = settle(changed(first, second), now)
      assert.ok(rounds <= 4, `${rounds} rounds`)
      assert.equal(settle(cluster, now).cluster, cluster)
    }),
    runs,
  )
})

test("applying in memory equals writing, storing and reading", () => {
  fc.assert(
    fc.property(generatedStory, (story) => {
      const objects = objectsOf(story)
      const before = clusterOf(...objects)
      const after = apply(before, decide(before, now).allocations, now)
      const stored = clusterOf(...objects.map((object) => withStatus(object, after, before)), ...ledgerObjects(after))
      assert.deepEqual(stored.services, after.services)
      assert.deepEqual(stored.ledger.entries, after.ledger.entries)
      assert.deepEqual(stored.ledger.addressesOf, after.ledger.addressesOf)
    }),
    runs,
  )
})

test("deciding what was touched equals deciding all, after every history", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(generatedStory, fc.nat(), fc.boolean()), { minLength: 2, maxLength: 5 }),
      (history) => {
        const snapshot = createSnapshot({ namespace: "metallb-system", loadBalancerClass: undefined, kinds: allKinds })
        const decider = createDecider()
        for (const kind of allKinds) snapshot.take(kind, { kind: "synced" })
        history.forEach(([story, pick, write], step) => {
          const objects = step === 0 ? objectsOf(story) : someOf(story, pick)
          for (const object of objects) snapshot.take(object["kind"] as "Service", { kind: "upserted", object })
          if (pick % 3 === 0 && step > 0) snapshot.take("Service", { kind: "deleted", key: keyOf(story.services[0]) })
          if (pick % 7 < 3 && step > 0)
            for (const pool of story.pools.slice(pick % 2))
              snapshot.take("IPAddressPool", { kind: "vanished", key: keyOf(pool) })
          const looked = snapshot.look()
          assert.ok(looked.state === "complete")
          const kept = decider.decide(looked.cluster, looked.touched, now + step * 400)
          const fresh = decide(looked.cluster, now + step * 400)
          assert.deepEqual(kept.allocations, fresh.allocations)
          assert.deepEqual(kept.elections, fresh.elections)
          if (!write) return
          const after = apply(looked.cluster, kept.allocations, now + step * 400)
          for (const object of [
            ...ledgerObjects(after),
            ...objects.filter(isService).map((object) => withStatus(object, after, looked.cluster)),
          ])
            snapshot.take(object["kind"] as "Service", { kind: "upserted", object })
        })
      },
    ),
    runs,
  )
})

test("a ledger that begins to speak of a block ends the adoption of every status in it", () => {
  const snapshot = createSnapshot({ namespace: "metallb-system", loadBalancerClass: undefined, kinds: allKinds })
  for (const kind of allKinds) snapshot.take(kind, { kind: "synced" })
  const decider = createDecider()
  const look = (object: JsonObject): void => {
    snapshot.take(object["kind"] as "Service", { kind: "upserted", object })
    const looked = snapshot.look()
    assert.ok(looked.state === "complete")
    const { allocations, elections } = decider.decide(looked.cluster, looked.touched, now)
    assert.deepEqual({ allocations, elections }, decide(looked.cluster, now))
  }
  look(poolObject("p", ["10.0.0.0/24"]))
  look(serviceObject("a/stays", { has: ["10.0.0.7"] }))
  look(ledgerObject("p-10.0.0.0", "p", []))
})

test("what did not change is the same object", () => {
  const snapshot = createSnapshot({ namespace: "metallb-system", loadBalancerClass: undefined, kinds: allKinds })
  for (const kind of allKinds) snapshot.take(kind, { kind: "synced" })
  const take = (object: JsonObject): void => snapshot.take(object["kind"] as "Service", { kind: "upserted", object })
  take(poolObject("p", ["10.0.0.0/24"]))
  for (const name of ["a/x", "a/y"]) take(serviceObject(name, { has: [name === "a/x" ? "10.0.0.0" : "10.0.0.1"] }))
  const decider = createDecider()
  const first = snapshot.look()
  assert.ok(first.state === "complete")
  const allocations = new Map<string, Allocation>(decider.decide(first.cluster, first.touched, now).allocations)
  take(serviceObject("a/x", { has: ["10.0.0.0"], ports: ["81/TCP"] }))
  const second = snapshot.look()
  assert.ok(second.state === "complete")
  const again = decider.decide(second.cluster, { kind: "everything" }, now)
  for (const [name, allocation] of again.allocations) assert.equal(allocation, allocations.get(name))
  assert.deepEqual([again.changed.services.size, again.changed.groups.size], [0, 0])
})

/** The second story upon the ledger and status that the first one led to. */
const changed = (first: Story, second: Story): Cluster => {
  const settled = settle(clusterOf(...objectsOf(first)), now - 300).cluster
  const next = clusterOf(...objectsOf(second))
  const services = new Map(
    [...next.services].map(([name, service]) => [
      name,
      { ...service, reported: settled.services.get(name)?.reported ?? service.reported },
    ]),
  )
  return { ...next, services, ledger: settled.ledger }
}

const isService = (object: JsonObject): boolean => object["kind"] === "Service"

const keyOf = (object: JsonObject | undefined): string =>
  `${textAt(object, "metadata", "namespace")}/${textAt(object, "metadata", "name")}`

/** One Service, now and then all that surrounds it. */
const someOf = (story: Story, pick: number): readonly JsonObject[] => {
  const one = story.services[pick % Math.max(1, story.services.length)]
  return [
    ...(one === undefined ? [] : [one]),
    ...(pick % 4 === 0 ? story.pools : []),
    ...(pick % 5 === 0 ? story.surroundings : []),
  ]
}

/** A Service as a controller's status write leaves it. */
const withStatus = (object: JsonObject, after: Cluster, before: Cluster): JsonObject => {
  const name = keyOf(object) as Parameters<Cluster["services"]["get"]>[0]
  const service = after.services.get(name)
  if (!isService(object) || service === undefined || service === before.services.get(name)) return object
  const metadata = objectAt(object, "metadata")
  const { [givenPoolAnnotation]: _, ...annotations } = objectAt(metadata, "annotations")
  const pool = service.reportedPool === undefined ? {} : { [givenPoolAnnotation]: service.reportedPool }
  return {
    ...object,
    metadata: { ...metadata, annotations: { ...annotations, ...pool } },
    status: {
      loadBalancer: { ingress: service.reported.map((address) => ({ ip: printAddress(address), ipMode: "VIP" })) },
    },
  }
}

const ledgerObjects = (cluster: Cluster): readonly JsonObject[] =>
  [...cluster.ledger.objects.values()].map((ledger) => ({
    apiVersion: "porchlight.dev/v1alpha1",
    kind: "AddressLedger",
    metadata: { name: ledger.name },
    spec: printLedgerSpec(ledger),
  }))
