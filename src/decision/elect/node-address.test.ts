import assert from "node:assert/strict"
import { test } from "node:test"
import {
  advertisementObject,
  clusterOf,
  nodeObject,
  poolObject,
  serviceObject,
  sliceObject,
} from "../../cluster/cluster-fixture.ts"
import type { KindName } from "../../cluster/cluster.ts"
import { createSnapshot } from "../../cluster/read/snapshot.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { textAt } from "../../kubernetes/json.ts"
import { printAddress } from "../../net/address.ts"
import type { Election } from "./election.ts"
import { createElector, elect } from "./elector.ts"

test("a node's own address is announced by nobody, whoever was given it; a Service's other address is", () => {
  const addresses = [{ type: "InternalIP", address: "192.0.2.10" }]
  const inPool = nodeObject("worker-9", {}, { addresses })
  assert.deepEqual(silentIn(electionIn(inPool, ...running(["192.0.2.10"]))), [
    { code: "node-address", service: "a/b", node: "worker-9" },
  ])
  const both = electionIn(inPool, ...running(["192.0.2.10", "2001:db8::1"]))
  assert.deepEqual(both.group.addresses.map(printAddress), ["2001:db8::1"])
  assert.equal(both.outcome.kind, "ordered")
})

test("a node that gets an address which is announced silences it, and frees it as it gets another", () => {
  const snapshot = createSnapshot({ namespace: "metallb-system", loadBalancerClass: undefined, kinds: [] })
  const put = (...objects: readonly JsonObject[]): void => {
    for (const object of objects) snapshot.take(textAt(object, "kind") as KindName, { kind: "upserted", object })
  }
  const elector = createElector()
  const order = (): number => {
    const knowledge = snapshot.look()
    assert.ok(knowledge.state === "complete")
    const { elections } = elector.decide(knowledge.cluster, knowledge.touched)
    const { outcome } = [...elections.values()][0]!
    return outcome.kind === "ordered" ? outcome.order.length : 0
  }
  const addressed = (address: string): JsonObject =>
    nodeObject("worker-1", {}, { addresses: [{ type: "InternalIP", address }] })
  put(...lan, ...running(["192.0.2.10"]))
  assert.equal(order(), 3)
  put(addressed("192.0.2.10"))
  assert.equal(order(), 0)
  put(addressed("192.0.2.11"))
  assert.equal(order(), 3)
})

const lan: readonly JsonObject[] = [
  poolObject("p", ["192.0.2.0/24", "2001:db8::/64"]),
  advertisementObject("ad"),
  ...["worker-1", "worker-2", "worker-3"].map((name) => nodeObject(name)),
]

/** A Service with a ready pod, and these addresses. */
const running = (has: readonly string[]): readonly JsonObject[] => [
  serviceObject("a/b", { has }),
  sliceObject("a/b", ["worker-1"]),
]

const electionIn = (...objects: readonly JsonObject[]): Election => {
  const elections = [...elect(clusterOf(...lan, ...objects)).values()]
  assert.equal(elections.length, 1)
  return elections[0]!
}

const silentIn = ({ outcome }: Election): unknown => (outcome.kind === "nobody" ? outcome.because : outcome.kind)
