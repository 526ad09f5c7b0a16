/** The controller as the process that a cluster runs, by its own command line and a kubeconfig; two of them. */
import assert from "node:assert/strict"
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, afterEach, before, beforeEach, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { askInspect } from "../../../edge/inspect.ts"
import type { Json } from "../../../kubernetes/http.ts"
import { field, numberAt, textAt } from "../../../kubernetes/json.ts"
import { endsWithUs } from "../../../../tools/kube-apiserver.ts"
import { startTestApiServer, type TestApiServer } from "../../../../tools/test-api-server.ts"
import { type ControllerWorld, createControllerWorld, eventually } from "./controller-world.ts"

test("the second waits, and takes over when the first is killed: nothing moves, and who waited is served", async () => {
  const first = start()
  await world.serve("radarr", "192.0.2.10")
  const second = start()
  await eventually(async () => /Waiting: \S+ leads/.test(second.said()), true)
  await world.rest()
  const before = await radarrAndLease()
  first.child.kill("SIGKILL")
  await world.service("sonarr")
  await eventually(() => world.addressesOf("sonarr"), "192.0.2.11")
  const now = await radarrAndLease()
  assert.deepEqual(now.version, before.version)
  assert.notEqual(now.holder, before.holder)
  assert.equal(now.transitions, before.transitions + 1)
})

test("a leader that stood still while another took over gives nothing away twice, and follows", async () => {
  const first = start()
  await world.serve("radarr", "192.0.2.10")
  const before = await radarrAndLease()
  first.child.kill("SIGSTOP")
  start()
  await world.service("sonarr")
  await eventually(() => world.addressesOf("sonarr"), "192.0.2.11")
  const { holder } = await radarrAndLease()
  assert.notEqual(holder, before.holder)
  await world.service("lidarr")
  first.child.kill("SIGCONT")
  await world.service("readarr")
  await eventually(() => world.addressesOf("readarr"), "192.0.2.13")
  await eventually(async () => /Waiting: \S+ leads/.test(first.said()), true)
  assert.equal((await radarrAndLease()).holder, holder)
  assert.deepEqual(
    (await world.ledger()).map(({ address, owners }) => `${address} ${owners}`),
    ["192.0.2.10 radarr", "192.0.2.11 sonarr", "192.0.2.12 lidarr", "192.0.2.13 readarr"],
  )
})

test("ended kindly it gives the lease away and leaves with 0; the next leads without waiting for its end", async () => {
  const first = start()
  await world.serve("radarr", "192.0.2.10")
  await world.rest()
  first.child.kill("SIGTERM")
  const [code] = (await once(first.child, "exit")) as [number | null]
  assert.equal(code, 0)
  assert.equal((await radarrAndLease()).holder, "")
  const versions = await world.versions()
  start()
  await eventually(async () => (await radarrAndLease()).holder !== "", true)
  await world.rest()
  assert.deepEqual(await world.versions(), versions)
})

test("with a class it serves Services of that class only", async () => {
  start("--lb-class", "example.org/porch")
  await world.service("radarr")
  await world.serve("sonarr", "192.0.2.10", { spec: { loadBalancerClass: "example.org/porch" } })
  await sleep(500)
  assert.equal(await world.addressesOf("radarr"), "")
})

test("both show themselves on their inspect sockets: who leads, who waits, and what was given", async () => {
  const folder = mkdtempSync(join(tmpdir(), "porchlight-controller-"))
  const ask = (name: string, question = "all"): Promise<Json> => askInspect(join(folder, name), question, 2000)
  try {
    start("--inspect-socket", join(folder, "first.sock"))
    await world.serve("radarr", "192.0.2.10")
    await world.service("sonarr", { annotations: { "metallb.io/address-pool": "second" } })
    start("--inspect-socket", join(folder, "second.sock"))
    await eventually(async () => textAt(await ask("second.sock"), "lease", "is"), "following")
    await eventually(async () => numberAt(await ask("first.sock"), "services", "withoutAddress", "count"), 1)
    const leader = await ask("first.sock")
    assert.equal(textAt(leader, "kind"), "ControllerInspection")
    assert.equal(textAt(leader, "lease", "is"), "leading")
    assert.deepEqual(field(leader, "ledgers"), { objects: 1, given: 1, freed: 0 })
    assert.equal(textAt(await ask("second.sock"), "lease", "holder"), textAt(leader, "identity"))
    assert.deepEqual(await ask("first.sock", "ready"), { ready: true, because: [] })
    assert.equal(field(await ask("second.sock", "ready"), "ready"), false)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

type Running = { readonly child: ChildProcess; readonly said: () => string }

let server: TestApiServer
let world: ControllerWorld
let running: Running[] = []

before(async () => {
  server = await startTestApiServer()
})
after(() => server.stop())

beforeEach(async () => {
  world = await createControllerWorld(server.target, "process")
  await world.pool("first", ["192.0.2.10-192.0.2.19"])
})
afterEach(async () => {
  await Promise.all(running.map(end))
  running = []
  await world.close()
})

const command = join(import.meta.dirname, "..", "..", "..", "main", "cli.ts")

const start = (...more: readonly string[]): Running => {
  const flags = ["--api", server.kubeconfig, "--namespace", world.configuration, "--metrics-port", "0", ...more]
  const child = spawn(...endsWithUs(process.execPath, [command, "controller", ...flags]), {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()))
  const one = { child, said: () => said }
  running.push(one)
  return one
}

const end = async ({ child }: Running): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, "exit")
  child.kill("SIGKILL")
  await ended
}

const radarrAndLease = async (): Promise<{ version: string; holder: string; transitions: number }> => {
  const path = `/apis/coordination.k8s.io/v1/namespaces/${world.configuration}/leases/porchlight-controller`
  const { body } = await world.ask("GET", path)
  return {
    version: textAt(await world.read("radarr"), "metadata", "resourceVersion") ?? "",
    holder: textAt(body, "spec", "holderIdentity") ?? "",
    transitions: Number(field(body, "spec", "leaseTransitions") ?? 0),
  }
}
