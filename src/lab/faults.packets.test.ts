import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { createSocket } from "node:dgram"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import type { JsonObject } from "../kubernetes/http.ts"
import { listAt, textAt } from "../kubernetes/json.ts"
import { startPodActor } from "./actors/pod-actor.ts"
import type { ApiAnswer } from "./api.ts"
import { startEmbeddedApi } from "./embedded-api.ts"
import { type Lab, raiseLab } from "./lab.ts"
import { bindSocket, inNamespace } from "./namespace.ts"
import { packetTest } from "./packet-test.ts"
import { isUnreadable, readScenario } from "./scenario.ts"
import { withBothFamilies } from "./stories/altered-scenario.ts"

packetTest(
  import.meta.url,
  "a blocked port passes nothing while its machine sees a carrier, also after a carrier that went and came; a time ends it",
  async (directory) => {
    const lab = await raise(directory)
    await broken(lab, "attic-2", "blocked")
    assert.equal(await answers(lab), 0)
    assert.equal(shown("attic-2", "ip -j link show dev eth0").includes("NO-CARRIER"), false)
    await broken(lab, "attic-2", "carrier")
    await lab.damage.mend("attic-2", "carrier")
    assert.equal(await answers(lab), 0)
    await lab.damage.mend("attic-2", "blocked")
    await until(async () => (await answers(lab)) > 0)
    await broken(lab, "attic-2", "blocked=1s")
    assert.match((await lab.damage.break("attic-2", "blocked")).says, /blocked=1s is broken at attic-2 already/)
    await until(() => lab.damage.active().length === 0)
    await until(async () => (await answers(lab)) > 0)
  },
)

packetTest(import.meta.url, "a port that flaps is out and in, and in at the end", async (directory) => {
  const lab = await raise(directory)
  await broken(lab, "attic-2", "flap")
  for (const silent of [true, false, true]) await until(async () => ((await answers(lab)) === 0) === silent)
  await lab.damage.mend("attic-2", undefined)
  await pause(600)
  assert.ok((await answers(lab)) > 0)
})

packetTest(
  import.meta.url,
  "a link of 1,280 bytes loses what is longer, and carries it again when mended",
  async (directory) => {
    const lab = await raise(directory)
    let heard = 0
    const listener = createSocket("udp6").on("message", () => heard++)
    listener.bind({ fd: bindSocket("attic-2", "udp", "any", 4000) })
    const sender = createSocket("udp6")
    await new Promise<void>((bound) => sender.bind({ fd: bindSocket("attic-1", "udp", "any", 0) }, bound))
    const send = async (bytes: number): Promise<void> => {
      sender.send(Buffer.alloc(bytes), 4000, "::ffff:192.168.40.32")
      await pause(200)
    }
    await broken(lab, "attic-2", "mtu=1280")
    assert.match((await lab.damage.break("attic-2", "mtu=1400")).says, /mtu=1280 is broken at attic-2 already/)
    await send(1400)
    assert.equal(heard, 0)
    await send(1200)
    assert.equal(heard, 1)
    await lab.damage.mend("attic-2", undefined)
    await send(1400)
    assert.equal(heard, 2)
  },
)

packetTest(
  import.meta.url,
  "without IPv6 a machine has IPv4 still, and its addresses are back when it is mended",
  async (directory) => {
    const lab = await raise(directory)
    startPodActor("attic-2", "attic-2", "attic-2").listen("TCP", 8080)
    const ask = async (address: string) =>
      (await lab.ask("attic-1", { address, port: 8080, protocol: "TCP" }, 500)).kind
    await until(async () => (await ask("fd00:40::32")) === "answered")
    await broken(lab, "attic-2", "ipv6")
    assert.deepEqual([await ask("fd00:40::32"), await ask("192.168.40.32")], ["timeout", "answered"])
    await lab.damage.mend("attic-2", "ipv6")
    await until(async () => (await ask("fd00:40::32")) === "answered")
  },
)

packetTest(
  import.meta.url,
  "a service proxy that stands still keeps its rules and answers nobody; mended, it has the newest",
  async (directory) => {
    const lab = await raise(directory)
    const nodePort = async (node: number, port: number) =>
      (await lab.ask("laptop", { address: `192.168.40.3${node}`, port, protocol: "TCP" }, 500)).kind
    await until(async () => (await nodePort(1, 30080)) === "answered")
    await broken(lab, "attic-1", "proxy")
    const ports = [{ name: "http", port: 80, targetPort: "http", nodePort: 30090 }]
    await patch(lab, "/api/v1/namespaces/demo/services/whoami", { spec: { ports } })
    await until(async () => (await nodePort(2, 30090)) === "answered")
    assert.deepEqual([await nodePort(1, 30080), await nodePort(1, 30090)], ["answered", "refused"])
    assert.match((await lab.damage.break("laptop", "proxy")).says, /laptop is no node/)
    await lab.damage.mend("attic-1", undefined)
    await until(async () => (await nodePort(1, 30090)) === "answered")
  },
)

packetTest(
  import.meta.url,
  "a node that shuts down says so and is silent then; mended, it is as before",
  async (directory) => {
    const lab = await raise(directory)
    const readiness = async (): Promise<string> => {
      const { body } = await lab.api.request("GET", "/api/v1/nodes/attic-2")
      const ready = listAt(body, "status", "conditions").find((one) => textAt(one, "type") === "Ready")
      return `${textAt(ready, "status")} ${textAt(ready, "message")}`
    }
    await until(async () => (await readiness()).startsWith("True"))
    await broken(lab, "attic-2", "shutdown")
    assert.equal(await readiness(), "False node is shutting down")
    assert.equal(await answers(lab), 0)
    await lab.damage.mend("attic-2", undefined)
    await until(async () => (await readiness()).startsWith("True"))
    await until(async () => (await answers(lab)) > 0)
  },
)

packetTest(
  import.meta.url,
  "the API server misbehaves as it was told, one way at a time, and who was muted hears again when it is mended",
  async (directory) => {
    const lab = await raise(directory)
    const list = () => lab.api.request("GET", "/api/v1/namespaces")
    for (const [fault, status] of [
      ["api=429", 429],
      ["api=503", 503],
    ] as const) {
      await broken(lab, undefined, fault)
      assert.match((await lab.damage.break(undefined, "api=500")).says, /api=\w+ is broken already/)
      await until(async () => (await list().catch(asCut)).status === status)
      await lab.damage.mend(undefined, fault)
    }
    await broken(lab, undefined, "api=cut")
    // The first may fail only because its connection was kept from before.
    for (let i = 0; i < 3; i++) await assert.rejects(list())
    await lab.damage.mend(undefined, undefined)
    assert.match((await lab.damage.break("attic-1", "api=mute")).says, /is what the API server does to everybody/)
    await until(async () => (await list().catch(asCut)).status === 200)
    let known = 0
    const unfollow = lab.api.follow("/api/v1/namespaces", (objects) => (known = objects.size))
    await until(() => known > 0)
    const before = known
    await broken(lab, undefined, "api=mute")
    const created = { apiVersion: "v1", kind: "Namespace", metadata: { name: "late" } }
    assert.equal((await lab.api.request("POST", "/api/v1/namespaces", created)).status, 201)
    await pause(300)
    assert.equal(known, before)
    await lab.damage.mend(undefined, "api=mute")
    await until(() => known === before + 1)
    unfollow()
  },
)

const root = join(import.meta.dirname, "../..")

/** The attic with both families, without our programs. */
const raise = async (directory: string): Promise<Lab> => {
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const options = { directory, crds: join(root, "deploy/crds"), controller: undefined, speaker: undefined }
  return raiseLab(withBothFamilies(scenario), { ...options, startApi: startEmbeddedApi, report: () => undefined })
}

/** Its connection was kept from before the fault, and ended with it. */
const asCut = (): ApiAnswer => ({ status: 0, body: {} })

const broken = async (lab: Lab, machine: string | undefined, fault: string): Promise<void> => {
  const { kind, says } = await lab.damage.break(machine, fault)
  assert.equal(kind, "done", says)
}

/** How many of three questions attic-2 answers. */
const answers = async (lab: Lab): Promise<number> => (await lab.arping("laptop", "192.168.40.32", 3)).answered

const patch = async (lab: Lab, path: string, body: JsonObject): Promise<void> => {
  assert.equal((await lab.api.request("PATCH", path, body, "application/merge-patch+json")).status, 200)
}

const shown = (machine: string, command: string): string =>
  inNamespace(machine, () => spawnSync("sh", ["-c", command], { encoding: "utf8" })).stdout

const until = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await holds())) await pause(20)
}
