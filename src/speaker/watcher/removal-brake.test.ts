import assert from "node:assert/strict"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { parse } from "yaml"
import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, textAt } from "../../kubernetes/json.ts"
import type { InMemoryCluster } from "./in-memory-cluster.ts"
import { give, runningCluster } from "./running-cluster.ts"

test("the definition of L2Advertisements is deleted: what is held stays held, and it is said; back again, it is over", () => {
  const cluster = serving(2)
  advertise(cluster, "more")
  const before = holdsOf(cluster)
  cluster.must("DELETE", definition)
  cluster.run(3_600_000)
  assert.deepEqual(holdsOf(cluster), before)
  assert.match(
    heldSaid(cluster),
    /^the definition of L2Advertisement was deleted, .*\(.*all, .*more\).*confirm-release=/,
  )
  define(cluster)
  cluster.run(60_000)
  assert.deepEqual(holdsOf(cluster), before, "the kind is there again, and empty")
  advertise(cluster, "all")
  advertise(cluster, "more")
  cluster.run(60_000)
  assert.deepEqual(holdsOf(cluster), before)
  assert.equal(heldSaid(cluster), "")
})

test("a definition that comes back with some of its objects: the others count until they had time to come too", () => {
  const cluster = serving(1)
  cluster.must("DELETE", definition)
  cluster.run(60_000)
  define(cluster)
  advertise(cluster, "elsewhere", { ipAddressPools: ["no-such-pool"] })
  cluster.run(20_000)
  assert.equal(answeredFor(cluster), 1)
  cluster.run(60_000)
  assert.equal(answeredFor(cluster), 0, "somebody made a configuration without it")
  assert.equal(heldSaid(cluster), "")
})

test("the only L2Advertisement, deleted by a person, counts once its kind is known to exist: five seconds later", () => {
  const cluster = serving(1)
  cluster.must("DELETE", `${advertisements}/all`)
  cluster.run(4000)
  assert.equal(answeredFor(cluster), 1)
  cluster.run(2000)
  assert.equal(answeredFor(cluster), 0)
  assert.equal(heldSaid(cluster), "")
})

test("an L2Advertisement that is deleted and made anew at once silences nobody", () => {
  const cluster = serving(1)
  const told = cluster.outputs.filter(({ kind }) => kind === "intents").length
  cluster.must("DELETE", `${advertisements}/all`)
  cluster.run(1000)
  advertise(cluster, "all")
  cluster.run(60_000)
  assert.equal(cluster.outputs.filter(({ kind }) => kind === "intents").length, told)
})

test("an L2Advertisement is deleted and the API goes away before it is known whether its kind exists: it counts", () => {
  const cluster = serving(1)
  cluster.must("DELETE", `${advertisements}/all`)
  cluster.run(1000)
  cluster.goOffline()
  cluster.run(600_000)
  assert.equal(answeredFor(cluster), 1)
  cluster.online = true
  cluster.run(60_000)
  assert.equal(answeredFor(cluster), 0)
})

for (const kind of ["services", "nodes", "endpointslices", "namespaces", "l2advertisements", "addressledgers"])
  test(`the list of ${kind} is suddenly empty: everything goes on, and the Speaker object says so`, () => {
    const cluster = serving(6)
    const [before, members] = [holdsOf(cluster), cluster.surroundings?.members]
    cluster.away(60_000)
    cluster.emptied.add(kind)
    cluster.run(60_000)
    assert.deepEqual(holdsOf(cluster), before)
    assert.deepEqual(cluster.surroundings?.members, members)
    assert.match(heldSaid(cluster), /any more, where there (was|were) \d+ \(/)
    cluster.emptied.clear()
    cluster.away(60_000)
    cluster.run(60_000)
    assert.deepEqual(holdsOf(cluster), before)
    assert.equal(heldSaid(cluster), "")
  })

test("everything is suddenly empty: everything goes on", () => {
  const cluster = serving(6)
  const before = holdsOf(cluster)
  cluster.away(60_000)
  for (const kind of ["services", "nodes", "endpointslices", "namespaces", "l2advertisements", "addressledgers"])
    cluster.emptied.add(kind)
  cluster.emptied.add("ipaddresspools")
  cluster.run(3_600_000)
  assert.deepEqual(holdsOf(cluster), before)
})

test("lists are forbidden: what was known goes on, and the Speaker object names the kind and what to do", () => {
  const cluster = serving(2)
  const before = holdsOf(cluster)
  cluster.forbidden.add("l2advertisements")
  cluster.away(60_000)
  cluster.run(600_000)
  assert.deepEqual(holdsOf(cluster), before)
  assert.match(said(cluster, "cannot-read"), /cannot read L2Advertisement objects \(forbidden.*ClusterRole/)
  cluster.forbidden.clear()
  cluster.run(60_000)
  assert.equal(said(cluster, "cannot-read"), "")
})

test("a Service that was deleted while the watch was away is let go once its ledger frees the address", () => {
  const cluster = serving(6)
  cluster.away(10_000)
  cluster.forgotten.add("services")
  cluster.must("DELETE", "/api/v1/namespaces/media/services/app-3")
  cluster.run(31_000)
  assert.equal(cluster.holds.size, 6, "its ledger still gives it the address")
  free(cluster, 3)
  assert.equal(cluster.holds.size, 5)
  assert.equal(heldSaid(cluster), "")
})

test("a Service that was deleted while the watch was away, and the controller is away too: it is let go all the same", () => {
  const cluster = serving(6)
  cluster.away(10_000)
  cluster.forgotten.add("services")
  cluster.must("DELETE", "/api/v1/namespaces/media/services/app-3")
  cluster.run(75_000)
  assert.equal(cluster.holds.size, 5)
})

test("somebody wipes the status of a Service: it is answered for meanwhile, until the controller has put it right", () => {
  const cluster = serving(2)
  const before = holdsOf(cluster)
  withoutAddress(cluster, 0)
  cluster.run(30_000)
  assert.deepEqual(holdsOf(cluster), before)
  cluster.run(20_000)
  assert.equal(answeredFor(cluster), 1, "nobody put it right, and no proxy has rules for it")
  assert.equal(cluster.holds.size, 2)
})

test("many Services vanish by one list: each is answered for until the ledger frees its address", () => {
  const cluster = serving(6)
  cluster.away(10_000)
  cluster.forgotten.add("services")
  for (let i = 0; i < 5; i++) cluster.must("DELETE", `/api/v1/namespaces/media/services/app-${i}`)
  cluster.run(3_600_000)
  assert.equal(answeredFor(cluster), 6)
  assert.match(heldSaid(cluster), /^5 addresses \(10\.69\.1\.150, 10\.69\.1\.151, 10\.69\.1\.152 and 2 more\)/)
  for (let i = 0; i < 5; i++) {
    assert.equal(answeredFor(cluster), 6 - i)
    free(cluster, i)
  }
  assert.equal(heldSaid(cluster), "")
})

test("etcd is restored from before six Services were given addresses: they are answered for, and it is said", () => {
  const cluster = serving(8)
  const before = holdsOf(cluster)
  cluster.away(10_000)
  for (const kind of ["services", "addressledgers"]) cluster.forgotten.add(kind)
  for (let i = 0; i < 6; i++) {
    cluster.must("DELETE", `${ledgers}/first-pool-app-${i}`)
    if (i < 3) cluster.must("DELETE", `/api/v1/namespaces/media/services/app-${i}`)
    else withoutAddress(cluster, i)
  }
  cluster.run(3_600_000)
  assert.deepEqual(holdsOf(cluster), before)
  assert.match(heldSaid(cluster), /^6 addresses .* restored from a backup/)
  const code = /confirm-release=([0-9a-f]{6})/.exec(heldSaid(cluster))?.[1]
  cluster.must("PATCH", `${ledgers}/first-pool-app-7`, {
    metadata: { annotations: { "porchlight.dev/confirm-release": code ?? "" } },
  })
  cluster.run(100)
  assert.equal(answeredFor(cluster), 2)
  assert.equal(heldSaid(cluster), "")
})

test("addresses that were lost are given again: nothing was ever withdrawn", () => {
  const cluster = serving(6)
  cluster.away(10_000)
  for (const kind of ["services", "addressledgers"]) cluster.forgotten.add(kind)
  for (let i = 0; i < 5; i++) {
    cluster.must("DELETE", `${ledgers}/first-pool-app-${i}`)
    cluster.must("DELETE", `/api/v1/namespaces/media/services/app-${i}`)
    cluster.must("DELETE", `/apis/discovery.k8s.io/v1/namespaces/media/endpointslices/app-${i}-1`)
  }
  cluster.run(60_000)
  const told = cluster.outputs.length
  for (let i = 0; i < 5; i++) give(cluster, `app-${i}`, `10.69.1.${150 + i}`)
  cluster.run(1000)
  assert.equal(answeredFor(cluster), 6)
  assert.equal(heldSaid(cluster), "")
  const pages = cluster.outputs.slice(told).flatMap((output) => (output.kind === "intents" ? output.page : []))
  assert.deepEqual(
    pages.filter((intent) => intent.kind === "let-go"),
    [],
  )
})

test("a namespace with all its Services is deleted, and many become ClusterIP: a person meant it, nothing is held", () => {
  const cluster = serving(12)
  for (let i = 0; i < 6; i++) cluster.must("DELETE", `/api/v1/namespaces/media/services/app-${i}`)
  for (let i = 6; i < 12; i++)
    cluster.must("PATCH", `/api/v1/namespaces/media/services/app-${i}`, { spec: { type: "ClusterIP" } })
  cluster.run(500)
  assert.equal(cluster.holds.size, 0)
  assert.equal(heldSaid(cluster), "")
})

test("what a person confirms by its code counts at once, and the code is good for these objects only", () => {
  const cluster = serving(1)
  for (const round of [1, 2]) {
    cluster.must("DELETE", definition)
    cluster.run(60_000)
    assert.equal(answeredFor(cluster), 1, `round ${round}`)
    if (round === 2) return
    const code = /confirm-release=([0-9a-f]{6})/.exec(heldSaid(cluster))?.[1]
    cluster.must("PATCH", `${ledgers}/first-pool-app-0`, {
      metadata: { annotations: { "porchlight.dev/confirm-release": code ?? "" } },
    })
    cluster.run(100)
    assert.equal(answeredFor(cluster), 0)
    define(cluster)
    advertise(cluster, "all")
    cluster.run(60_000)
  }
})

const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
const definition = `${definitions}/l2advertisements.metallb.io`
const advertisements = "/apis/metallb.io/v1beta1/namespaces/metallb-system/l2advertisements"
const ledgers = "/apis/porchlight.dev/v1alpha1/addressledgers"

const crds = globSync(join(import.meta.dirname, "../../../deploy/crds/*.yaml")).map(
  (path) => parse(readFileSync(path, "utf8")) as JsonObject,
)

/** So many Services, each with an address that its ledger gives, and a report so that the Speaker object is written. */
const serving = (services: number): InMemoryCluster => {
  const cluster = runningCluster(crds, {})
  for (let i = 0; i < services; i++) give(cluster, `app-${i}`, `10.69.1.${150 + i}`)
  const segment = {
    segment: "10.69.1.0/24",
    link: "eth0",
    state: "active",
    connection: "connected",
    hears: [],
  } as const
  cluster.feed({
    kind: "report",
    report: { links: [], segments: [segment], holds: [], contested: [], findings: [], moves: [] },
  })
  cluster.run(1000)
  assert.equal(answeredFor(cluster), services)
  return cluster
}

const define = (cluster: InMemoryCluster): void => {
  for (const crd of crds)
    if (definition.endsWith(`/${textAt(crd, "metadata", "name")}`)) cluster.must("POST", definitions, crd)
}

const advertise = (cluster: InMemoryCluster, name: string, spec: JsonObject = {}): void => {
  const metadata = { name, namespace: "metallb-system" }
  cluster.must("POST", advertisements, { apiVersion: "metallb.io/v1beta1", kind: "L2Advertisement", metadata, spec })
}

/** What a controller writes that takes the address back. */
const free = (cluster: InMemoryCluster, i: number): void => {
  const owners = [{ service: `media/app-${i}`, uid: "", terms: "" }]
  const entry = { address: `10.69.1.${150 + i}`, grant: 1, freedAt: "2026-11-21T19:00:00Z", owners }
  cluster.must("PATCH", `${ledgers}/first-pool-app-${i}`, { spec: { pool: "first-pool", entries: [entry] } })
  cluster.run(100)
}

const withoutAddress = (cluster: InMemoryCluster, i: number): void => {
  cluster.must("PATCH", `/api/v1/namespaces/media/services/app-${i}/status`, { status: { loadBalancer: null } })
}

const holdsOf = (cluster: InMemoryCluster): ReadonlyMap<unknown, unknown> => new Map(cluster.holds)

const answeredFor = (cluster: InMemoryCluster): number =>
  [...cluster.holds.values()].filter(({ order }) => order.length > 0).length

const heldSaid = (cluster: InMemoryCluster): string => said(cluster, "removal-held")

/** What the Speaker object says under that code, ten seconds later at most. */
const said = (cluster: InMemoryCluster, code: string): string =>
  listAt(cluster.must("GET", "/apis/porchlight.dev/v1alpha1/speakers/w1"), "status", "findings")
    .filter((finding) => textAt(finding, "code") === code)
    .map((finding) => textAt(finding, "message") ?? "")
    .join("\n")
