import assert from "node:assert/strict"
import { test } from "node:test"
import type { Json } from "./http.ts"
import { field, listAt, textAt } from "./json.ts"
import type { StoreEvent } from "./store.ts"
import { createStoreFixture, definition, told } from "./store-fixture.ts"

const MAPS = "/api/v1/namespaces/default/configmaps"

test("tells what came, changed and went since a list", () => {
  const { must, patch, watch } = createStoreFixture()
  const version = textAt(must("GET", MAPS), "metadata", "resourceVersion") ?? ""
  const events = watch(MAPS, { resourceVersion: version })
  must("POST", MAPS, { metadata: { name: "a" } })
  patch(`${MAPS}/a`, { data: { x: "1" } })
  must("DELETE", `${MAPS}/a`)
  assert.deepEqual(told(events), ["ADDED a", "MODIFIED a", "DELETED a"])
})

test("a watch without a version begins with what is there", () => {
  const { must, watch } = createStoreFixture()
  must("POST", MAPS, { metadata: { name: "a" } })
  assert.deepEqual(told(watch(MAPS)), ["ADDED a"])
})

test("marks the end of the first state for those who asked for it", () => {
  const { ask, must, watch } = createStoreFixture()
  must("POST", MAPS, { metadata: { name: "a" } })
  const query = { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan", allowWatchBookmarks: "true" }
  const events = watch(MAPS, { ...query, fieldSelector: "metadata.name=a" })
  assert.deepEqual(told(events), ["ADDED a", "BOOKMARK"])
  const [, end] = framesOf(events)
  assert.equal(textAt(end, "object", "metadata", "annotations", "k8s.io/initial-events-end"), "true")
  assert.equal(ask("GET", MAPS, undefined, { query: { watch: "true", sendInitialEvents: "true" } }).status, 422)
})

test("an object that stops matching a selector is deleted for that watch, one that begins to match is added", () => {
  const { must, patch, watch } = createStoreFixture()
  must("POST", MAPS, { metadata: { name: "a", labels: { tier: "web" } } })
  const events = watch(MAPS, { labelSelector: "tier=web" })
  patch(`${MAPS}/a`, { metadata: { labels: { tier: "db" } } })
  patch(`${MAPS}/a`, { data: { x: "1" } })
  patch(`${MAPS}/a`, { metadata: { labels: { tier: "web" } } })
  assert.deepEqual(told(events), ["ADDED a", "DELETED a", "ADDED a"])
  const [, gone] = framesOf(events)
  assert.equal(textAt(gone, "object", "metadata", "labels", "tier"), "web")
})

test("a watch from a forgotten version is told so in its first frame, and ends", () => {
  const { must, watch } = createStoreFixture({ changesMax: 2 })
  for (const name of ["a", "b", "c", "d", "e"]) must("POST", MAPS, { metadata: { name } })
  const events = watch(MAPS, { resourceVersion: "5" })
  assert.deepEqual(told(events), ["ERROR 410"])
  assert.equal(events.at(-1)?.kind, "closed")
})

test("a watch from the future is silent until then", () => {
  const { must, watch } = createStoreFixture()
  const events = watch(MAPS, { resourceVersion: "8" })
  for (const name of ["a", "b", "c", "d"]) must("POST", MAPS, { metadata: { name } })
  assert.deepEqual(told(events), ["ADDED d"])
})

test("sends bookmarks to those who asked, and ends when its time is over", () => {
  const { must, pass, watch } = createStoreFixture({ bookmarkEveryMs: 60_000 })
  const marked = watch(MAPS, { allowWatchBookmarks: "true", timeoutSeconds: "150", resourceVersion: "5" })
  const plain = watch(MAPS, { timeoutSeconds: "150", resourceVersion: "5" })
  must("POST", "/api/v1/namespaces/default/secrets", { metadata: { name: "elsewhere" } })
  pass(60_000)
  pass(60_000)
  pass(30_000)
  assert.deepEqual(told(marked), ["BOOKMARK", "BOOKMARK", "BOOKMARK"])
  assert.equal(textAt(framesOf(marked)[0], "object", "metadata", "resourceVersion"), "6")
  assert.deepEqual([marked.at(-1)?.kind, plain.at(-1)?.kind], ["closed", "closed"])
})

test("says when it wants to be woken: at the next bookmark", () => {
  const { store, watch } = createStoreFixture({ bookmarkEveryMs: 60_000 })
  assert.equal(store.wakeAt(), undefined)
  watch(MAPS, { allowWatchBookmarks: "true" })
  assert.equal(store.wakeAt(), 60_000)
})

test("rows of a watched table carry the columns once", () => {
  const { must, patch, watch } = createStoreFixture()
  must("POST", MAPS, { metadata: { name: "a" } })
  const events = watch(MAPS, {}, "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")
  patch(`${MAPS}/a`, { data: { x: "1" } })
  const [first, second] = framesOf(events)
  assert.deepEqual(
    [listAt(first, "object", "columnDefinitions").length, field(second, "object", "columnDefinitions")],
    [3, null],
  )
  assert.deepEqual(listAt(listAt(second, "object", "rows")[0], "cells"), ["a", 1, "0s"])
})

test("a kind that is no longer served ends its watches", () => {
  const { must, watch } = createStoreFixture()
  const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
  must("POST", crds, definition({ type: "object" }))
  const lamps = "/apis/attic.example/v1/namespaces/default/lamps"
  must("POST", lamps, { apiVersion: "attic.example/v1", kind: "Lamp", metadata: { name: "porch" } })
  const events = watch("/apis/attic.example/v1/lamps")
  must("DELETE", `${crds}/lamps.attic.example`)
  assert.deepEqual(told(events), ["ADDED porch", "DELETED porch"])
  assert.equal(events.at(-1)?.kind, "closed")
})

test("a watch given up hears nothing more", () => {
  const { must, store, watch } = createStoreFixture()
  const events = watch(MAPS)
  store.step({ kind: "abort", client: "client-1", id: 1 }, { now: 0 as never, wallSeconds: 0, entropy: 0 })
  must("POST", MAPS, { metadata: { name: "a" } })
  assert.deepEqual(told(events), [])
  assert.equal(store.wakeAt(), undefined)
})

const framesOf = (events: readonly StoreEvent[]): readonly Json[] =>
  events.flatMap((event) => (event.kind === "frames" ? event.frames : []))
