/** Our own machines against an API server, over the wire. */
import assert from "node:assert/strict"
import { after as afterAll, before, describe, test } from "node:test"
import { createApi, type Api } from "../../../edge/api.ts"
import { createEventRecorder } from "../../../kubernetes/event-recorder.ts"
import type { ApiEvent, ApiOutput, Json } from "../../../kubernetes/http.ts"
import { field, textAt } from "../../../kubernetes/json.ts"
import { createLease, type LeaseEvent } from "../../../kubernetes/lease.ts"
import { resourceVersionOf, type KubernetesObject } from "../../../kubernetes/object.ts"
import { createReflector, type ReflectorEvent } from "../../../kubernetes/reflector.ts"
import { createCall, createRequestIds, deleteCall, mergePatchCall, saveCall } from "../../../kubernetes/request.ts"
import type { Resource } from "../../../kubernetes/resource.ts"
import { createWriter, type WriterEvent } from "../../../kubernetes/writer.ts"
import type { Instant, Program } from "../../../time/instant.ts"
import { startTestApiServer, type TestApiServer } from "../../../../tools/test-api-server.ts"
import { createStoryClient, type StoryClient } from "./story-client.ts"

describe("the reflector", () => {
  test("lists in pages and then tells what is created, changed and deleted", async () => {
    await namespace("reflected")
    for (let index = 0; index < 3; index += 1) await create(service("reflected", `s${index}`))
    const run = drive(createReflector({ resource: services, ids: createRequestIds(), namespace: "reflected" }))
    assert.deepEqual(await run.until("synced 3"), [
      "upserted reflected/s0",
      "upserted reflected/s1",
      "upserted reflected/s2",
      "synced 3",
    ])
    await create(service("reflected", "s3"))
    assert.deepEqual(await run.until("upserted reflected/s3"), ["upserted reflected/s3"])
    await client.ask({ method: "DELETE", path: "/api/v1/namespaces/reflected/services/s3" })
    assert.deepEqual(await run.until("deleted reflected/s3"), ["deleted reflected/s3"])
  })

  test("lists a thousand objects in pages", async () => {
    await namespace("many")
    const writer = drive(createWriter({ ids: createRequestIds(), timeoutMs: 10_000 }))
    for (let index = 0; index < 1000; index += 1)
      writer.feed({ kind: "write", key: `c${index}`, call: createCall(configMaps, configMap("many", `c${index}`)) })
    await writer.count(1000)
    const run = drive(createReflector({ resource: configMaps, ids: createRequestIds(), namespace: "many" }))
    await run.until("synced 1000")
    assert.deepEqual(
      run.requests.filter(({ stream }) => !stream).map(({ query }) => query["limit"]),
      ["500", "500"],
    )
  })

  test("takes selectors", async () => {
    const selectors = { fieldSelector: "metadata.name=kube-system" }
    const run = drive(createReflector({ resource: namespaces, ids: createRequestIds(), selectors }))
    assert.deepEqual(await run.until("synced 1"), ["upserted kube-system", "synced 1"])
  })

  test("waits for a kind that is not there", async () => {
    const missing: Resource = { group: "nobody.example", version: "v1", plural: "things", kind: "Thing" }
    const run = drive(createReflector({ resource: missing, ids: createRequestIds() }))
    assert.deepEqual(await run.until("failing missing"), ["failing missing"])
  })

  test("lists again where its place in the history is forgotten or lies in the future", async () => {
    const stale = await client.ask({ method: "GET", path: "/api/v1/services?resourceVersion=99999999" })
    assert.equal(stale.status, 504)
    assert.match(textAt(stale.body, "message") ?? "", /^Timeout: Too large resource version: 99999999, current: \d+$/)
  })
})

describe("the lease", () => {
  test("is made, renewed, refused to the second and given away", async () => {
    await namespace("leases")
    const ids = createRequestIds()
    const one = drive(createLease({ ids, namespace: "leases", name: "porchlight", identity: "one" }))
    assert.deepEqual(await one.until("leading"), ["leading"])
    const two = drive(createLease({ ids, namespace: "leases", name: "porchlight", identity: "two" }))
    assert.deepEqual(await two.until("following one"), ["following one"])
    assert.deepEqual(await one.until("leading"), ["leading"])
    one.feed({ kind: "release" })
    assert.deepEqual(await two.until("leading"), ["leading"])
    const { body } = await client.ask({
      method: "GET",
      path: "/apis/coordination.k8s.io/v1/namespaces/leases/leases/porchlight",
    })
    assert.equal(textAt(body, "spec", "holderIdentity"), "two")
    assert.equal(field(body, "spec", "leaseTransitions"), 1)
    assert.match(textAt(body, "spec", "renewTime") ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  })
})

describe("the writer", () => {
  test("gives a Service its address through the status subresource, with our annotation in the same patch", async () => {
    await namespace("written")
    await create(service("written", "radarr"))
    const place = { resource: services, name: "radarr", namespace: "written", subresource: "status" } as const
    const patch = {
      metadata: { annotations: { "porchlight.dev/grant": "1" } },
      status: { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } },
    }
    const [written] = await write(mergePatchCall(place, patch))
    assert.ok(written?.kind === "written")
    assert.deepEqual(field(written.object, "status", "loadBalancer", "ingress"), [{ ip: "192.0.2.7", ipMode: "VIP" }])
    assert.equal(textAt(written.object, "metadata", "annotations", "porchlight.dev/grant"), "1")
  })

  test("is told of a conflict with the object as it is", async () => {
    await namespace("conflicts")
    const [made] = await write(createCall(configMaps, configMap("conflicts", "shared")))
    assert.ok(made?.kind === "written")
    await write(saveCall(configMaps, { ...configMap("conflicts", "shared"), data: { by: "another" } }, made.object))
    const [answer] = await write(
      saveCall(configMaps, { ...configMap("conflicts", "shared"), data: { by: "us" } }, made.object),
    )
    assert.ok(answer?.kind === "conflicted")
    assert.equal(textAt(answer.current, "data", "by"), "another")
    const [again] = await write(
      saveCall(configMaps, { ...configMap("conflicts", "shared"), data: { by: "us" } }, answer.current),
    )
    assert.equal(again?.kind, "written")
  })

  test("is told of the object in the way when it creates one that exists, a lost answer for instance (148)", async () => {
    await namespace("twice")
    const call = createCall(configMaps, configMap("twice", "one"))
    await write(call)
    const [answer] = await write(call)
    assert.ok(answer?.kind === "conflicted")
    assert.equal(textAt(answer.current, "metadata", "name"), "one")
  })

  test("a merge patch with an old resourceVersion conflicts, one with the present one does not", async () => {
    await namespace("patched")
    const [made] = await write(createCall(configMaps, configMap("patched", "one")))
    assert.ok(made?.kind === "written")
    const patch = (value: string) => ({
      metadata: { resourceVersion: resourceVersionOf(made.object)! },
      data: { value },
    })
    const place = { resource: configMaps, name: "one", namespace: "patched" }
    const [first] = await write(mergePatchCall(place, patch("1")))
    const [second] = await write(mergePatchCall(place, patch("2")))
    assert.deepEqual([first?.kind, second?.kind], ["written", "conflicted"])
  })

  test("is refused where the namespace is gone (152)", async () => {
    const [answer] = await write(createCall(configMaps, configMap("nowhere", "one")))
    assert.ok(answer?.kind === "refused")
    assert.equal(answer.failure.reason, "missing")
  })

  test("deletes the very object, not its successor", async () => {
    await namespace("deleted")
    const [made] = await write(createCall(configMaps, configMap("deleted", "one")))
    assert.ok(made?.kind === "written")
    const place = { resource: configMaps, name: "one", namespace: "deleted" }
    const [wrong] = await write(deleteCall(place, "11111111-2222-3333-4444-555555555555"))
    assert.equal(wrong?.kind, "conflicted")
    const [right] = await write(deleteCall(place, textAt(made.object, "metadata", "uid")))
    const [again] = await write(deleteCall(place))
    assert.deepEqual([right?.kind, again?.kind], ["written", "written"])
  })
})

test("an Event is found by who asks about its object, and counts", async () => {
  await namespace("talked")
  await create(service("talked", "radarr"))
  const recorder = createEventRecorder("porchlight-controller")
  const about = { apiVersion: "v1", kind: "Service", name: "radarr", namespace: "talked" }
  const said = { about, type: "Normal", reason: "IPAllocated", message: "Assigned IP" } as const
  const first = recorder.record(said, at())!
  const [written] = await write(first.call)
  assert.ok(written?.kind === "written")
  recorder.heard({ ...written, key: first.key })
  await write(recorder.record(said, at())!.call)
  const path =
    "/api/v1/namespaces/talked/events?fieldSelector=involvedObject.name%3Dradarr%2CinvolvedObject.kind%3DService"
  const { body } = await client.ask({ method: "GET", path })
  const [event] = field(body, "items") as readonly Json[]
  assert.deepEqual([field(event, "count"), textAt(event, "reason")], [2, "IPAllocated"])
})

const services: Resource = { group: "", version: "v1", plural: "services", kind: "Service" }
const configMaps: Resource = { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap" }
const namespaces: Resource = { group: "", version: "v1", plural: "namespaces", kind: "Namespace" }

let server: TestApiServer
let client: StoryClient
let api: Api
const listeners = new Set<(event: ApiEvent) => void>()
const stops: (() => void)[] = []

before(async () => {
  server = await startTestApiServer()
  client = createStoryClient(server.target)
  api = createApi(server.target, (event) => listeners.forEach((listener) => listener(event)))
})

afterAll(async () => {
  for (const stop of stops) stop()
  client.close()
  api.close()
  await server.stop()
})

const namespace = async (name: string): Promise<void> => {
  const body = { apiVersion: "v1", kind: "Namespace", metadata: { name } }
  assert.equal((await client.ask({ method: "POST", path: "/api/v1/namespaces", body })).status, 201)
}

const create = async (object: KubernetesObject): Promise<void> => {
  const { method, path, body } = createCall(services, object)
  assert.equal((await client.ask({ method, path, body: body! })).status, 201)
}

const service = (namespace: string, name: string): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace },
  spec: { type: "LoadBalancer", ports: [{ port: 80 }] },
})
const configMap = (namespace: string, name: string): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace },
})

const write = (call: ReturnType<typeof createCall>): Promise<readonly WriterEvent[]> => {
  const run = drive(createWriter({ ids: createRequestIds(), timeoutMs: 10_000 }))
  run.feed({ kind: "write", key: "one", call })
  return run.count(1) as Promise<readonly WriterEvent[]>
}

const at = () => ({
  now: performance.now() as Instant,
  wallSeconds: Date.now() / 1000,
  entropy: Math.floor(Math.random() * 2 ** 32),
})

type Told = ReflectorEvent | LeaseEvent | WriterEvent

/** Joins a program to the wire: what `main` does, for a test. Request numbers are made unique over all programs. */
let lastId = 0
const drive = <I>(program: Program<I | ApiEvent | { readonly kind: "wake" }, ApiOutput | Told>) => {
  const real = new Map<number, number>()
  const own = new Map<number, number>()
  const told: Told[] = []
  const requests: (ApiOutput & { readonly kind: "request" })["request"][] = []
  let timer: NodeJS.Timeout | undefined
  let heard: () => void = () => undefined
  const feed = (input: I | ApiEvent | { readonly kind: "wake" }): void => {
    for (const output of program.step(input, at())) perform(output)
    clearTimeout(timer)
    const next = program.wakeAt()
    if (next !== undefined) timer = setTimeout(() => feed({ kind: "wake" }), Math.max(0, next - performance.now()))
    heard()
  }
  const perform = (output: ApiOutput | Told): void => {
    if (output.kind === "request") {
      const id = ++lastId
      real.set(output.request.id, id)
      own.set(id, output.request.id)
      requests.push(output.request)
      api.perform({ kind: "request", request: { ...output.request, id } })
    } else if (output.kind === "abort") api.perform({ kind: "abort", id: real.get(output.id)! })
    else told.push(output)
  }
  const listener = (event: ApiEvent): void => {
    const id = own.get(event.id)
    if (id !== undefined) feed({ ...event, id })
  }
  listeners.add(listener)
  stops.push(() => {
    clearTimeout(timer)
    listeners.delete(listener)
  })
  const wait = (done: () => boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const patience = setTimeout(() => reject(new Error(`it told only ${told.map(tell).join(", ")}`)), 20_000)
      heard = () => {
        if (!done()) return
        clearTimeout(patience)
        resolve()
      }
      heard()
    })
  feed({ kind: "wake" })
  return {
    feed,
    requests,
    until: async (last: string): Promise<readonly string[]> => {
      await wait(() => told.map(tell).includes(last))
      return told.splice(0, told.map(tell).indexOf(last) + 1).map(tell)
    },
    count: async (count: number): Promise<readonly Told[]> => {
      await wait(() => told.length >= count)
      return told.splice(0)
    },
  }
}

const tell = (event: Told): string => {
  if (event.kind === "synced") return `synced ${event.objects}`
  if (event.kind === "failing") return `failing ${event.failure.reason}`
  if (event.kind === "following") return `following ${event.holder}`
  return "key" in event ? `${event.kind} ${event.key}` : event.kind
}
