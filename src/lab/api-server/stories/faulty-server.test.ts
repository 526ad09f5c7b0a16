/** The reflector, over the wire, against everything an API server can do to it; timers are real, so nothing slow is here. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { createApi } from "../../../edge/api.ts"
import { nobody, parseServer } from "../../../edge/api-target.ts"
import { createReflector, type ReflectorEvent } from "../../../kubernetes/reflector.ts"
import { createRequestIds } from "../../../kubernetes/request.ts"
import type { Instant } from "../../../time/instant.ts"
import type { ApiFault } from "../faults.ts"
import { startApiServer, type ApiServer } from "../server.ts"
import { createStoryClient } from "./story-client.ts"

const faults: readonly ApiFault[] = [
  { kind: "gone" },
  { kind: "expired", how: "status" },
  { kind: "expired", how: "in-frame" },
  { kind: "too-many", retryAfter: "0" },
  { kind: "too-many", retryAfter: "soon" },
  { kind: "server-error", status: 502 },
  { kind: "reset" },
  { kind: "slow", delayMs: 50 },
]

for (const fault of faults)
  test(`a copy of the objects is complete again after ${Object.values(fault).join(" ")}`, async () => {
    const server = await startApiServer({ listen: { port: 0 } })
    const world = follow(server)
    await world.until(() => world.known.size === 1)
    server.faults.set(fault)
    world.cut()
    await new Promise((resolve) => setTimeout(resolve, 300))
    server.faults.set(undefined)
    await world.create("late")
    await world.until(() => world.known.has("default/late"))
    assert.ok(world.asked < 30, `${world.asked} requests`)
    await world.stop()
  })

const path = "/api/v1/namespaces/default/configmaps"

/** A reflector of ConfigMaps and what it knows; `default/early` is there from the start. */
const follow = (server: ApiServer) => {
  const address = parseServer(server.url, undefined, true)!
  const target = { server: address, credentials: async () => nobody }
  const client = createStoryClient(target)
  const resource = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap" }
  const reflector = createReflector({ resource, ids: createRequestIds(), namespace: "default" })
  const known = new Set<string>()
  let changed: () => void = () => undefined
  let timer: NodeJS.Timeout | undefined
  const create = async (name: string): Promise<void> => {
    assert.equal((await client.ask({ method: "POST", path, body: { metadata: { name } } })).status, 201)
  }
  const feed = (input: Parameters<typeof reflector.step>[0]): void => {
    const at = { now: performance.now() as Instant, wallSeconds: 0, entropy: Math.floor(Math.random() * 2 ** 32) }
    for (const output of reflector.step(input, at)) {
      if (output.kind === "request") world.asked += 1
      if (output.kind === "request" && output.request.stream) stream = output.request.id
      if (output.kind === "request" || output.kind === "abort") api.perform(output)
      else learn(output)
    }
    clearTimeout(timer)
    timer = setTimeout(
      () => feed({ kind: "wake" }),
      Math.max(0, (reflector.wakeAt() ?? performance.now() + 60_000) - performance.now()),
    )
    changed()
  }
  const learn = (event: ReflectorEvent): void => {
    if (event.kind === "upserted") known.add(event.key)
    if (event.kind === "deleted" || event.kind === "vanished") known.delete(event.key)
  }
  const api = createApi(target, feed)
  let stream = 0
  const world = {
    known,
    asked: 0,
    create,
    /** The connection of the watch breaks. */
    cut: () => {
      api.perform({ kind: "abort", id: stream })
      feed({ kind: "failed", id: stream, code: "ECONNRESET", message: "cut" })
    },
    until: (done: () => boolean): Promise<void> =>
      new Promise((resolve, reject) => {
        const patience = setTimeout(() => reject(new Error(`it knows only ${[...known].join(", ")}`)), 10_000)
        changed = () => {
          if (!done()) return
          clearTimeout(patience)
          resolve()
        }
        changed()
      }),
    stop: async (): Promise<void> => {
      clearTimeout(timer)
      api.close()
      client.close()
      await server.close()
    },
  }
  void create("early").then(() => feed({ kind: "wake" }))
  return world
}
