/** What is written is written once: the controller against an API server that keeps what it is told in its own form. */
import assert from "node:assert/strict"
import { after, afterEach, before, beforeEach, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import type { Json } from "../../../kubernetes/http.ts"
import { field, listAt, textAt } from "../../../kubernetes/json.ts"
import { startTestApiServer, type TestApiServer } from "../../../../tools/test-api-server.ts"
import { type ControllerWorld, createControllerWorld, eventually } from "./controller-world.ts"
import { type RunningController, runController } from "./running-controller.ts"

test("a Service is written twice, with its address and with who announces it, and then no more", async () => {
  const controller = start("one")
  for (const name of threeNames) await world.service(name)
  await world.rest()
  const statuses = writesTo(controller, /\/services\/[^/]+\/status$/)
  assert.equal(statuses.filter(({ body }) => field(body, "status", "loadBalancer") !== undefined).length, 3)
  assert.equal(statuses.length, 6)
  const [versions, count] = [await world.versions(), controller.writes.length]
  await sleep(quietMs)
  assert.deepEqual(await world.versions(), versions)
  assert.equal(controller.writes.length, count)
  assert.deepEqual(refusedOf(controller), [])
})

test("an entry that somebody stored without ipMode is what we want already", async () => {
  const controller = start("one")
  await world.service("radarr")
  await world.rest()
  const count = controller.writes.length
  await forge("radarr", [{ ip: "192.0.2.10" }])
  assert.deepEqual(await ingress("radarr"), [{ ip: "192.0.2.10", ipMode: "VIP" }])
  await world.rest()
  assert.equal(controller.writes.length, count)
})

test("a status that somebody forged is put right, and nobody gets another's address by it", async () => {
  start("one")
  await serveThree()
  await world.rest()
  const ledger = await world.ledger()
  await forge("radarr", [{ ip: "192.0.2.11" }])
  await forge("sonarr", [])
  await forge("lidarr", [{ ip: "192.0.2.12", ipMode: "Proxy" }, { hostname: "evil.example.org" }])
  for (const [index, name] of threeNames.entries())
    await eventually(() => ingress(name), [{ ip: `192.0.2.1${index}`, ipMode: "VIP" }])
  assert.deepEqual(await world.ledger(), ledger)
})

test("conditions and annotations of others stay, ours come back", async () => {
  start("one")
  await world.service("radarr")
  await world.rest()
  const lastTransitionTime = "2026-11-21T18:18:00Z"
  const theirs = { type: "example.org/Fine", status: "True", reason: "Ok", message: "", lastTransitionTime }
  await world.must("PATCH", `${world.servicePath("radarr")}/status`, { status: { conditions: [theirs] } })
  const annotations = { "metallb.io/ip-allocated-from-pool": "elsewhere", "example.org/note": "mine" }
  await world.must("PATCH", world.servicePath("radarr"), { metadata: { annotations } })
  await eventually(() => poolOf("radarr"), "first")
  await eventually(
    () => conditionTypes("radarr"),
    ["example.org/Fine", "porchlight.dev/Allocated", "porchlight.dev/Announced"],
  )
  assert.equal(textAt(await world.read("radarr"), "metadata", "annotations", "example.org/note"), "mine")
})

test("a pool's counters that somebody edited are put right", async () => {
  start("one")
  await world.service("radarr")
  await world.rest()
  const wrong = { assignedIPv4: 7, assignedIPv6: 7, availableIPv4: 7, availableIPv6: 7 }
  await world.must("PATCH", `${world.poolPath("first")}/status`, { status: wrong })
  await eventually(async () => field(await world.must("GET", world.poolPath("first")), "status") ?? null, {
    assignedIPv4: 1,
    assignedIPv6: 0,
    availableIPv4: 1999,
    availableIPv6: 0,
  })
})

test("after a restart nothing moves and nothing is written", async () => {
  const first = start("one")
  await world.serve("radarr", "192.0.2.10")
  await world.serve("gone", "192.0.2.11")
  await world.service("sonarr", { annotations: { "metallb.io/loadBalancerIPs": "192.0.2.77" } })
  await world.service("lost", { annotations: { "metallb.io/address-pool": "none" } })
  await world.rest()
  await world.deleteService("gone")
  await world.rest()
  await first.stop()
  const versions = await world.versions()
  const second = start("two")
  await world.rest()
  assert.deepEqual(await world.versions(), versions)
  assert.deepEqual(second.writes, [])
  await world.service("lidarr")
  await eventually(() => world.addressesOf("lidarr"), "192.0.2.12")
})

test("what happened while no controller ran is made good when one starts", async () => {
  const first = start("one")
  await serveThree()
  await first.stop()
  await world.deleteService("radarr")
  await world.must("PATCH", world.servicePath("sonarr"), { spec: { type: "ClusterIP" } })
  await world.service("new")
  start("two")
  // What is freed rests before it is given to another by itself.
  await eventually(() => world.addressesOf("new"), "192.0.2.13")
  await eventually(
    () => world.ledger(),
    [
      { address: "192.0.2.10", state: "freed", owners: "radarr" },
      { address: "192.0.2.11", state: "freed", owners: "sonarr" },
      { address: "192.0.2.12", state: "given", owners: "lidarr" },
      { address: "192.0.2.13", state: "given", owners: "new" },
    ],
  )
  assert.equal(await world.addressesOf("sonarr"), "")
})

test("coming from MetalLB every Service keeps its address, and its ingress is not written again", async () => {
  const had = { radarr: "192.0.2.60", sonarr: "192.0.2.12", lidarr: "192.0.2.45" }
  for (const [name, ip] of Object.entries(had)) {
    await world.service(name, { annotations: { "metallb.io/ip-allocated-from-pool": "first" } })
    await forge(name, [{ ip }])
  }
  const controller = start("one")
  await world.rest()
  for (const [name, ip] of Object.entries(had)) assert.equal(await world.addressesOf(name), ip)
  const ingresses = writesTo(controller, /\/status$/).filter(({ body }) => field(body, "status", "loadBalancer"))
  assert.deepEqual(ingresses, [])
  assert.deepEqual(
    await world.ledger(),
    ["sonarr", "lidarr", "radarr"].map((name) => ({
      address: had[name as keyof typeof had],
      state: "given",
      owners: name,
    })),
  )
})

test("a hundred Services at once have a hundred addresses, each written once", async () => {
  const controller = start("one")
  await eventually(async () => (await world.versions())[`ipaddresspools/${world.configuration}/first`] !== "", true)
  const names = Array.from({ length: 100 }, (_, index) => `app-${index}`)
  await Promise.all(names.map((name) => world.service(name, { spec: { allocateLoadBalancerNodePorts: false } })))
  await eventually(async () => (await world.ledger()).filter(({ state }) => state === "given").length, 100)
  await world.rest()
  const given = await Promise.all(names.map(world.addressesOf))
  assert.deepEqual(
    given.toSorted((a, b) => lastOf(a) - lastOf(b)),
    Array.from({ length: 100 }, (_, index) => `192.0.2.${index + 10}`),
  )
  const statuses = writesTo(controller, /\/services\/[^/]+\/status$/)
  assert.equal(statuses.filter(({ body }) => field(body, "status", "loadBalancer") !== undefined).length, 100)
  assert.equal(statuses.length, 200)
  assert.deepEqual(refusedOf(controller), [])
  const service = await world.read("app-0")
  assert.equal(field(listAt(service, "spec", "ports")[0], "nodePort"), undefined)
})

test("a ledger that somebody touched is read again: the next Service has its address all the same", async () => {
  start("one")
  await world.serve("radarr", "192.0.2.10")
  const [ledger] = await world.ledgers()
  const path = `/apis/porchlight.dev/v1alpha1/addressledgers/${textAt(ledger, "metadata", "name")}`
  const touches = Array.from({ length: 8 }, (_, index) =>
    world.must("PATCH", path, { metadata: { labels: { touched: `${index}` } } }),
  )
  await Promise.all([...touches, world.service("sonarr")])
  await eventually(() => world.addressesOf("sonarr"), "192.0.2.11")
  await eventually(
    () => world.ledger(),
    [
      { address: "192.0.2.10", state: "given", owners: "radarr" },
      { address: "192.0.2.11", state: "given", owners: "sonarr" },
    ],
  )
})

const threeNames = ["radarr", "sonarr", "lidarr"]
const quietMs = 3000

let server: TestApiServer
let world: ControllerWorld
let controllers: RunningController[] = []

before(async () => {
  server = await startTestApiServer()
})
after(() => server.stop())

beforeEach(async () => {
  world = await createControllerWorld(server.target, "at-rest")
  await world.pool("first", ["192.0.2.10-192.0.2.209", "198.18.0.0-198.18.7.7"])
})
afterEach(async () => {
  await Promise.all(controllers.map((controller) => controller.stop()))
  controllers = []
  await world.close()
})

const start = (identity: string): RunningController => {
  const controller = runController(server.target, { namespace: world.configuration, identity })
  controllers.push(controller)
  return controller
}

const serveThree = async (): Promise<void> => {
  for (const [index, name] of threeNames.entries()) await world.serve(name, `192.0.2.1${index}`)
}

const writesTo = (controller: RunningController, path: RegExp): readonly { readonly body: Json | undefined }[] =>
  controller.writes.filter(({ request }) => path.test(request.path)).map(({ request }) => ({ body: request.body }))

const refusedOf = (controller: RunningController): readonly string[] =>
  controller.remarks.filter(({ level }) => level === "error").map(({ message }) => message)

const forge = (name: string, ingress: readonly Json[]): Promise<Json> =>
  world.must("PATCH", `${world.servicePath(name)}/status`, { status: { loadBalancer: { ingress } } })

const ingress = async (name: string): Promise<readonly Json[]> =>
  listAt(await world.read(name), "status", "loadBalancer", "ingress")

const poolOf = async (name: string): Promise<string | undefined> =>
  textAt(await world.read(name), "metadata", "annotations", "metallb.io/ip-allocated-from-pool")

const conditionTypes = async (name: string): Promise<readonly string[]> =>
  listAt(await world.read(name), "status", "conditions")
    .map((condition) => textAt(condition, "type") ?? "")
    .toSorted()

const lastOf = (address: string): number => Number(address.slice(address.lastIndexOf(".") + 1))
