/** Services get addresses: the controller against an API server, what it writes and in which order. */
import assert from "node:assert/strict"
import { after, afterEach, before, beforeEach, test } from "node:test"
import type { Json } from "../../../kubernetes/http.ts"
import { field, listAt, numberAt, textAt } from "../../../kubernetes/json.ts"
import { startTestApiServer, type TestApiServer } from "../../../../tools/test-api-server.ts"
import { type ControllerWorld, createControllerWorld, eventually } from "./controller-world.ts"
import { type RunningController, runController } from "./running-controller.ts"

test("a Service gets the lowest address, and status, annotation, conditions, event and counters say so", async () => {
  const uid = textAt(await world.service("radarr"), "metadata", "uid")
  await eventually(() => world.addressesOf("radarr"), "192.0.2.10")
  await eventually(
    () => world.conditionOf("radarr", "Announced"),
    /^False NoEndpoints: no pod of allocation-\w+\/radarr is ready; /,
  )
  const service = await world.read("radarr")
  assert.deepEqual(listAt(service, "status", "loadBalancer", "ingress"), [{ ip: "192.0.2.10", ipMode: "VIP" }])
  assert.equal(textAt(service, "metadata", "annotations", "metallb.io/ip-allocated-from-pool"), "first")
  assert.match(
    await world.conditionOf("radarr"),
    /^True Kept: given 192\.0\.2\.10 on [-\d]+ [:\d]+ UTC: the lowest that was free or could be shared \(pool first\); still valid$/,
  )
  await eventually(() => world.eventsOf("radarr"), ['IPAllocated Assigned IP ["192.0.2.10"]'])
  await eventually(() => counters("first"), [1, 9, 0, 0])
  const [ledger] = await world.ledgers()
  const [entry] = listAt(ledger, "spec", "entries")
  assert.deepEqual(field(entry, "owners"), [{ service: `${world.namespace}/radarr`, uid: uid ?? "" }])
  assert.ok((await world.grantOf("192.0.2.10")) > 0)
})

test("the ledger is written before the status, and address, pool and condition come in one write", async () => {
  const watch = world.watchServices()
  await world.service("radarr")
  await eventually(() => world.addressesOf("radarr"), "192.0.2.10")
  const [made, given] = (await watch.frames(2)).map((frame) => field(frame, "object"))
  const [ledger] = await world.ledgers()
  assert.deepEqual([made, ledger, given].map(versionOf).toSorted(upwards), [made, ledger, given].map(versionOf))
  const stepOf = (path: string): number | undefined =>
    controller.writes.find(({ request }) => request.path.endsWith(path))?.step
  assert.ok(stepOf("/radarr/status")! > stepOf("/addressledgers")!)
  assert.equal(textAt(given, "metadata", "annotations", "metallb.io/ip-allocated-from-pool"), "first")
  assert.deepEqual(listAt(given, "status", "loadBalancer", "ingress"), [{ ip: "192.0.2.10", ipMode: "VIP" }])
  assert.equal(textAt(listAt(given, "status", "conditions")[0], "type"), "porchlight.dev/Allocated")
})

test("who asks for an address by annotation or by spec.loadBalancerIP gets it", async () => {
  await world.service("radarr", { annotations: { "metallb.io/loadBalancerIPs": "192.0.2.14" } })
  await world.service("sonarr", { spec: { loadBalancerIP: "192.0.2.12" } })
  await world.service("lidarr", { annotations: { "metallb.io/address-pool": "by-name" } })
  await eventually(() => world.addressesOf("radarr"), "192.0.2.14")
  await eventually(() => world.addressesOf("sonarr"), "192.0.2.12")
  await eventually(() => world.addressesOf("lidarr"), "198.51.100.1")
})

test("a Service whose wish changes gets the other address", async () => {
  await world.service("radarr", { annotations: { "metallb.io/loadBalancerIPs": "192.0.2.14" } })
  await eventually(() => world.addressesOf("radarr"), "192.0.2.14")
  await change("radarr", { metadata: { annotations: { "metallb.io/loadBalancerIPs": "192.0.2.15" } } })
  await eventually(() => world.addressesOf("radarr"), "192.0.2.15")
  await eventually(
    () => world.ledger(),
    [
      { address: "192.0.2.14", state: "freed", owners: "radarr" },
      { address: "192.0.2.15", state: "given", owners: "radarr" },
    ],
  )
})

test("who cannot have what it asks for waits, and is told why in the words people know", async () => {
  const refusals: readonly [name: string, annotations: Record<string, string>, reason: string, words: RegExp][] = [
    ["far", { "metallb.io/loadBalancerIPs": "203.0.113.9" }, "OutsideEveryPool", /\["203\.0\.113\.9"\] is not allowed/],
    ["lost", { "metallb.io/address-pool": "frist" }, "UnknownPool", /unknown pool "frist".*did you mean first\?/],
    ["broken", { "metallb.io/loadBalancerIPs": "192.0.2.300" }, "MalformedWish", /"192\.0\.2\.300" is no address/],
  ]
  for (const [name, annotations] of refusals) await world.service(name, { annotations })
  for (const [name, , reason, words] of refusals) {
    await eventually(() => world.eventsOf(name).then((events) => events.length), 1)
    const [event] = await world.eventsOf(name)
    assert.match(event ?? "", /^AllocationFailed Failed to allocate IP for /)
    assert.match(event ?? "", words)
    assert.ok((await world.conditionOf(name)).startsWith(`False ${reason}: no address: `))
    assert.equal(await world.addressesOf(name), "")
  }
})

test("two wishes that contradict each other are both named", async () => {
  const annotations = { "metallb.io/loadBalancerIPs": "192.0.2.14" }
  await world.service("radarr", { annotations, spec: { loadBalancerIP: "192.0.2.12" } })
  await eventually(
    () => world.eventsOf("radarr").then(String),
    /service can not have both metallb.io\/loadBalancerIPs and svc\.Spec\.LoadBalancerIP/,
  )
})

test("a Service that waits for a full pool is told, and gets what another gives back", async () => {
  await world.service("radarr", { annotations: { "metallb.io/address-pool": "single" } })
  await eventually(() => world.addressesOf("radarr"), "198.51.100.100")
  await world.service("sonarr", { annotations: { "metallb.io/address-pool": "single" } })
  await eventually(() => world.eventsOf("sonarr").then(String), /^AllocationFailed .*no available IPs in pool single/)
  await world.deleteService("radarr")
  await eventually(() => world.addressesOf("sonarr"), "198.51.100.100")
  await eventually(() => world.conditionOf("sonarr"), /^True /)
})

test("Services with one sharing key have one address, as long as their ports differ", async () => {
  const annotations = { "metallb.io/allow-shared-ip": "dns", "metallb.io/loadBalancerIPs": "192.0.2.11" }
  await world.service("tcp", { annotations, spec: { ports: [{ port: 53, protocol: "TCP" }] } })
  await world.service("udp", { annotations, spec: { ports: [{ port: 53, protocol: "UDP" }] } })
  for (const name of ["tcp", "udp"]) await eventually(() => world.addressesOf(name), "192.0.2.11")
  await eventually(() => world.ledger(), [{ address: "192.0.2.11", state: "given", owners: "tcp udp" }])
  await eventually(() => counters("first"), [1, 9, 0, 0])
  await world.service("again", { annotations, spec: { ports: [{ port: 53, protocol: "UDP" }] } })
  await eventually(
    () => world.eventsOf("again").then(String),
    /AllocationFailed .*port UDP\/53 is already in use on "192\.0\.2\.11"/,
  )
})

test("Local Services share only with the same pods, and without a key nobody shares", async () => {
  const wish = { "metallb.io/loadBalancerIPs": "192.0.2.11" }
  const annotations = { ...wish, "metallb.io/allow-shared-ip": "web" }
  const local = { externalTrafficPolicy: "Local", selector: { app: "web" } }
  await world.service("one", { annotations, spec: { ...local, ports: [{ port: 80 }] } })
  await eventually(() => world.addressesOf("one"), "192.0.2.11")
  await world.service("same", { annotations, spec: { ...local, ports: [{ port: 81 }] } })
  await eventually(() => world.addressesOf("same"), "192.0.2.11")
  await world.service("other", { annotations, spec: { ...local, selector: { app: "other" }, ports: [{ port: 82 }] } })
  await eventually(
    () => world.conditionOf("other"),
    /^False SharingRefused: .*shares only with the same pods, and app=other is not app=web/,
  )
  await world.service("alone", { annotations: wish, spec: { ports: [{ port: 83 }] } })
  await eventually(
    () => world.conditionOf("alone"),
    /^False SharingRefused: .*this one has no metallb.io\/allow-shared/,
  )
})

test("with two families a Service has what its policy asks for", async () => {
  await world.pool("both", ["198.51.100.200-198.51.100.209", "2001:db8::10-2001:db8::1f"], { autoAssign: false })
  const annotations = { "metallb.io/address-pool": "both" }
  await world.service("required", { annotations, spec: { ipFamilyPolicy: "RequireDualStack" } })
  await eventually(() => world.addressesOf("required"), "198.51.100.200 2001:db8::10")
  await world.service("preferred", { spec: { ipFamilyPolicy: "PreferDualStack" } })
  await eventually(() => world.addressesOf("preferred"), "192.0.2.10")
  await world.service("sixth", { annotations, spec: { ipFamilyPolicy: "SingleStack", ipFamilies: ["IPv6"] } })
  await eventually(() => world.addressesOf("sixth"), "2001:db8::11")
  await eventually(() => counters("both"), [1, 9, 2, 14])
  await world.service("unhappy", {
    annotations: { "metallb.io/address-pool": "by-name" },
    spec: { ipFamilyPolicy: "RequireDualStack" },
  })
  await eventually(() => world.conditionOf("unhappy"), /^False PoolLacksFamily: .*pool by-name has no IPv6 addresses/)
})

test("a Service whose policy grows to two families keeps its address and gets the other", async () => {
  await world.pool("both", ["198.51.100.200-198.51.100.209", "2001:db8::10-2001:db8::1f"])
  await world.service("growing", { annotations: { "metallb.io/address-pool": "both" } })
  await eventually(() => world.addressesOf("growing"), "198.51.100.200")
  await change("growing", { spec: { ipFamilyPolicy: "PreferDualStack" } })
  await eventually(() => world.addressesOf("growing"), "198.51.100.200 2001:db8::10")
  await eventually(() => world.eventsOf("growing").then(String), /Assigned additional IP "2001:db8::10"/)
})

test("a Service of another class is not touched", async () => {
  const made = await world.service("theirs", { spec: { loadBalancerClass: "example.org/cloud" } })
  await world.service("ours")
  await eventually(() => world.addressesOf("ours"), "192.0.2.10")
  await world.rest()
  assert.equal(versionOf(await world.read("theirs")), versionOf(made))
  assert.deepEqual(await world.eventsOf("theirs"), [])
})

let server: TestApiServer
let world: ControllerWorld
let controller: RunningController

before(async () => {
  server = await startTestApiServer()
})
after(() => server.stop())

beforeEach(async () => {
  world = await createControllerWorld(server.target, "allocation")
  await world.pool("first", ["192.0.2.10-192.0.2.19"])
  await world.pool("by-name", ["198.51.100.1-198.51.100.9"], { autoAssign: false })
  await world.pool("single", ["198.51.100.100/32"], { autoAssign: false })
  controller = runController(server.target, { namespace: world.configuration, identity: "one" })
})
afterEach(async () => {
  await controller.stop()
  await world.close()
})

const change = (name: string, patch: Json): Promise<Json> => world.must("PATCH", world.servicePath(name), patch)

const counters = async (pool: string): Promise<readonly (number | undefined)[]> => {
  const object = await world.must("GET", world.poolPath(pool))
  return ["assignedIPv4", "availableIPv4", "assignedIPv6", "availableIPv6"].map((name) =>
    numberAt(object, "status", name),
  )
}

const versionOf = (object: Json | undefined): number => Number(textAt(object, "metadata", "resourceVersion"))
const upwards = (a: number, b: number): number => a - b
