import assert from "node:assert/strict"
import { test } from "node:test"
import type { ApiRequest, Json } from "./http.ts"
import { objectAt, textAt } from "./json.ts"
import { createRequestIds, deleteCall, mergePatchCall, saveCall, type Call } from "./request.ts"
import type { Resource } from "./resource.ts"
import { createWriter, type WriterEvent, type WriterInput } from "./writer.ts"
import { after, type Instant } from "../time/instant.ts"

test("sends a write at once and says when it is written", () => {
  const queue = writer()
  queue.put("radarr", patch("radarr", 1))
  assert.equal(queue.last().path, "/api/v1/namespaces/media/services/radarr/status")
  queue.answer(200, { metadata: { name: "radarr" } })
  assert.deepEqual(queue.told(), ["written radarr"])
  assert.equal(queue.program.wakeAt(), undefined)
})

test("of several writes of one key only the newest goes, after the one under way", () => {
  const queue = writer()
  for (const value of [1, 2, 3]) queue.put("radarr", patch("radarr", value))
  assert.deepEqual(queue.values(), [1])
  queue.answer(200, {})
  assert.deepEqual(queue.values(), [1, 3])
})

test("has sixteen under way at most, and starts the next with each answer", () => {
  const queue = writer()
  for (let index = 0; index < 1000; index += 1) queue.put(`s${index}`, patch(`s${index}`, index))
  assert.equal(queue.requests.length, 16)
  for (let index = 0; index < 1000; index += 1) queue.answerTo(index, 200, {})
  assert.equal(queue.requests.length, 1000)
  assert.equal(queue.told().length, 1000)
})

test("hands a conflict back with the object as it is now (409)", () => {
  const queue = writer()
  queue.put("radarr", patch("radarr", 1))
  queue.answer(409, {})
  assert.deepEqual([queue.last().method, queue.last().path], ["GET", "/api/v1/namespaces/media/services/radarr"])
  queue.answer(200, { metadata: { name: "radarr", resourceVersion: "9" } })
  assert.deepEqual(queue.told(), ["conflicted radarr with version 9"])
})

test("a conflict at creation is handed back with the object that is in the way", () => {
  const queue = writer()
  queue.put(
    "speaker",
    saveCall(speakers, { apiVersion: "porchlight.dev/v1alpha1", kind: "Speaker", metadata: { name: "w1" } }, undefined),
  )
  queue.answer(409, {})
  assert.equal(queue.last().path, "/apis/porchlight.dev/v1alpha1/speakers/w1")
  queue.answer(404, {})
  assert.deepEqual(queue.told(), ["conflicted speaker with nothing"])
})

test("an owner that answers every conflict with the same write is slowed down for a minute of them (140)", () => {
  const queue = writer()
  let tries = 0
  while (queue.now < 60_000) {
    queue.put("radarr", patch("radarr", 1))
    queue.rest()
    tries += 1
    queue.answer(409, {}).answer(200, {})
  }
  assert.ok(tries >= 8 && tries <= 20, `${tries} tries in a minute`)
  queue.put("radarr", patch("radarr", 2))
  queue.rest()
  queue.answer(200, {})
  assert.equal(queue.told().at(-1), "written radarr")
})

test("sends again what may not have arrived, unchanged (148, 42)", () => {
  const queue = writer()
  queue.put("radarr", patch("radarr", 1))
  queue.failed("ECONNRESET")
  queue.rest()
  assert.deepEqual(queue.values(), [1, 1])
  queue.answer(200, {})
  assert.deepEqual(queue.told(), ["delayed radarr: unreachable", "written radarr"])
})

test("a newer write replaces the one that is to be sent again", () => {
  const queue = writer()
  queue.put("radarr", patch("radarr", 1))
  queue.failed("ECONNRESET")
  queue.put("radarr", patch("radarr", 2))
  queue.rest()
  assert.deepEqual(queue.values(), [1, 2])
})

test("a newer write that waited for the one under way goes in its place when that fails", () => {
  const queue = writer()
  queue.put("radarr", patch("radarr", 1))
  queue.put("radarr", patch("radarr", 2))
  queue.failed("ECONNRESET")
  queue.rest()
  assert.deepEqual(queue.values(), [1, 2])
})

test("after a success the next failure of the key is the first again", () => {
  const queue = writer()
  queue.put("radarr", patch("radarr", 1))
  for (let time = 0; time < 6; time += 1) {
    queue.failed("ECONNRESET")
    queue.rest()
  }
  queue.put("radarr", patch("radarr", 2))
  queue.answer(200, {})
  queue.failed("ECONNRESET")
  assert.ok(queue.rest() <= 200)
})

test("gives up what will be refused again, and only that (141)", () => {
  const queue = writer()
  for (const status of [404, 422, 400]) {
    queue.put(`s${status}`, patch("s", 1))
    queue.answer(status, { message: "no" })
  }
  queue.put("s403", patch("s", 1))
  queue.answer(403, {})
  assert.deepEqual(queue.told(), [
    "refused s404: missing",
    "refused s422: rejected",
    "refused s400: rejected",
    "delayed s403: forbidden",
  ])
})

test("a deletion of what is gone is done", () => {
  const queue = writer()
  queue.put("old", deleteCall({ resource: speakers, name: "w9" }, "uid-9"))
  assert.equal(textAt(queue.last().body, "preconditions", "uid"), "uid-9")
  queue.answer(404, {})
  assert.deepEqual(queue.told(), ["written old"])
})

test("429 holds all keys back for as long as the server asks (142)", () => {
  const queue = writer()
  queue.put("radarr", patch("radarr", 1))
  queue.event({ kind: "response", id: queue.last().id, status: 429, retryAfter: "3", body: {} })
  queue.put("sonarr", patch("sonarr", 2))
  assert.equal(queue.requests.length, 1)
  const waited = queue.rest()
  assert.ok(waited >= 3000 && waited <= 3750, `${waited}`)
  assert.equal(queue.requests.length, 3)
})

test("an error page is no success and no crash (143)", () => {
  const queue = writer()
  queue.put("radarr", patch("radarr", 1))
  queue.event({ kind: "response", id: 1, status: 200, retryAfter: undefined, body: undefined })
  queue.rest()
  queue.event({ kind: "response", id: 2, status: 502, retryAfter: undefined, body: undefined })
  assert.deepEqual(queue.told(), ["delayed radarr: broken-answer", "delayed radarr: server-error"])
})

test("sends nothing from the fence on, and what waited when it is moved", () => {
  const queue = writer()
  queue.event({ kind: "fence", until: 2000 as Instant })
  queue.put("radarr", patch("radarr", 1))
  queue.failed("ECONNRESET")
  queue.now = 2000 as Instant
  queue.event({ kind: "wake" })
  queue.put("sonarr", patch("sonarr", 2))
  assert.equal(queue.requests.length, 1)
  assert.equal(queue.program.wakeAt(), undefined)
  queue.event({ kind: "fence", until: 9000 as Instant })
  assert.equal(queue.requests.length, 3)
})

test("sends nothing in a pause, then what waited; a shorter pause does not end a longer one", () => {
  const queue = writer()
  queue.event({ kind: "pause", until: 3000 as Instant })
  queue.event({ kind: "pause", until: 2000 as Instant })
  queue.put("radarr", patch("radarr", 1))
  assert.equal(queue.requests.length, 0)
  assert.equal(queue.program.wakeAt(), 3000)
  queue.now = 3000 as Instant
  queue.event({ kind: "wake" })
  assert.deepEqual(queue.values(), [1])
})

test("a withdrawn write is not sent", () => {
  const queue = writer()
  queue.put("radarr", patch("radarr", 1))
  queue.put("radarr", patch("radarr", 2))
  queue.event({ kind: "withdraw", key: "radarr" })
  queue.answer(200, {})
  assert.deepEqual(queue.values(), [1])
})

test("ten thousand keys that back off cost one wake-up each, not one look at all of them each", () => {
  const queue = writer()
  for (let index = 0; index < 10_000; index += 1) queue.put(`s${index}`, patch("s", index))
  for (let index = 0; index < 10_000; index += 1) queue.answerTo(index, 503, {})
  let wakes = 0
  while (queue.requests.length < 20_000 && wakes < 20_000) {
    const before = queue.requests.length
    queue.rest()
    wakes += 1
    for (let index = before; index < queue.requests.length; index += 1) queue.answerTo(index, 200, {})
  }
  assert.equal(queue.program.waiting(), 0)
})

const services: Resource = { group: "", version: "v1", plural: "services", kind: "Service" }
const speakers: Resource = { group: "porchlight.dev", version: "v1alpha1", plural: "speakers", kind: "Speaker" }

const patch = (name: string, value: number): Call =>
  mergePatchCall({ resource: services, name, namespace: "media", subresource: "status" }, { status: { value } })

const writer = () => {
  const program = createWriter({ ids: createRequestIds(), timeoutMs: 5000 })
  const requests: ApiRequest[] = []
  let lines: string[] = []
  let entropy = 99
  const queue = {
    program,
    requests,
    now: 1000 as Instant,
    last: (): ApiRequest => requests.at(-1)!,
    values: () => requests.map((request) => objectAt(request.body, "status")["value"]),
    event: (input: WriterInput) => {
      entropy = (entropy * 1_103_515_245 + 12_345) >>> 0
      for (const output of program.step(input, { now: queue.now, wallSeconds: 0, entropy })) {
        if (output.kind === "request") requests.push(output.request)
        else if (output.kind !== "abort") lines.push(tell(output))
      }
      return queue
    },
    put: (key: string, call: Call) => queue.event({ kind: "write", key, call }),
    answerTo: (index: number, status: number, body: Json) =>
      queue.event({ kind: "response", id: requests[index]!.id, status, retryAfter: undefined, body }),
    answer: (status: number, body: Json) => queue.answerTo(requests.length - 1, status, body),
    failed: (code: string) => queue.event({ kind: "failed", id: queue.last().id, code, message: code }),
    rest: (): number => {
      const waited = Math.max(0, (program.wakeAt() ?? queue.now) - queue.now)
      queue.now = after(queue.now, waited)
      queue.event({ kind: "wake" })
      return waited
    },
    told: (): string[] => {
      const said = lines
      lines = []
      return said
    },
  }
  return queue
}

const tell = (event: WriterEvent): string => {
  if (event.kind === "written") return `written ${event.key}`
  if (event.kind !== "conflicted") return `${event.kind} ${event.key}: ${event.failure.reason}`
  const version = textAt(event.current, "metadata", "resourceVersion")
  return `conflicted ${event.key} with ${version === undefined ? "nothing" : `version ${version}`}`
}
