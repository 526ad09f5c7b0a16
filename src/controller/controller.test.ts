import assert from "node:assert/strict"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { parse } from "yaml"
import type { JsonObject } from "../kubernetes/http.ts"
import { listAt, numberAt, objectAt, textAt } from "../kubernetes/json.ts"
import { type ControllerProcess, InMemoryControl, namespace } from "./in-memory-control.ts"

test("a Service gets an address: the ledger says so before its status does", () => {
  const { control } = running()
  control.createService("media/plex")
  control.run(20)
  assert.equal(control.addressesOf("media/plex"), "10.69.1.150")
  const arrivedAt = (path: string): number =>
    control.writes().find(({ request }) => request.path.endsWith(path))?.atMs ?? NaN
  const roundTripMs = 1
  assert.ok(arrivedAt("services/plex/status") >= arrivedAt("addressledgers") + roundTripMs)
  assert.deepEqual(ledgerOf(control), ["10.69.1.150 media/plex"])
})

test("nothing is given before every kind was listed", () => {
  const control = cluster()
  control.createService("media/plex")
  control.start({
    befalls: ({ path }) => ({ lateMs: path.endsWith("/speakers") && control.now < 4000 ? 4000 : 0 }),
  })
  control.run(3500)
  assert.deepEqual(control.writes(), [])
  control.run(1500)
  assert.equal(control.addressesOf("media/plex"), "10.69.1.150")
})

test("a controller that follows writes nothing, and sleeps", () => {
  const { control } = running()
  const second = control.start()
  control.createService("media/plex")
  control.run(1000)
  const before = second.steps()
  control.run(60_000)
  assert.ok(second.steps() - before < 200, `${second.steps() - before} steps in a minute`)
  assert.deepEqual(
    control.writes().filter(({ who }) => who === second.name),
    [],
  )
})

test("once all is written nothing is written again, by a restarted controller neither", () => {
  const { control, controller } = running()
  for (const name of ["plex", "radarr", "sonarr"]) control.createService(`media/${name}`)
  control.run(3000)
  const before = control.seen.length
  control.run(3_700_000)
  controller.stop()
  control.run(1000)
  assert.ok(controller.hasExited())
  control.start()
  control.run(60_000)
  assert.deepEqual(textsOf(control.writes(before)), [])
  assert.equal(control.addressesOf("media/sonarr"), "10.69.1.152")
})

test("a write is sent once, however many Services come at once", () => {
  const { control } = running()
  for (let i = 0; i < 12; i++) control.createService(`media/app-${i}`)
  control.run(2000)
  const statuses = textsOf(control.writes()).filter((text) => text.includes("/services/"))
  assert.equal(statuses.filter((text) => text.includes("loadBalancer")).length, 12)
  assert.equal(statuses.filter((text) => text.includes("Announced")).length, 12)
  assert.equal(statuses.length, 24)
})

test("who stops gives the lease away first, so that the next one leads at its next look", () => {
  const { control, controller } = running()
  control.start()
  control.run(1000)
  controller.stop()
  assert.equal(controller.hasExited(), false)
  control.run(5)
  assert.equal(controller.hasExited(), true)
  control.run(4000)
  control.createService("media/plex")
  control.run(20)
  assert.equal(control.addressesOf("media/plex"), "10.69.1.150")
})

test("the first after a crash leads when the lease has run out, and gives nobody another address", () => {
  const { control, controller } = running()
  control.createService("media/plex")
  control.run(100)
  controller.crash()
  control.start()
  control.createService("media/radarr")
  control.run(10_000)
  assert.equal(control.addressesOf("media/radarr"), "")
  control.run(10_000)
  assert.equal(control.addressesOf("media/plex"), "10.69.1.150")
  assert.equal(control.addressesOf("media/radarr"), "10.69.1.151")
})

test("a status that somebody forged is put right, and nobody gets the address of another by it", () => {
  const { control } = running()
  control.createService("media/plex")
  control.createService("media/radarr")
  control.run(100)
  const status = { loadBalancer: { ingress: [{ ip: "10.69.1.150" }] } }
  control.must("PATCH", "/api/v1/namespaces/media/services/radarr/status", { status })
  control.run(20)
  assert.equal(control.addressesOf("media/radarr"), "10.69.1.151")
  control.must("PATCH", "/api/v1/namespaces/media/services/plex/status", { status: { loadBalancer: { ingress: [] } } })
  control.run(20)
  assert.equal(control.addressesOf("media/plex"), "10.69.1.150")
})

test("a Service of another class is none of ours, and with a class only those of it are", () => {
  const { control } = running()
  control.createService("media/plex", { loadBalancerClass: "example.org/cloud" })
  control.run(100)
  assert.equal(control.addressesOf("media/plex"), "")
  const other = cluster()
  other.start({ loadBalancerClass: "example.org/cloud" })
  other.createService("media/plex", { loadBalancerClass: "example.org/cloud" })
  other.createService("media/radarr")
  other.run(1000)
  assert.equal(other.addressesOf("media/plex"), "10.69.1.150")
  assert.equal(other.addressesOf("media/radarr"), "")
})

test("a Service that is no load balancer any more gives its address back and keeps no condition of ours", () => {
  const { control } = running()
  control.createService("media/plex")
  control.run(100)
  control.must("PATCH", "/api/v1/namespaces/media/services/plex", { spec: { type: "ClusterIP" } })
  control.run(100)
  assert.deepEqual(ledgerOf(control), [])
  const service = control.must("GET", "/api/v1/namespaces/media/services/plex")
  assert.deepEqual(listAt(service, "status", "conditions"), [])
  assert.equal(textAt(service, "metadata", "annotations", "metallb.io/ip-allocated-from-pool"), undefined)
})

test("a Service created again gets the address it had, under a higher grant", () => {
  const { control } = running()
  control.createService("media/plex")
  control.createService("media/radarr")
  control.run(100)
  const before = grantOf(control, "10.69.1.150")
  control.must("DELETE", "/api/v1/namespaces/media/services/plex")
  control.run(100)
  control.createService("media/sonarr")
  control.run(100)
  assert.equal(control.addressesOf("media/sonarr"), "10.69.1.152")
  control.createService("media/plex")
  control.run(100)
  assert.equal(control.addressesOf("media/plex"), "10.69.1.150")
  assert.ok(grantOf(control, "10.69.1.150") > before)
})

test("coming from MetalLB nothing moves: what stands in the statuses is adopted into the ledger", () => {
  const control = cluster()
  const had = new Map([
    ["media/plex", "10.69.1.160"],
    ["media/radarr", "10.69.1.152"],
    ["media/sonarr", "10.69.1.165"],
  ])
  for (const [name, ip] of had) {
    control.createService(name)
    const path = `/api/v1/namespaces/media/services/${name.split("/")[1]}`
    control.must("PATCH", `${path}/status`, { status: { loadBalancer: { ingress: [{ ip }] } } })
    control.must("PATCH", path, { metadata: { annotations: { "metallb.io/ip-allocated-from-pool": "first-pool" } } })
  }
  control.start()
  control.run(1000)
  for (const [name, ip] of had) assert.equal(control.addressesOf(name), ip)
  assert.deepEqual(ledgerOf(control).toSorted(), [...had].map(([name, ip]) => `${ip} ${name}`).toSorted())
})

test("a conflict on a ledger is read, decided anew and written", () => {
  const { control } = running()
  control.createService("media/plex")
  control.run(100)
  const [ledger] = control.items(ledgersPath)
  const path = `${ledgersPath}/${textAt(ledger, "metadata", "name")}`
  control.createService("media/radarr")
  control.run(0.9)
  control.must("PATCH", path, { metadata: { labels: { touched: "yes" } } })
  control.run(1000)
  assert.equal(control.addressesOf("media/radarr"), "10.69.1.151")
  assert.ok(control.seen.some(({ status, request }) => status === 409 && request.method === "PUT"))
})

test("an address that was lost to somebody else on the way is never told as given", () => {
  const { control } = running()
  control.createService("media/plex")
  control.run(0.9)
  const owners = [{ service: "media/other", uid: "1" }]
  control.must("POST", ledgersPath, {
    apiVersion: "porchlight.dev/v1alpha1",
    kind: "AddressLedger",
    metadata: { name: "first-pool-10.69.1.0" },
    spec: {
      pool: "first-pool",
      grantFloor: 1,
      entries: [{ address: "10.69.1.150", grant: 2, since: "2026-11-21T18:00:00Z", owners }],
    },
  })
  control.run(5000)
  assert.deepEqual(eventsOf(control, "plex"), ['1 IPAllocated Assigned IP ["10.69.1.151"]'])
})

test("the API is away and back: nothing is written that stands already", () => {
  const { control, controller } = running()
  for (const name of ["plex", "radarr"]) control.createService(`media/${name}`)
  control.run(3000)
  controller.setOnline(false)
  control.run(120_000)
  const before = control.seen.length
  controller.setOnline(true)
  control.run(60_000)
  assert.deepEqual(textsOf(control.writes(before)), [])
  control.createService("media/sonarr")
  control.run(1000)
  assert.equal(control.addressesOf("media/sonarr"), "10.69.1.152")
})

test("a release of many at once waits until a person confirms it with the code in the message", () => {
  const { control } = running()
  for (let i = 0; i < 8; i++) control.createService(`media/app-${i}`)
  control.run(1000)
  control.must("DELETE", poolPath)
  control.run(1000)
  assert.equal(control.addressesOf("media/app-0"), "10.69.1.150")
  const code = /confirm-release=([0-9a-f]{6})/.exec(conditionOf(control, "media/app-0", "Allocated"))?.[1]
  assert.ok(code !== undefined)
  assert.equal(control.remarks.filter((remark) => remark.code === "mass-release-held").length, 1)
  const [ledger] = control.items(ledgersPath)
  const annotations = { "porchlight.dev/confirm-release": code }
  control.must("PATCH", `${ledgersPath}/${textAt(ledger, "metadata", "name")}`, { metadata: { annotations } })
  control.run(1000)
  assert.equal(control.addressesOf("media/app-0"), "")
  assert.deepEqual(ledgerOf(control), [])
})

test("a confirmation left on another ledger does not confirm the next release of the same addresses", () => {
  const { control } = running()
  for (let i = 0; i < 8; i++) control.createService(`media/app-${i}`)
  control.run(1000)
  const { metadata: _, status: __, ...pool } = control.must("GET", poolPath) as Record<string, JsonObject>
  const [path, name] = [poolPath.slice(0, poolPath.lastIndexOf("/")), poolPath.slice(poolPath.lastIndexOf("/") + 1)]
  control.must("POST", ledgersPath, {
    apiVersion: "porchlight.dev/v1alpha1",
    kind: "AddressLedger",
    metadata: { name: "other-10.0.0.0" },
    spec: { pool: "other", entries: [] },
  })
  control.must("DELETE", poolPath)
  control.run(1000)
  const code = /confirm-release=([0-9a-f]{6})/.exec(conditionOf(control, "media/app-0", "Allocated"))?.[1]
  const annotations = { "porchlight.dev/confirm-release": code ?? "" }
  control.must("PATCH", `${ledgersPath}/other-10.0.0.0`, { metadata: { annotations } })
  control.run(1000)
  assert.equal(control.addressesOf("media/app-0"), "")
  control.must("POST", path, { ...pool, metadata: { name } })
  control.run(1000)
  const address = control.addressesOf("media/app-0")
  assert.notEqual(address, "")
  control.must("DELETE", poolPath)
  control.run(1000)
  assert.equal(control.addressesOf("media/app-0"), address, "this release is held as the first was")
})

test("a release that waits for a person is not told as if it had happened", () => {
  const { control } = running()
  for (let i = 0; i < 8; i++) control.createService(`media/app-${i}`)
  control.run(3000)
  control.must("DELETE", poolPath)
  control.run(10_000)
  assert.deepEqual(eventsOf(control, "app-0"), ['1 IPAllocated Assigned IP ["10.69.1.150"]'])
})

test("an address that goes leaves the ledger before it leaves the status", () => {
  const { control } = running()
  control.createService("media/plex")
  control.run(3000)
  const before = control.seen.length
  control.must("DELETE", poolPath)
  control.run(4000)
  assert.equal(control.addressesOf("media/plex"), "10.69.1.150", "pools may have gone with their definition")
  control.run(2000)
  assert.equal(control.addressesOf("media/plex"), "")
  const arrivedAt = (part: string): number =>
    control.writes(before).find(({ request }) => request.path.includes(part))?.atMs ?? NaN
  const roundTripMs = 1
  assert.ok(arrivedAt("services/plex/status") >= arrivedAt("addressledgers/") + roundTripMs)
})

test("a status on its way to a Service that was deleted is refused by another of that name", () => {
  const control = cluster()
  control.start({ befalls: ({ path }) => ({ lateMs: path.endsWith("plex/status") && control.now < 1100 ? 500 : 0 }) })
  control.run(1000)
  control.createService("media/plex")
  control.run(100)
  control.must("DELETE", "/api/v1/namespaces/media/services/plex")
  control.createService("media/plex", {}, { "metallb.io/loadBalancerIPs": "10.69.1.160" })
  control.run(3000)
  const late = control.writes().filter(({ request }) => JSON.stringify(request.body).includes('"ip":"10.69.1.150"'))
  assert.deepEqual(
    late.map(({ status }) => status),
    [409],
  )
  assert.equal(control.addressesOf("media/plex"), "10.69.1.160")
})

test("what a leader could not write in its time it does not write when it leads again: all is decided anew", () => {
  const control = cluster()
  let cut = false
  control.start({ befalls: ({ method }) => (cut && method !== "GET" ? "lost" : { lateMs: 0 }) })
  control.run(5000)
  const before = control.seen.length
  cut = true
  control.createService("media/plex")
  control.run(7000)
  control.must("DELETE", "/api/v1/namespaces/media/services/plex")
  control.run(8000)
  cut = false
  control.run(60_000)
  assert.deepEqual(textsOf(control.writes(before)), [])
  control.createService("media/radarr")
  control.run(20)
  assert.equal(control.addressesOf("media/radarr"), "10.69.1.150")
})

test("many Services deleted one by one wait for nobody", () => {
  const { control } = running()
  for (let i = 0; i < 8; i++) control.createService(`media/app-${i}`)
  control.run(1000)
  for (let i = 0; i < 8; i++) control.must("DELETE", `/api/v1/namespaces/media/services/app-${i}`)
  control.run(1000)
  assert.deepEqual(ledgerOf(control), [])
})

test("the pool counts what it gave", () => {
  const { control } = running()
  control.createService("media/plex")
  control.createService("media/radarr")
  control.run(100)
  const pool = control.must("GET", poolPath)
  assert.deepEqual(
    ["assignedIPv4", "availableIPv4", "assignedIPv6", "availableIPv6"].map((name) => numberAt(pool, "status", name)),
    [2, 14, 0, 0],
  )
})

test("a write that waits for the one before it is not asked for again when that one ends", () => {
  const control = cluster()
  control.start({ befalls: ({ path }) => ({ lateMs: path.endsWith("/plex/status") ? 200 : 0 }) })
  control.run(1000)
  control.createService("media/plex")
  control.run(100)
  const annotations = { "metallb.io/loadBalancerIPs": "10.69.1.160" }
  control.must("PATCH", "/api/v1/namespaces/media/services/plex", { metadata: { annotations } })
  control.run(5000)
  assert.equal(control.addressesOf("media/plex"), "10.69.1.160")
  assert.equal(textsOf(control.writes()).filter((text) => text.includes('"ip":"10.69.1.160"')).length, 1)
})

test("counters that somebody edited are put right, once a second where that somebody goes on", () => {
  const { control } = running()
  control.createService("media/plex")
  control.run(3000)
  const before = control.seen.length
  const wrong = { assignedIPv4: 7, assignedIPv6: 7, availableIPv4: 7, availableIPv6: 7 }
  for (let i = 0; i < 20; i++) {
    control.must("PATCH", `${poolPath}/status`, { status: wrong })
    control.run(100)
  }
  control.run(3000)
  assert.equal(numberAt(control.must("GET", poolPath), "status", "assignedIPv4"), 1)
  assert.ok(control.writes(before).length <= 3)
})

test("what becomes of a Service is told once, in MetalLB's words", () => {
  const { control } = running()
  control.createService("media/plex")
  control.createService("media/radarr", {}, { "metallb.io/address-pool": "no-such-pool" })
  control.createService("media/sonarr", {}, { "metallb.universe.tf/address-pool": "first-pool" })
  control.run(5000)
  assert.deepEqual(eventsOf(control, "plex"), ['1 IPAllocated Assigned IP ["10.69.1.150"]'])
  assert.deepEqual(eventsOf(control, "radarr").length, 1)
  assert.match(
    eventsOf(control, "radarr")[0]!,
    /^1 AllocationFailed Failed to allocate IP for "media\/radarr": unknown pool "no-such-pool"/,
  )
  assert.deepEqual(
    eventsOf(control, "sonarr")
      .map((text) => text.split(" ").slice(0, 2).join(" "))
      .toSorted(),
    ["1 IPAllocated", "1 deprecatedAnnotation"],
  )
})

test("conditions say whether it has an address, and why not", () => {
  const { control } = running()
  control.createService("media/plex")
  control.createService("media/radarr", {}, { "metallb.io/address-pool": "no-such-pool" })
  control.run(100)
  control.run(1100)
  assert.match(conditionOf(control, "media/plex", "Allocated"), /^True Kept /)
  assert.match(conditionOf(control, "media/plex", "Announced"), /^False NoEndpoints /)
  assert.match(conditionOf(control, "media/radarr", "Allocated"), /^False UnknownPool .*no-such-pool/)
})

test("a condition follows what speakers report within a second", () => {
  const { control } = running()
  control.createService("media/plex")
  control.run(5000)
  control.report("w1", { holds: [plexHold], hears: [] })
  control.run(1100)
  assert.equal(conditionOf(control, "media/plex", "Announced"), "True Announced 10.69.1.150 by w1")
})

test("a node that died goes on standing in its Speaker object; the condition names who answers now", () => {
  const { control } = running()
  control.createService("media/plex")
  control.run(5000)
  control.report("w1", { holds: [plexHold], hears: ["w2"] })
  control.report("w2", { holds: [{ ...plexHold, epoch: 2 }], hears: ["w1"] })
  control.run(1100)
  assert.equal(conditionOf(control, "media/plex", "Announced"), "True Announced 10.69.1.150 by w1 and w2")
  control.report("w2", { holds: [{ ...plexHold, epoch: 2 }], hears: [] })
  control.run(1100)
  assert.equal(conditionOf(control, "media/plex", "Announced"), "True Announced 10.69.1.150 by w2")
})

test("where beats are filtered between all nodes nobody hears anybody, and each report counts", () => {
  const { control } = running()
  control.createService("media/plex")
  control.run(5000)
  for (const node of ["w1", "w2"]) control.report(node, { holds: node === "w1" ? [plexHold] : [], hears: [] })
  control.run(1100)
  assert.equal(conditionOf(control, "media/plex", "Announced"), "True Announced 10.69.1.150 by w1")
})

test("a thousand Services at once have addresses in few rounds and few ledger writes", () => {
  const control = cluster("10.70.0.0/16")
  control.start()
  control.run(1000)
  for (let i = 0; i < 1000; i++) control.createService(`media/app-${i}`)
  control.run(5000)
  const addresses = control
    .items("/api/v1/services")
    .flatMap((service) => listAt(service, "status", "loadBalancer", "ingress").map((entry) => textAt(entry, "ip")))
  assert.equal(new Set(addresses).size, 1000)
  const writes = textsOf(control.writes())
  assert.ok(writes.filter((text) => text.includes("ledger")).length < 200)
  assert.equal(writes.filter((text) => text.includes("loadBalancer")).length, 1000)
  const rounds = control.outputs.filter(({ kind }) => kind === "reconciled").length
  assert.ok(rounds < 200, `${rounds} rounds`)
})

const plexHold = { address: "10.69.1.150", link: "eth0", grant: 1, epoch: 1 }

const poolPath = `/apis/metallb.io/v1beta1/namespaces/${namespace}/ipaddresspools/first-pool`
const ledgersPath = "/apis/porchlight.dev/v1alpha1/addressledgers"

const crds: readonly JsonObject[] = globSync(join(import.meta.dirname, "../../deploy/crds/*.yaml")).map(
  (file) => parse(readFileSync(file, "utf8")) as JsonObject,
)

const cluster = (range = "10.69.1.150-10.69.1.165"): InMemoryControl => {
  const control = new InMemoryControl(crds)
  control.createPool("first-pool", range)
  return control
}

/** A cluster with one pool and a controller that leads. */
const running = (): { readonly control: InMemoryControl; readonly controller: ControllerProcess } => {
  const control = cluster()
  const controller = control.start()
  control.run(1000)
  return { control, controller }
}

/** Addresses that are given, with their Services. */
const ledgerOf = (control: InMemoryControl): readonly string[] =>
  entriesOf(control)
    .filter((entry) => textAt(entry, "freedAt") === undefined)
    .map(
      (entry) =>
        `${textAt(entry, "address")} ${listAt(entry, "owners")
          .map((owner) => textAt(owner, "service"))
          .join(" ")}`,
    )

const entriesOf = (control: InMemoryControl) =>
  control.items(ledgersPath).flatMap((ledger) => listAt(ledger, "spec", "entries"))

const grantOf = (control: InMemoryControl, address: string): number =>
  numberAt(
    entriesOf(control).find((entry) => textAt(entry, "address") === address),
    "grant",
  ) ?? -1

const conditionOf = (control: InMemoryControl, name: string, type: string): string => {
  const [of, short] = name.split("/")
  const service = control.must("GET", `/api/v1/namespaces/${of}/services/${short}`)
  const found = listAt(service, "status", "conditions").find((one) => textAt(one, "type") === `porchlight.dev/${type}`)
  return `${textAt(found, "status")} ${textAt(found, "reason")} ${textAt(found, "message")}`
}

/** `count reason message` of each. */
const eventsOf = (control: InMemoryControl, service: string): readonly string[] =>
  control
    .items("/api/v1/namespaces/media/events")
    .filter((event) => textAt(objectAt(event, "involvedObject"), "name") === service)
    .map((event) => `${numberAt(event, "count")} ${textAt(event, "reason")} ${textAt(event, "message")}`)

const textsOf = (requests: ReturnType<InMemoryControl["writes"]>): readonly string[] =>
  requests.map(({ request: { method, path, body } }) => `${method} ${path} ${JSON.stringify(body)}`)
