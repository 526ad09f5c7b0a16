/** Stock kubectl shows our objects alike, whichever API server prints the table. */
import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, afterEach, before, beforeEach, test } from "node:test"
import { promisify } from "node:util"
import { findKubectl } from "../../../../tools/kubectl.ts"
import { startTestApiServer, type TestApiServer } from "../../../../tools/test-api-server.ts"
import { type ControllerWorld, createControllerWorld, eventually } from "./controller-world.ts"
import { type RunningController, runController } from "./running-controller.ts"

const kubectl = await findKubectl()
const skip = "missing" in kubectl ? kubectl.missing : false

test("get ipaddresspools -o wide, and what explain says of them", { skip }, async () => {
  await world.pool("by-name", ["198.51.100.0/24", "2001:db8::/120"], { autoAssign: false, avoidBuggyIPs: true })
  assert.deepEqual(await show("get", "ipaddresspools", "-n", world.configuration, "-o", "wide"), [
    "NAME      AUTO ASSIGN   AVOID BUGGY IPS   ADDRESSES",
    'by-name   false         true              ["198.51.100.0/24","2001:db8::/120"]',
    'first     true          false             ["192.0.2.10-192.0.2.19"]',
  ])
  const [, , field] = await show("explain", "ipaddresspool.spec.autoAssign")
  assert.match(field ?? "", /^VERSION: +v1beta1$/)
})

test("get addressledgers and their short name", { skip }, async () => {
  await world.serve("radarr", "192.0.2.10")
  const table = ["NAME              POOL    AGE", "first-192.0.2.0   first   <age>"]
  assert.deepEqual(await show("get", "addressledgers"), table)
  assert.deepEqual(await show("get", "ledgers"), table)
})

test("get speakers, plain and wide", { skip }, async () => {
  for (const name of ["attic", "cellar"]) {
    const speaker = { apiVersion: "porchlight.dev/v1alpha1", kind: "Speaker", metadata: { name } }
    await world.must("POST", "/apis/porchlight.dev/v1alpha1/speakers", speaker)
  }
  const status = { state: "active", holdCount: 3, dataPlaneReady: true, version: "0.1.0" }
  await world.must("PATCH", "/apis/porchlight.dev/v1alpha1/speakers/attic/status", { status })
  assert.deepEqual(await show("get", "speakers"), [
    "NAME     NODE     STATE    HOLDS   READY   AGE",
    "attic    attic    active   3       true    <age>",
    "cellar   cellar                            <age>",
  ])
  assert.deepEqual(await show("get", "speakers", "-o", "wide"), [
    "NAME     NODE     STATE    HOLDS   READY   VERSION   AGE",
    "attic    attic    active   3       true    0.1.0     <age>",
    "cellar   cellar                                      <age>",
  ])
})

test("get svc shows the address, describe its conditions' cause as an event", { skip }, async () => {
  await world.serve("radarr", "192.0.2.10", { spec: { allocateLoadBalancerNodePorts: false } })
  await world.service("lost", { annotations: { "metallb.io/address-pool": "frist" } })
  await eventually(() => world.eventsOf("lost").then((events) => events.length), 1)
  const [, lost, radarr] = await show("get", "svc", "-n", world.namespace)
  assert.match(lost ?? "", /^lost +LoadBalancer +10\.96\.\d+\.\d+ +<pending> +80:\d+\/TCP +<age>$/)
  assert.match(radarr ?? "", /^radarr +LoadBalancer +10\.96\.\d+\.\d+ +192\.0\.2\.10 +80\/TCP +<age>$/)
  const described = await show("describe", "svc", "radarr", "-n", world.namespace)
  assert.ok(described.some((line) => /^LoadBalancer Ingress: +192\.0\.2\.10 \(VIP\)$/.test(line)))
  assert.ok(
    described.some((line) => /^ +Normal +IPAllocated +<age> +metallb-controller +Assigned IP \["192\./.test(line)),
  )
})

test("wait sees the address, and the conditions by name", { skip }, async () => {
  await world.service("radarr")
  const ingress = "--for=jsonpath={.status.loadBalancer.ingress[0].ip}=192.0.2.10"
  assert.match(
    (await show("wait", "svc/radarr", "-n", world.namespace, ingress, "--timeout=20s")).join(),
    /condition met/,
  )
  const condition = "--for=condition=porchlight.dev/Allocated"
  assert.match(
    (await show("wait", "svc/radarr", "-n", world.namespace, condition, "--timeout=20s")).join(),
    /condition met/,
  )
})

let server: TestApiServer
let world: ControllerWorld
let controller: RunningController
let folder: string

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "porchlight-kubectl-stories-"))
  server = await startTestApiServer()
})
after(async () => {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

beforeEach(async () => {
  world = await createControllerWorld(server.target, "kubectl")
  await world.pool("first", ["192.0.2.10-192.0.2.19"])
  controller = runController(server.target, { namespace: world.configuration, identity: "one" })
})
afterEach(async () => {
  await controller.stop()
  await world.close()
})

const run = promisify(execFile)

/** The lines that kubectl prints, ages taken out. */
const show = async (...args: readonly string[]): Promise<readonly string[]> => {
  const path = "path" in kubectl ? kubectl.path : ""
  const common = [`--kubeconfig=${server.kubeconfig}`, `--cache-dir=${join(folder, "cache")}`]
  const { stdout } = await run(path, [...common, ...args], { env: { HOME: folder } })
  return stdout
    .trimEnd()
    .split("\n")
    .map((line) => line.trimEnd().replace(/(?<= )\d+s(?=$| )/g, "<age>"))
}
