import assert from "node:assert/strict"
import { test } from "node:test"
import { parseAddress, printAddress } from "../../net/address.ts"
import {
  clusterOf,
  ledgerObject,
  poolObject,
  serviceObject,
  type ServiceStory,
  speakerObject,
} from "../../cluster/cluster-fixture.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { LedgerEntry } from "../../cluster/ledger.ts"
import type { ServiceName } from "../../cluster/name.ts"
import { apply, settle } from "../settle.ts"
import { allocate } from "./allocator.ts"
import { ledgerChanges, ledgerWrites, rememberSeconds } from "./ledger-change.ts"
import { brake } from "./release-brake.ts"

const now = 1_800_000_000

test("a first giving is written with a grant above the clock at which its ledger began", () => {
  const entry = entryAt(settle(clusterOf(pool, serviceObject("a/b")), now).cluster, "10.0.0.0")
  assert.deepEqual(entry, {
    state: "given",
    address: parseAddress("10.0.0.0"),
    pool: "p",
    grant: now + 1,
    since: now,
    by: "choice",
    owners: [{ service: "a/b", uid: "uid of a/b", terms: "" }],
  })
})

test("what MetalLB gave is adopted as it stands", () => {
  const { cluster } = settle(clusterOf(pool, serviceObject("a/b", { has: ["10.0.0.7"] })), now)
  assert.equal(entryAt(cluster, "10.0.0.7")?.state, "given")
  assert.equal(byAt(cluster, "10.0.0.7"), "adopted")
})

test("why an address was given is written once, and told as long as nobody joins or leaves", () => {
  const wished = serviceObject("a/b", { annotations: { "metallb.io/loadBalancerIPs": "10.0.0.5" } })
  const had = settle(clusterOf(pool, wished, serviceObject("a/c")), now).cluster
  assert.deepEqual([byAt(had, "10.0.0.5"), byAt(had, "10.0.0.0")], ["wish", "choice"])
  const kept = later(had, [serviceObject("a/b"), serviceObject("a/c")], 60)
  const allocation = allocate(kept, now + 120).get("a/b" as ServiceName)
  assert.deepEqual(allocation?.kind === "kept" && allocation.giving, { by: "wish", since: now })
  const back = later(later(kept, [serviceObject("a/c")], 120), [serviceObject("a/b"), serviceObject("a/c")], 180)
  assert.equal(byAt(back, "10.0.0.5"), "former")
  const one = settle(clusterOf(pool, sharing("a/one", "80/TCP")), now).cluster
  const two = later(one, [sharing("a/one", "80/TCP"), sharing("a/two", "81/TCP")], 10)
  assert.deepEqual([byAt(one, "10.0.0.0"), byAt(two, "10.0.0.0")], ["choice", undefined])
})

test("joining or leaving a share raises no grant; passing to somebody else does", () => {
  const one = settle(clusterOf(pool, sharing("a/one", "80/TCP")), now).cluster
  const grant = entryAt(one, "10.0.0.0")!.grant
  const two = later(one, [sharing("a/one", "80/TCP"), sharing("a/two", "81/TCP")], 10)
  assert.deepEqual([entryAt(two, "10.0.0.0")!.grant, ownersAt(two, "10.0.0.0")], [grant, ["a/one", "a/two"]])
  const left = later(two, [sharing("a/two", "81/TCP")], 20)
  assert.deepEqual([entryAt(left, "10.0.0.0")!.grant, ownersAt(left, "10.0.0.0")], [grant, ["a/two"]])
  const passed = later(
    left,
    [serviceObject("b/other", { annotations: { "metallb.io/loadBalancerIPs": "10.0.0.0" } })],
    30,
  )
  assert.deepEqual([entryAt(passed, "10.0.0.0")!.grant, ownersAt(passed, "10.0.0.0")], [grant + 1, ["b/other"]])
})

test("a new grant is above every other: the address may have been answered for under that of one it was shared with", () => {
  const old = ledgerObject("p-10.0.0.0", "p", [recorded("10.0.0.0", 7, { freedAt: "2026-01-01T00:00:00Z" })])
  const young = ledgerObject("q-10.9.0.0", "q", [recorded("10.9.0.0", 900, { owner: "a/c" })])
  const cluster = clusterOf(
    pool,
    poolObject("q", ["10.9.0.0/24"]),
    old,
    young,
    serviceObject("a/c"),
    serviceObject("b/new"),
  )
  assert.equal(entryAt(decided(cluster), "10.0.0.0")?.grant, 901)
})

test("an address that is parted from another goes on under the grant that speakers answer under", () => {
  const ledger = ledgerObject("p-10.0.0.0", "p", [
    recorded("10.0.0.0", 7, {}),
    recorded("10.0.0.1", 9, { freedAt: "2027-01-15T07:00:00Z" }),
  ])
  const cluster = clusterOf(pool, ledger, serviceObject("a/b", { has: ["10.0.0.0"] }), holding("10.0.0.0", 9))
  assert.equal(entryAt(decided(cluster), "10.0.0.0")?.grant, 9)
})

test("an address that is answered for together with one of a higher grant keeps its own", () => {
  const both = { has: ["10.0.0.0", "10.0.0.1"], annotations: { "metallb.io/loadBalancerIPs": "10.0.0.0" } }
  const ledger = ledgerObject("p-10.0.0.0", "p", [recorded("10.0.0.0", 7, {}), recorded("10.0.0.1", 9, {})])
  const cluster = clusterOf(pool, ledger, serviceObject("a/b", both), holding("10.0.0.0", 9))
  const changes = ledgerChanges(cluster, allocate(cluster, now), now, undefined)
  assert.equal(changes.find(({ address }) => printAddress(address) === "10.0.0.0")?.entry?.grant ?? 7, 7)
})

test("after etcd was restored a grant is what speakers answer under, unless no ledger could have written that", () => {
  const restored = ledgerObject("p-10.0.0.0", "p", [recorded("10.0.0.0", now - 1000, {})])
  const told = (grant: number): number | undefined =>
    entryAt(
      decided(clusterOf(pool, restored, serviceObject("a/b", { has: ["10.0.0.0"] }), holding("10.0.0.0", grant))),
      "10.0.0.0",
    )?.grant
  assert.deepEqual([now - 1000, now - 990, 2 ** 32 - 2].map(told), [now - 1000, now - 990, now - 1000])
})

test("a ledger that somebody deleted is written anew with the grant that speakers answer under", () => {
  const service = serviceObject("a/b", { has: ["10.0.0.0"] })
  assert.equal(entryAt(decided(clusterOf(pool, service, holding("10.0.0.0", now - 50))), "10.0.0.0")?.grant, now - 50)
  assert.equal(entryAt(decided(clusterOf(pool, service, holding("10.0.0.0", 0))), "10.0.0.0")?.grant, now + 1)
  const given = decided(clusterOf(pool, serviceObject("a/b"), holding("10.0.0.0", now - 50)))
  assert.equal(entryAt(given, "10.0.0.0")?.grant, now + 1, "who only gets it now is another owner")
})

test("a freed address keeps its last owner for thirty days, and its grant goes on rising after that", () => {
  const had = settle(clusterOf(pool, serviceObject("a/b")), now).cluster
  const grant = entryAt(had, "10.0.0.0")!.grant
  const freed = later(had, [], 60)
  assert.deepEqual([entryAt(freed, "10.0.0.0")?.state, ownersAt(freed, "10.0.0.0")], ["freed", ["a/b"]])
  assert.equal(later(freed, [], rememberSeconds).ledger.entries.size, 1)
  const forgotten = later(freed, [], rememberSeconds + 60)
  assert.equal(forgotten.ledger.entries.size, 0)
  const again = later(forgotten, [serviceObject("x/y")], rememberSeconds + 120)
  assert.equal(entryAt(again, "10.0.0.0")!.grant, grant + 1)
})

test("a re-created Service has its address under a new grant, the same one restarted keeps it", () => {
  const had = settle(clusterOf(pool, serviceObject("a/b", { uid: "first" })), now).cluster
  const grant = entryAt(had, "10.0.0.0")!.grant
  assert.equal(entryAt(later(had, [serviceObject("a/b", { uid: "first" })], 5), "10.0.0.0")!.grant, grant)
  assert.equal(entryAt(later(had, [serviceObject("a/b", { uid: "second" })], 5), "10.0.0.0")!.grant, grant + 1)
})

test("addresses of one block go to one object, in one write under its version", () => {
  const cluster = clusterOf(pool, ...Array.from({ length: 300 }, (_, index) => serviceObject(`a/s${index}`)))
  const writes = ledgerWrites(cluster, ledgerChanges(cluster, allocate(cluster, now), now, undefined), now)
  assert.deepEqual(
    writes.map(({ name, entries, resourceVersion }) => [name, entries.length, resourceVersion]),
    [
      ["p-10.0.0.0", 256, undefined],
      ["p-10.0.1.0", 44, undefined],
    ],
  )
})

test("changes of named Services are those of all, as far as they concern these Services", () => {
  const cluster = clusterOf(pool, serviceObject("a/b"), serviceObject("a/c"))
  const allocations = allocate(cluster, now)
  const changes = ledgerChanges(cluster, allocations, now, new Set(["a/c" as ServiceName]))
  assert.deepEqual(
    changes.map(({ address }) => printAddress(address)),
    ["10.0.0.1"],
  )
})

test("three addresses may go at once, a fourth makes it a release that a person must confirm", () => {
  const many = (count: number): Cluster =>
    settle(clusterOf(pool, ...Array.from({ length: count }, (_, index) => serviceObject(`a/s${index}`))), now).cluster
  assert.equal(released(many(3)).held, undefined)
  const { held, changes } = released(many(4))
  assert.deepEqual([held?.addresses.length, held?.services.length, held?.given, changes.length], [4, 4, 4, 0])
  assert.match(held!.code, /^[0-9a-f]{6}$/)
})

test("ten of a hundred may go, eleven may not; other changes go on", () => {
  const settled = settle(clusterOf(pool, ...names(100).map((name) => serviceObject(name))), now).cluster
  const without = (count: number): ReturnType<typeof brake> => {
    const cluster = {
      ...clusterOf(
        pool,
        ...names(100)
          .slice(count)
          .map((name) => serviceObject(name)),
        serviceObject("new/one"),
      ),
      ledger: settled.ledger,
    }
    return brake(cluster, ledgerChanges(cluster, allocate(cluster, now), now, undefined), new Set())
  }
  assert.equal(without(10).held, undefined)
  assert.equal(without(11).held?.addresses.length, 11)
  assert.deepEqual(
    without(11).changes.map(({ entry }) => entry?.owners[0].service),
    ["new/one"],
  )
})

test("those seen deleted never count, those that lose their address to a missing pool do", () => {
  const settled = settle(clusterOf(pool, ...names(20).map((name) => serviceObject(name))), now).cluster
  const empty = { ...clusterOf(pool), ledger: settled.ledger }
  const changes = ledgerChanges(empty, allocate(empty, now), now, undefined)
  assert.equal(brake(empty, changes, new Set(names(20))).held, undefined)
  assert.equal(brake(empty, changes, new Set(names(16))).held?.addresses.length, 4)
  const poolless = { ...clusterOf(...names(20).map((name) => serviceObject(name))), ledger: settled.ledger }
  assert.equal(
    brake(poolless, ledgerChanges(poolless, allocate(poolless, now), now, undefined), new Set()).held?.services.length,
    20,
  )
})

test("a Service seen deleted that exists again counts with those that would lose their address", () => {
  const settled = settle(clusterOf(pool, ...names(20).map((name) => serviceObject(name))), now).cluster
  const again = { ...clusterOf(...names(20).map((name) => serviceObject(name))), ledger: settled.ledger }
  const changes = ledgerChanges(again, allocate(again, now), now, undefined)
  assert.equal(brake(again, changes, new Set(names(20))).held?.addresses.length, 20)
})

test("a Service whose release waits gets no other address meanwhile", () => {
  const settled = settle(clusterOf(pool, ...names(9).map((name) => serviceObject(name))), now).cluster
  const elsewhere = poolObject("p", ["10.1.0.0/16"])
  const moved = {
    ...clusterOf(elsewhere, ...names(9).map((name) => serviceObject(name)), serviceObject("new/one")),
    ledger: settled.ledger,
  }
  const { changes, held } = brake(moved, ledgerChanges(moved, allocate(moved, now), now, undefined), new Set())
  assert.equal(held?.services.length, 9)
  assert.deepEqual(
    changes.map(({ entry }) => entry?.owners[0].service),
    ["new/one"],
  )
})

test("a release goes through once a ledger carries its code, and no other", () => {
  const settled = settle(clusterOf(pool, ...names(9).map((name) => serviceObject(name))), now).cluster
  const confirmed = (code: string): Cluster => {
    const objects = new Map(
      [...settled.ledger.objects].map(([name, object]) => [name, { ...object, confirmedRelease: code }]),
    )
    return { ...clusterOf(pool), ledger: { ...settled.ledger, objects } }
  }
  const judge = (cluster: Cluster): ReturnType<typeof brake> =>
    brake(cluster, ledgerChanges(cluster, allocate(cluster, now), now, undefined), new Set())
  const { code } = judge(confirmed("")).held!
  assert.equal(judge(confirmed(code)).held, undefined)
  assert.ok(judge(confirmed("000000")).held !== undefined)
})

const pool = poolObject("p", ["10.0.0.0/16"])

const names = (count: number): readonly ServiceName[] =>
  Array.from({ length: count }, (_, index) => `a/s${100 + index}` as ServiceName)

const sharing = (name: string, port: string): ReturnType<typeof serviceObject> => {
  const story: ServiceStory = { ports: [port], annotations: { "metallb.io/allow-shared-ip": "k" } }
  return serviceObject(name, story)
}

/** The same ledger with these Services, `seconds` later, after one round of a controller. */
const later = (before: Cluster, services: readonly ReturnType<typeof serviceObject>[], seconds: number): Cluster => {
  const cluster = { ...clusterOf(pool, ...services), ledger: before.ledger }
  return apply(cluster, allocate(cluster, now + seconds), now + seconds)
}

const released = (settled: Cluster): ReturnType<typeof brake> => {
  const cluster = { ...clusterOf(pool), ledger: settled.ledger }
  return brake(cluster, ledgerChanges(cluster, allocate(cluster, now), now, undefined), new Set())
}

const recorded = (
  address: string,
  grant: number,
  { owner = "a/b", freedAt }: { readonly owner?: string; readonly freedAt?: string },
) => ({
  address,
  grant,
  ...(freedAt === undefined ? { since: "2026-01-01T00:00:00Z" } : { freedAt }),
  owners: [{ service: owner, uid: `uid of ${owner}` }],
})

/** A node whose speaker says that it answers for the address. */
const holding = (address: string, grant: number): ReturnType<typeof speakerObject> =>
  speakerObject("n1", [], { holds: [{ address, grant, epoch: 1, since: "2026-01-01T00:00:00Z" }] })

/** After one round of a controller. */
const decided = (cluster: Cluster): Cluster => apply(cluster, allocate(cluster, now), now)

const byAt = (cluster: Cluster, address: string): string | undefined => {
  const entry = entryAt(cluster, address)
  return entry?.state === "given" ? entry.by : undefined
}

const entryAt = ({ ledger }: Cluster, address: string): LedgerEntry | undefined =>
  ledger.entries.get(parseAddress(address)!)

const ownersAt = (cluster: Cluster, address: string): readonly string[] =>
  (entryAt(cluster, address)?.owners ?? []).map(({ service }) => service)
