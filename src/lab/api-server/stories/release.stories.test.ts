/** Addresses go back, and only when somebody means it: the controller against an API server. */
import assert from "node:assert/strict"
import { after, afterEach, before, beforeEach, test } from "node:test"
import type { Json } from "../../../kubernetes/http.ts"
import { listAt, textAt } from "../../../kubernetes/json.ts"
import { startTestApiServer, type TestApiServer } from "../../../../tools/test-api-server.ts"
import { type ControllerWorld, createControllerWorld, eventually } from "./controller-world.ts"
import { type RunningController, runController } from "./running-controller.ts"

test("a Service that becomes a ClusterIP gives its address back and keeps nothing of ours", async () => {
  await world.serve("radarr", "192.0.2.10")
  await world.must("PATCH", world.servicePath("radarr"), { spec: { type: "ClusterIP" } })
  await eventually(() => world.ledger(), [{ address: "192.0.2.10", state: "freed", owners: "radarr" }])
  await eventually(() => leftOf("radarr"), { ingress: [], conditions: [], pool: "" })
})

test("a Service that leaves our class gives its address back", async () => {
  await world.serve("radarr", "192.0.2.10")
  await world.must("PATCH", world.servicePath("radarr"), { spec: { type: "ClusterIP" } })
  await eventually(() => world.ledger(), [{ address: "192.0.2.10", state: "freed", owners: "radarr" }])
  const spec = { type: "LoadBalancer", loadBalancerClass: "example.org/cloud" }
  await world.must("PATCH", world.servicePath("radarr"), { spec })
  await world.rest()
  assert.deepEqual(await leftOf("radarr"), { ingress: [], conditions: [], pool: "" })
})

test("a Service that is deleted and made again has its old address back, under a higher grant", async () => {
  await world.serve("radarr", "192.0.2.10")
  await world.serve("sonarr", "192.0.2.11")
  const before = await world.grantOf("192.0.2.10")
  await world.deleteService("radarr")
  await eventually(
    () => world.ledger(),
    [
      { address: "192.0.2.10", state: "freed", owners: "radarr" },
      { address: "192.0.2.11", state: "given", owners: "sonarr" },
    ],
  )
  await world.serve("lidarr", "192.0.2.12")
  await world.serve("radarr", "192.0.2.10")
  assert.ok((await world.grantOf("192.0.2.10")) > before)
})

test("a Service that is replaced at once has its address under its new uid", async () => {
  await world.serve("radarr", "192.0.2.10")
  const before = await world.grantOf("192.0.2.10")
  await world.deleteService("radarr")
  const uid = textAt(await world.service("radarr"), "metadata", "uid") ?? ""
  await eventually(() => world.addressesOf("radarr"), "192.0.2.10")
  await eventually(ownerUids, [uid])
  assert.ok((await world.grantOf("192.0.2.10")) > before)
})

test("a Service that waits for its finalizer keeps its address until it is gone", async () => {
  await world.serve("radarr", "192.0.2.10")
  const finalizers = ["example.org/wait"]
  await world.must("PATCH", world.servicePath("radarr"), { metadata: { finalizers } })
  await world.deleteService("radarr")
  await world.rest()
  assert.equal(await world.addressesOf("radarr"), "192.0.2.10")
  assert.deepEqual(await world.ledger(), [{ address: "192.0.2.10", state: "given", owners: "radarr" }])
  await world.must("PATCH", world.servicePath("radarr"), { metadata: { finalizers: null } })
  await eventually(() => world.ledger(), [{ address: "192.0.2.10", state: "freed", owners: "radarr" }])
})

test("with their pool few Services lose their addresses at once, say so, and get them back with it", async () => {
  for (const [index, name] of ["radarr", "sonarr"].entries()) await world.serve(name, `192.0.2.1${index}`)
  await world.must("DELETE", world.poolPath("first"))
  for (const name of ["radarr", "sonarr"]) {
    await eventually(() => world.addressesOf(name), "")
    await eventually(() => world.conditionOf(name), /^False /)
    await eventually(() => world.eventsOf(name).then(String), /ClearAssignment Clearing \["192\.0\.2\.1/)
  }
  await addFirstPool()
  for (const [index, name] of ["radarr", "sonarr"].entries())
    await eventually(() => world.addressesOf(name), `192.0.2.1${index}`)
})

test("a pool's new range moves whom it no longer holds, and nobody else", async () => {
  await world.serve("radarr", "192.0.2.10")
  await world.service("sonarr", { annotations: { "metallb.io/loadBalancerIPs": "192.0.2.19" } })
  await eventually(() => world.addressesOf("sonarr"), "192.0.2.19")
  await world.must("PATCH", world.poolPath("first"), { spec: { addresses: ["192.0.2.10-192.0.2.15"] } })
  await eventually(() => world.addressesOf("sonarr"), "")
  await eventually(() => world.conditionOf("sonarr"), /^False OutsideEveryPool: /)
  assert.equal(await world.addressesOf("radarr"), "192.0.2.10")
  await world.must("PATCH", world.servicePath("sonarr"), {
    metadata: { annotations: { "metallb.io/loadBalancerIPs": null } },
  })
  await eventually(() => world.addressesOf("sonarr"), "192.0.2.11")
})

test("with their pool many Services lose nothing until a person confirms it", async () => {
  await serveMany()
  await world.must("DELETE", world.poolPath("first"))
  await eventually(() => world.conditionOf("app-0"), /^True ReleaseWaits: 5 of 5 addresses would go back at once/)
  await world.rest()
  for (const [index, name] of many.entries()) assert.equal(await world.addressesOf(name), `192.0.2.1${index}`)
  await confirm(await codeIn("app-0"))
  for (const name of many) await eventually(() => world.addressesOf(name), "")
  await eventually(async () => (await world.ledger()).filter(({ state }) => state === "given"), [])
  await eventually(() => world.conditionOf("app-0"), /^False NoPools: /)
})

test("a pool that is back before anybody confirmed it: all is as it was", async () => {
  await serveMany()
  await world.rest()
  const ledger = await world.ledger()
  const condition = await world.conditionOf("app-0")
  await world.must("DELETE", world.poolPath("first"))
  await eventually(() => world.conditionOf("app-0"), /^True ReleaseWaits: /)
  await addFirstPool()
  await eventually(() => world.conditionOf("app-0"), condition)
  await world.rest()
  assert.deepEqual(await world.ledger(), ledger)
  assert.equal(await world.addressesOf("app-4"), "192.0.2.14")
})

test("a release that waits goes on waiting after a restart", async () => {
  await serveMany()
  await world.must("DELETE", world.poolPath("first"))
  await eventually(() => world.conditionOf("app-0"), /^True ReleaseWaits: /)
  await world.rest()
  const code = await codeIn("app-0")
  await controller.stop()
  const versions = await world.versions()
  start("two")
  await world.rest()
  assert.deepEqual(await world.versions(), versions)
  await confirm(code)
  await eventually(() => world.addressesOf("app-4"), "")
})

test("many Services that are deleted wait for nobody", async () => {
  await serveMany()
  await Promise.all(many.map(world.deleteService))
  await eventually(async () => (await world.ledger()).map(({ state }) => state).join(" "), "freed ".repeat(5).trim())
})

const many = ["app-0", "app-1", "app-2", "app-3", "app-4"]

let server: TestApiServer
let world: ControllerWorld
let controller: RunningController

before(async () => {
  server = await startTestApiServer()
})
after(() => server.stop())

beforeEach(async () => {
  world = await createControllerWorld(server.target, "release")
  await addFirstPool()
  start("one")
})
afterEach(async () => {
  await controller.stop()
  await world.close()
})

const start = (identity: string): void => {
  controller = runController(server.target, { namespace: world.configuration, identity })
}

const addFirstPool = (): Promise<void> => world.pool("first", ["192.0.2.10-192.0.2.19"])

const serveMany = async (): Promise<void> => {
  for (const [index, name] of many.entries()) await world.serve(name, `192.0.2.1${index}`)
}

const leftOf = async (name: string): Promise<Json> => {
  const service = await world.read(name)
  return {
    ingress: listAt(service, "status", "loadBalancer", "ingress"),
    conditions: listAt(service, "status", "conditions"),
    pool: textAt(service, "metadata", "annotations", "metallb.io/ip-allocated-from-pool") ?? "",
  }
}

const ownerUids = async (): Promise<readonly string[]> =>
  (await world.ledgers())
    .flatMap((ledger) => listAt(ledger, "spec", "entries"))
    .flatMap((entry) => listAt(entry, "owners"))
    .map((owner) => textAt(owner, "uid") ?? "")

const codeIn = async (name: string): Promise<string> =>
  /porchlight\.dev\/confirm-release=([0-9a-f]{6})/.exec(await world.conditionOf(name))?.[1] ?? ""

const confirm = async (code: string): Promise<void> => {
  const [ledger] = await world.ledgers()
  const path = `/apis/porchlight.dev/v1alpha1/addressledgers/${textAt(ledger, "metadata", "name")}`
  await world.must("PATCH", path, { metadata: { annotations: { "porchlight.dev/confirm-release": code } } })
}
