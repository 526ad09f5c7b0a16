/** What a watch tells, on the embedded API server and on a real one. */
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { Json } from "../../../kubernetes/http.ts"
import { field, textAt } from "../../../kubernetes/json.ts"
import { startTestApiServer, type TestApiServer } from "../../../../tools/test-api-server.ts"
import { createStoryClient, type StoryClient } from "./story-client.ts"

test("from a list's version a watch tells what came after it, in order, with versions that rise", async () => {
  const path = await namespace("watched")
  await put(path, "before", {})
  const from = await version(path)
  const watch = client.watch(`${path}?watch=1&resourceVersion=${from}`)
  await put(path, "one", {})
  await patch(path, "one", { data: { a: "1" } })
  await client.ask({ method: "DELETE", path: `${path}/one` })
  const frames = await watch.frames(3)
  assert.deepEqual(frames.map(tell), ["ADDED one", "MODIFIED one", "DELETED one"])
  const versions = [from, ...frames.map((frame) => textAt(frame, "object", "metadata", "resourceVersion"))].map(Number)
  assert.deepEqual(
    versions,
    versions.toSorted((a, b) => a - b),
  )
  assert.equal(new Set(versions).size, 4)
  assert.equal(textAt(frames[2], "object", "data", "a"), "1")
})

test("without a version it begins with what there is", async () => {
  const path = await namespace("begun")
  for (const name of ["b", "a"]) await put(path, name, {})
  const watch = client.watch(`${path}?watch=1`)
  assert.deepEqual((await watch.frames(2)).map(tell).toSorted(), ["ADDED a", "ADDED b"])
})

test("a patch that changes nothing is no event", async () => {
  const path = await namespace("unchanged")
  await put(path, "one", { a: "1" })
  const watch = client.watch(`${path}?watch=1&resourceVersion=${await version(path)}`)
  await patch(path, "one", { data: { a: "1" } })
  await patch(path, "one", { data: { a: "2" } })
  assert.equal(textAt((await watch.frames(1))[0], "object", "data", "a"), "2")
})

test("with a label selector, what begins to match is added and what stops matching is deleted", async () => {
  const path = await namespace("selected")
  await put(path, "one", {})
  await put(path, "two", {})
  const watch = client.watch(`${path}?watch=1&labelSelector=app%3Dx&resourceVersion=${await version(path)}`)
  await patch(path, "two", { data: { a: "1" } })
  await patch(path, "one", { metadata: { labels: { app: "x" } } })
  await patch(path, "one", { data: { a: "1" } })
  await patch(path, "one", { metadata: { labels: { app: "y" } } })
  const frames = await watch.frames(3)
  assert.deepEqual(frames.map(tell), ["ADDED one", "MODIFIED one", "DELETED one"])
  assert.equal(textAt(frames[2], "object", "metadata", "labels", "app"), "x")
})

test("with a name it tells of that object alone", async () => {
  const path = await namespace("named")
  const watch = client.watch(`${path}?watch=1&fieldSelector=metadata.name%3Dtwo&resourceVersion=${await version(path)}`)
  for (const name of ["one", "two", "three"]) await put(path, name, {})
  assert.deepEqual((await watch.frames(1)).map(tell), ["ADDED two"])
})

test("an object with a finalizer is modified when deleted, and deleted when the finalizer goes", async () => {
  const path = await namespace("finalized")
  await put(path, "one", {}, { finalizers: ["example.com/wait"] })
  const watch = client.watch(`${path}?watch=1&resourceVersion=${await version(path)}`)
  await client.ask({ method: "DELETE", path: `${path}/one` })
  await patch(path, "one", { metadata: { finalizers: null } })
  const frames = await watch.frames(2)
  assert.deepEqual(frames.map(tell), ["MODIFIED one", "DELETED one"])
  assert.notEqual(textAt(frames[0], "object", "metadata", "deletionTimestamp"), undefined)
})

test("ends by itself when its time is over", async () => {
  const path = await namespace("timed")
  const watch = client.watch(`${path}?watch=1&resourceVersion=${await version(path)}&timeoutSeconds=1`)
  assert.equal(await watch.ended(), "closed")
})

test("from a version that is still to come it is silent, without a fault", async () => {
  const path = await namespace("early")
  const watch = client.watch(`${path}?watch=1&resourceVersion=99999999&timeoutSeconds=1`)
  await put(path, "one", {})
  assert.equal(await watch.ended(), "closed")
  await assert.rejects(watch.frames(1))
})

test("from what is no version it is refused", async () => {
  const path = await namespace("nonsense")
  // A real server calls it 500, an error of its own.
  assert.match(await client.watch(`${path}?watch=1&resourceVersion=nonsense`).ended(), /^(400|500)$/)
})

test("tells table rows to kubectl, the columns only once", async () => {
  const path = await namespace("tabled")
  const watch = client.watch(`${path}?watch=1`, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
  for (const name of ["one", "two"]) await put(path, name, {})
  const frames = await watch.frames(2)
  const names = frames.map((frame) => field(frame, "object", "rows") as readonly Json[])
  assert.deepEqual(
    names.map(([row]) => textAt(row, "object", "metadata", "name")),
    ["one", "two"],
  )
  const columns = frames.map((frame) => field(frame, "object", "columnDefinitions"))
  assert.deepEqual([Array.isArray(columns[0]), columns[1]], [true, null])
})

let server: TestApiServer
let client: StoryClient

before(async () => {
  server = await startTestApiServer()
  client = createStoryClient(server.target)
})

after(async () => {
  client.close()
  await server.stop()
})

const namespace = async (name: string): Promise<string> => {
  await client.ask({ method: "POST", path: "/api/v1/namespaces", body: { metadata: { name } } })
  return `/api/v1/namespaces/${name}/configmaps`
}

const put = async (
  path: string,
  name: string,
  data: Json,
  metadata: Readonly<Record<string, Json>> = {},
): Promise<void> => {
  const { status } = await client.ask({ method: "POST", path, body: { metadata: { name, ...metadata }, data } })
  assert.equal(status, 201)
}

const patch = async (path: string, name: string, body: Json): Promise<void> => {
  const contentType = "application/merge-patch+json"
  assert.equal((await client.ask({ method: "PATCH", path: `${path}/${name}`, contentType, body })).status, 200)
}

const version = async (path: string): Promise<string> =>
  textAt((await client.ask({ method: "GET", path })).body, "metadata", "resourceVersion") ?? ""

const tell = (frame: Json): string => `${textAt(frame, "type")} ${textAt(frame, "object", "metadata", "name")}`
