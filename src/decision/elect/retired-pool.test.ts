/** A pool that goes while its addresses are given: the ledger says who has what, until it frees them. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
  advertisementObject,
  ledgerObject,
  nodeObject,
  poolObject,
  serviceObject,
  sliceObject,
} from "../../cluster/cluster-fixture.ts"
import type { Cluster, KindName, Knowledge } from "../../cluster/cluster.ts"
import type { PoolName } from "../../cluster/name.ts"
import { allKinds, createSnapshot } from "../../cluster/read/snapshot.ts"
import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { ledgerChanges } from "../allocate/ledger-change.ts"
import { brake } from "../allocate/release-brake.ts"
import { createDecider, decide } from "../decide.ts"
import type { Election } from "./election.ts"

const wallSeconds = 1_800_000_000
const numbers = Array.from({ length: 13 }, (_, index) => 150 + index)
const poolKey = "metallb-system/first-pool"

for (const how of ["deleted", "vanished"] as const)
  test(`a pool that is ${how} with 13 addresses given: the release waits, and those who answer go on`, () => {
    const home = createHome()
    const before = home.elections()
    assert.equal(before.length, 13)
    assert.ok(before.every(({ outcome }) => outcome.kind === "ordered" && outcome.order.length === 2))
    home.remove("IPAddressPool", poolKey, how)
    assert.deepEqual(home.elections(), before)
    const { cluster, allocations } = home.last()
    assert.equal(cluster.configuration.pools.size, 0)
    assert.ok([...allocations.values()].every(({ kind }) => kind === "pending"))
    assert.equal(
      brake(cluster, ledgerChanges(cluster, allocations, wallSeconds, undefined), new Set()).held?.services.length,
      13,
    )
  })

test("each advertisement that spoke of the pool goes on to, by its name, its labels, or of all pools", () => {
  for (const spec of [
    { ipAddressPools: ["first-pool"] },
    { ipAddressPoolSelectors: [{ matchLabels: { lan: "home" } }] },
    {},
  ]) {
    const home = createHome(advertisementObject("ad", spec))
    const before = home.elections()
    home.remove("IPAddressPool", poolKey)
    assert.deepEqual(home.elections(), before)
  }
})

test("an address that the ledger frees falls silent, the others go on; the last one takes the memory with it", () => {
  const home = createHome()
  home.remove("IPAddressPool", poolKey)
  home.put(ledgerOf(numbers.slice(1)))
  assert.deepEqual(
    home.elections().map(({ group }) => group.key),
    numbers.slice(1).map((number) => `10.69.1.${number}`),
  )
  home.put(ledgerOf([]))
  assert.deepEqual(home.elections(), [])
  assert.equal(home.last().cluster.configuration.retired.size, 0)
})

test("once the pool is back all is as before, also where it comes back with other ranges", () => {
  const home = createHome()
  const before = home.elections()
  home.remove("IPAddressPool", poolKey)
  home.put(poolObject("first-pool", ["10.69.1.150-10.69.1.165"], {}, { labels: { lan: "home" } }))
  assert.deepEqual(home.elections(), before)
  assert.equal(home.last().cluster.configuration.retired.size, 0)
  home.remove("IPAddressPool", poolKey)
  home.put(poolObject("first-pool", ["10.69.2.0/24"], {}, { labels: { lan: "home" } }))
  assert.deepEqual(home.elections(), before)
})

test("a pool that loses its range while the release waits is silent for nobody", () => {
  const home = createHome()
  const before = home.elections()
  home.put(poolObject("first-pool", ["10.69.2.0/24"], {}, { labels: { lan: "home" } }))
  assert.deepEqual(home.elections(), before)
})

test("a retired pool gives nothing, whoever asks", () => {
  const home = createHome()
  home.remove("IPAddressPool", poolKey)
  home.put(serviceObject("web/new"))
  home.put(serviceObject("web/asks", { annotations: { "metallb.io/loadBalancerIPs": "10.69.1.164" } }))
  home.elections()
  for (const name of ["web/new", "web/asks"])
    assert.equal(home.last().allocations.get(name as never)?.kind, "pending", name)
})

test("a process that never saw the pool goes on too, where advertisements name it or speak of all pools", () => {
  for (const spec of [{ ipAddressPools: ["first-pool"] }, {}]) {
    const home = createHome(advertisementObject("ad", spec))
    const before = home.elections()
    const fresh = createHome(advertisementObject("ad", spec), [])
    assert.deepEqual(fresh.elections(), before)
    fresh.put(ledgerOf([]))
    assert.deepEqual(fresh.elections(), [])
    assert.equal(fresh.last().cluster.configuration.retired.size, 0)
  }
})

test("where they select the pool by labels that process cannot know them: it is silent, and says why", () => {
  const fresh = createHome(
    advertisementObject("ad", { ipAddressPoolSelectors: [{ matchLabels: { lan: "home" } }] }),
    [],
  )
  assert.deepEqual(
    fresh.elections().map(({ outcome }) => outcome.kind === "nobody" && outcome.because),
    numbers.map((number) => [{ code: "pool-gone", service: `web/s${number}`, pool: "first-pool" as PoolName }]),
  )
})

test("a pool that is edited to be for others: who was given an address is answered for until the ledger takes it", () => {
  const home = createHome()
  const before = home.elections()
  const others = { serviceAllocation: { namespaces: ["others"] } }
  home.put(poolObject("first-pool", ["10.69.1.150-10.69.1.165"], others, { labels: { lan: "home" } }))
  assert.deepEqual(home.elections(), before)
  home.put(ledgerOf(numbers.slice(1)))
  assert.equal(home.elections().length, 12)
})

const ledgerOf = (given: readonly number[]): JsonObject =>
  ledgerObject(
    "first-pool-10.69.1.0",
    "first-pool",
    numbers.map((number): Record<string, Json> => {
      const time = "2026-11-21T19:26:00Z"
      const owners = [{ service: `web/s${number}`, uid: `uid of web/s${number}` }]
      const when = given.includes(number) ? { since: time } : { freedAt: time }
      return { address: `10.69.1.${number}`, grant: number, owners, ...when }
    }),
  )

type Home = {
  readonly put: (object: JsonObject) => void
  readonly remove: (kind: KindName, key: string, how?: "deleted" | "vanished") => void
  /** Looks and decides; sorted by key. */
  readonly elections: () => readonly Election[]
  readonly last: () => { readonly cluster: Cluster } & ReturnType<typeof decide>
}

/** Thirteen Services with an address of one pool each, seen as they come; each look is checked against deciding all. */
const createHome = (
  advertisement: JsonObject = advertisementObject("ad"),
  pools: readonly JsonObject[] = [
    poolObject("first-pool", ["10.69.1.150-10.69.1.165"], {}, { labels: { lan: "home" } }),
  ],
): Home => {
  const snapshot = createSnapshot({ namespace: "metallb-system", loadBalancerClass: undefined, kinds: allKinds })
  const decider = createDecider()
  let last: ReturnType<Home["last"]> | undefined
  const put = (object: JsonObject): void => snapshot.take(object["kind"] as KindName, { kind: "upserted", object })
  for (const object of [...pools, advertisement, nodeObject("n1"), nodeObject("n2"), ledgerOf(numbers)]) put(object)
  for (const number of numbers) {
    put(serviceObject(`web/s${number}`, { has: [`10.69.1.${number}`] }))
    put(sliceObject(`web/s${number}`, ["n1"]))
  }
  for (const kind of allKinds) snapshot.take(kind, { kind: "synced" })
  const complete = (knowledge: Knowledge): Knowledge & { readonly state: "complete" } => {
    assert.ok(knowledge.state === "complete")
    return knowledge
  }
  return {
    put,
    remove: (kind, key, how = "deleted") => snapshot.take(kind, { kind: how, key }),
    elections: () => {
      const { cluster, touched } = complete(snapshot.look())
      const { allocations, elections } = decider.decide(cluster, touched, wallSeconds)
      assert.deepEqual({ allocations, elections }, decide(cluster, wallSeconds))
      last = { cluster, allocations, elections }
      return structuredClone([...elections.values()].sort((a, b) => (a.group.key < b.group.key ? -1 : 1)))
    },
    last: () => last!,
  }
}
