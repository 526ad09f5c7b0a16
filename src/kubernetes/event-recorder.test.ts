import assert from "node:assert/strict"
import { test } from "node:test"
import { createEventRecorder, type EventWrite, type Happening } from "./event-recorder.ts"
import { field, textAt } from "./json.ts"
import type { Instant } from "../time/instant.ts"

test("makes an Event that kubectl describe finds", () => {
  const write = recorder().record(assigned, at(0))!
  assert.equal(write.call.path, "/api/v1/namespaces/media/events")
  assert.deepEqual(field(write.call.body, "involvedObject"), assigned.about)
  assert.equal(textAt(write.call.body, "source", "component"), "porchlight-controller")
  assert.equal(textAt(write.call.body, "firstTimestamp"), "2026-11-21T18:00:00Z")
})

test("the same words again are a count on the same Event, once that exists", () => {
  const events = recorder()
  const first = events.record(assigned, at(0))!
  assert.equal(events.record(assigned, at(1)), undefined)
  assert.equal(events.record(assigned, at(2)), undefined)
  const patch = events.heard(written(first))!
  assert.deepEqual(patch.call.body, { count: 3, lastTimestamp: "2026-11-21T18:00:02Z" })
  assert.ok(patch.call.path.endsWith(textAt(first.call.body, "metadata", "name")!))
  assert.equal(events.heard(written(patch)), undefined)
})

test("a creation whose answer was lost counts as made (148)", () => {
  const events = recorder()
  const first = events.record(assigned, at(0))!
  events.record(assigned, at(1))
  assert.equal(events.heard({ kind: "conflicted", key: first.key, current: {} })?.call.method, "PATCH")
})

test("other words, or the same after ten minutes, are another Event", () => {
  const events = recorder()
  const first = events.record(assigned, at(0))!
  events.heard(written(first))
  assert.equal(events.record({ ...assigned, message: "other" }, at(1))?.call.method, "POST")
  assert.equal(events.record(assigned, at(601))?.call.method, "POST")
})

test("begins afresh after the server refused an Event, a namespace deleted under us for instance (152)", () => {
  const events = recorder()
  const first = events.record(assigned, at(0))!
  events.heard({ kind: "refused", key: first.key, failure: { reason: "missing", message: "no namespace" } })
  assert.equal(events.record(assigned, at(1))?.call.method, "POST")
})

test("an object that talks without end is cut short, and others are not", () => {
  const events = recorder()
  const said = Array.from({ length: 100 }, (_, index) => events.record({ ...assigned, message: `${index}` }, at(index)))
  assert.equal(said.filter((write) => write !== undefined).length, 25)
  assert.ok(events.record({ ...assigned, about: { ...assigned.about, name: "sonarr" } }, at(100)))
  assert.ok(events.record({ ...assigned, message: "later" }, at(400)))
})

const recorder = () => createEventRecorder("porchlight-controller")
const at = (seconds: number) => ({ now: 0 as Instant, wallSeconds: 1_795_284_000 + seconds, entropy: 7 })
const written = ({ key }: EventWrite) => ({ kind: "written", key, object: {} }) as const

const assigned: Happening = {
  about: { apiVersion: "v1", kind: "Service", name: "radarr", namespace: "media", uid: "uid-1" },
  type: "Normal",
  reason: "IPAllocated",
  message: 'Assigned IP ["10.69.1.156"]',
}
