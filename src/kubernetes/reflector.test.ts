import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { assert as check, array, constantFrom, property, record, integer } from "fast-check"
import type { ApiRequest, Json } from "./http.ts"
import { createReflector, isWholeList, type Reflector, type ReflectorEvent, type ReflectorInput } from "./reflector.ts"
import { createRequestIds } from "./request.ts"
import type { Resource } from "./resource.ts"
import { after, type Instant } from "../time/instant.ts"

describe("the list", () => {
  test("asks for pages of 500, then watches from the list's version with bookmarks and a random end", () => {
    const world = start()
    assert.deepEqual(world.request().query, { limit: "500" })
    world.answer(page([service("radarr", 3)], 7, "token-2"))
    assert.deepEqual(world.request().query, { limit: "500", continue: "token-2" })
    world.answer(page([service("sonarr", 4)], 7))
    assert.deepEqual(world.told(), ["upserted media/radarr", "upserted media/sonarr", "synced 2"])
    const { query, stream } = world.request()
    assert.equal(stream, true)
    assert.equal(query["resourceVersion"], "7")
    assert.equal(query["allowWatchBookmarks"], "true")
    const seconds = Number(query["timeoutSeconds"])
    assert.ok(seconds >= 240 && seconds <= 480, `timeoutSeconds ${seconds}`)
  })

  test("leaves managedFields out and fills in the kind a list does not name", () => {
    const world = start()
    const item = { metadata: { name: "radarr", namespace: "media", resourceVersion: "1", managedFields: [{}] } }
    world.answer(page([item], 7))
    const object = world.objects[0]!
    assert.equal(object["kind"], "Service")
    assert.deepEqual(Object.keys(object.metadata).toSorted(), ["name", "namespace", "resourceVersion"])
  })

  test("goes on after an empty page and takes an object that is on two pages once (139)", () => {
    const world = start()
    world.answer(page([], 7, "a"))
    world.answer(page([service("radarr", 3)], 7, "b"))
    world.answer(page([service("radarr", 3)], 7))
    assert.deepEqual(world.told(), ["upserted media/radarr", "synced 1"])
  })

  test("begins again without pages when the token for the next page has expired (139)", () => {
    const world = start()
    world.answer(page([service("radarr", 3)], 7, "a"))
    world.answer(status(410, "Expired"))
    world.rest()
    assert.deepEqual(world.request().query, {})
    world.answer(page([service("radarr", 3)], 9))
    assert.deepEqual(world.told(), ["upserted media/radarr", "synced 1"])
  })

  test("gives up a list whose token leads to itself", () => {
    const world = start()
    world.answer(page([], 7, "a"))
    world.answer(page([], 7, "a"))
    assert.deepEqual(world.told(), ["failing broken-answer"])
  })

  test("skips what has no name and keeps the rest (122)", () => {
    const world = start()
    world.answer(page([{ metadata: {} }, null, "text", service("radarr", 3)], 7))
    assert.deepEqual(world.told(), ["upserted media/radarr", "synced 1"])
  })

  test("a missing CRD, an HTML page, an answer that is no list make nothing vanish (141, 143, 144)", () => {
    const world = synced()
    world.event({ kind: "failed", id: world.request().id, code: "bad-json", message: "cut off" })
    const answers = [status(404, "no such kind"), { ...status(503, ""), body: undefined }, { ...page([], 7), body: {} }]
    for (const answer of answers) {
      world.rest()
      world.answer(answer)
    }
    assert.deepEqual(
      world.told(),
      ["broken-answer", "missing", "server-error", "broken-answer"].map((why) => `failing ${why}`),
    )
  })

  test("an unauthorised list is tried again more and more seldom, never in a loop (141)", () => {
    const world = start()
    const waits = Array.from({ length: 12 }, () => {
      world.answer(status(403, "forbidden"))
      return world.rest()
    })
    assert.ok(waits[0]! >= 100 && waits[0]! <= 200, `${waits[0]}`)
    assert.ok(waits.at(-1)! >= 15_000 && waits.at(-1)! <= 30_000, `${waits.at(-1)}`)
  })
})

describe("the watch", () => {
  test("tells news, and a deletion it saw", () => {
    const world = synced()
    world.frames(
      event("ADDED", service("plex", 8)),
      event("MODIFIED", service("plex", 9)),
      event("DELETED", service("plex", 10)),
    )
    assert.deepEqual(world.told(), ["upserted media/plex", "upserted media/plex", "deleted media/plex"])
  })

  test("resumes from the last version after it ends, without a new list", () => {
    const world = synced()
    world.frames(event("ADDED", service("plex", 8)), bookmark(11))
    world.pass(300_000)
    world.closed()
    world.rest()
    assert.equal(world.request().query["resourceVersion"], "11")
  })

  test("ignores repetitions, old versions, deletions of what is not there (137, 138)", () => {
    const world = synced()
    world.frames(
      event("ADDED", service("radarr", 3)),
      event("MODIFIED", service("radarr", 2)),
      event("DELETED", service("ghost", 9)),
      event("MODIFIED", service("plex", 10)),
      event("DELETED", service("plex", 11)),
      event("DELETED", service("plex", 11)),
      event("MODIFIED", service("plex", 10)),
    )
    assert.deepEqual(world.told(), ["upserted media/plex", "deleted media/plex"])
  })

  test("takes events of two objects in either order (138)", () => {
    const world = synced()
    world.frames(event("ADDED", service("plex", 12)), event("ADDED", service("jelly", 11)))
    assert.deepEqual(world.told(), ["upserted media/plex", "upserted media/jelly"])
    world.closed()
    world.rest()
    assert.equal(world.request().query["resourceVersion"], "12")
  })

  test("accepts objects whose versions are no numbers", () => {
    const world = start()
    world.answer(page([service("radarr", "r-1")], "w-9"))
    world.frames(event("MODIFIED", service("radarr", "r-0")))
    assert.deepEqual(world.told(), ["upserted media/radarr", "synced 1", "upserted media/radarr"])
  })

  test("odd bookmarks do not move it (132)", () => {
    const world = synced()
    world.frames(bookmark(12), bookmark("0"), bookmark(""), bookmark(5), bookmark("x"), {
      type: "BOOKMARK",
      object: {},
    })
    world.pass(6000)
    world.closed()
    world.rest()
    assert.equal(world.request().query["resourceVersion"], "12")
  })

  test("410 as a status and 410 in an ERROR event lead to a new list at once (126, 127)", () => {
    for (const expire of [
      (world: World) => world.answer(status(410, "Gone")),
      (world: World) => world.frames(error(410)),
    ]) {
      const world = synced()
      expire(world)
      assert.ok(world.rest() <= 200)
      assert.equal(world.request().query["limit"], "500")
      assert.deepEqual(world.told(), [])
    }
  })

  test("410 again after each list is slowed down and said (128)", () => {
    const world = synced()
    const waits = Array.from({ length: 10 }, () => {
      world.frames(error(410))
      const wait = world.rest()
      world.answer(page([service("radarr", 3)], 7))
      return wait
    })
    assert.ok(waits.at(-1)! >= 15_000, `${waits.at(-1)}`)
    assert.ok(world.told().includes("failing expired"))
  })

  test("what a later list lacks has vanished, which is not deleted; all in the step that completes the list (137)", () => {
    const world = synced()
    world.frames(event("ADDED", service("plex", 8)), error(410))
    world.told()
    world.rest()
    world.answer(page([], 20, "a"))
    assert.deepEqual(world.told(), [])
    world.answer(page([service("plex", 8)], 20))
    assert.deepEqual(world.told(), ["vanished media/radarr", "synced 1"])
  })

  test("a restored etcd's lower versions are the truth after a list (43)", () => {
    const world = synced()
    world.frames(event("MODIFIED", service("radarr", 900)), error(410))
    world.told()
    world.rest()
    world.answer(page([service("radarr", 40)], 50))
    assert.deepEqual(world.told(), ["upserted media/radarr", "synced 1"])
    world.frames(event("MODIFIED", service("radarr", 51)))
    assert.deepEqual(world.told(), ["upserted media/radarr"])
  })

  test("after a restore an equal version says nothing: it may be another object (43)", () => {
    const world = synced()
    world.frames(event("MODIFIED", service("radarr", 40)), event("ADDED", service("plex", 60)), error(410))
    world.told()
    world.rest()
    world.answer(page([service("radarr", 40)], 50, "more"))
    world.answer(page([service("plex", 60)], 50))
    assert.deepEqual(world.told(), ["upserted media/radarr", "upserted media/plex", "synced 2"])
  })

  test("who has reason to doubt what was told has all listed again, and every object of that list is news", () => {
    const world = synced()
    const watched = world.request().id
    world.event({ kind: "relist" })
    assert.deepEqual(world.aborted, [watched])
    assert.equal(isWholeList(world.request()), true)
    world.answer(page([service("radarr", 3)], 7))
    assert.deepEqual(world.told(), ["upserted media/radarr", "synced 1"])
    assert.equal(isWholeList(world.request()), false, "then it watches again")
  })

  test("a list repeats nothing that is known, where the server only went on", () => {
    const world = synced()
    world.frames(event("ADDED", service("plex", 8)), error(410))
    world.told()
    world.rest()
    world.answer(page([service("radarr", 3), service("plex", 8)], 20))
    assert.deepEqual(world.told(), ["synced 2"])
  })

  test("a list of a server that lags takes an object back, and its watch brings it forward again (150)", () => {
    const world = synced()
    world.frames(event("MODIFIED", service("radarr", 9)), error(410))
    world.told()
    world.rest()
    world.answer(page([service("radarr", 3)], 8))
    assert.deepEqual(world.told(), ["upserted media/radarr", "synced 1"])
    assert.equal(world.request().query["resourceVersion"], "8")
    world.frames(event("MODIFIED", service("radarr", 9)))
    assert.deepEqual(world.told(), ["upserted media/radarr"])
  })

  test("a server that was restored is silent to a watch from its future: its version is asked and it is listed (43)", () => {
    for (const [version, kind] of [
      ["6", "list"],
      ["7", "watch"],
      ["70", "watch"],
    ] as const) {
      const world = synced()
      world.failed("ECONNRESET")
      world.rest()
      world.opened()
      assert.deepEqual(world.check().query, { limit: "1" })
      world.event({ kind: "response", id: world.check().id, ...page([], version) })
      assert.equal(world.aborted.length === 1 ? "list" : "watch", kind)
      assert.equal(world.told().includes("failing version-too-large"), kind === "list")
    }
  })

  test("a version the server has not reached is asked again, and listed afresh the third time (129, 150)", () => {
    const world = synced()
    for (const expected of ["7", "7", undefined]) {
      world.answer(tooLarge)
      world.rest()
      assert.equal(world.request().query["resourceVersion"], expected)
    }
  })

  test("three watches that close at once lead to a list, and no loop (130)", () => {
    const world = synced()
    const seen: string[] = []
    let waited = 0
    for (let round = 0; round < 40; round += 1) {
      seen.push(world.request().stream ? "watch" : "list")
      if (!world.request().stream) world.answer(page([service("radarr", 3)], 7))
      else waited += world.opened().closed().rest()
    }
    assert.deepEqual(seen.slice(0, 8), ["watch", "watch", "watch", "list", "watch", "watch", "watch", "list"])
    assert.ok(waited > 300_000, `40 requests in ${waited} ms`)
  })

  test("unknown events and objects of another kind make a new list (135, 136)", () => {
    for (const bad of [
      event("RENAMED", service("x", 8)),
      event("ADDED", { kind: "Pod", metadata: { name: "x" } }),
      7,
      null,
    ]) {
      const world = synced()
      world.frames(event("ADDED", service("plex", 8)), bad)
      world.rest()
      assert.equal(world.request().stream, false)
      assert.deepEqual(world.told(), ["upserted media/plex", "failing broken-answer"])
    }
  })

  test("a line that is no JSON makes a new list; a reset connection resumes (135, 42)", () => {
    const broken = synced()
    broken.failed("bad-json")
    broken.rest()
    assert.equal(broken.request().stream, false)
    const reset = synced()
    reset.failed("ECONNRESET")
    reset.rest()
    assert.equal(reset.request().query["resourceVersion"], "7")
  })

  test("waits as Retry-After says: 0 is no loop, an hour is a minute, garbage is back-off (142)", () => {
    for (const [retryAfter, least, most] of [
      ["0", 100, 200],
      ["3600", 60_000, 75_000],
      ["soon", 100, 200],
      ["2", 2000, 2500],
    ] as const) {
      const world = synced()
      world.answer({ ...status(429, "slow down"), retryAfter })
      const waited = world.rest()
      assert.ok(waited >= least && waited <= most, `${retryAfter}: ${waited}`)
    }
  })

  test("says once that it recovered, when news comes", () => {
    const world = synced()
    world.failed("ECONNREFUSED")
    world.rest()
    world.failed("ECONNREFUSED")
    world.rest()
    world.opened().frames(event("ADDED", service("plex", 8)), event("MODIFIED", service("plex", 9)))
    const failing = "failing unreachable"
    assert.deepEqual(world.told(), [failing, failing, "upserted media/plex", "upserted media/plex", "recovered"])
  })

  test("after a recovery the next failure is the first again", () => {
    const world = synced()
    for (let time = 0; time < 6; time += 1) {
      world.failed("ECONNREFUSED")
      world.rest()
    }
    world.opened().frames(event("ADDED", service("plex", 8)))
    world.failed("ECONNRESET")
    assert.ok(world.rest() <= 200)
  })

  test("takes 10,000 events at once (154)", () => {
    const world = synced()
    world.frames(...Array.from({ length: 10_000 }, (_, index) => event("ADDED", service(`s${index}`, 100 + index))))
    assert.equal(world.told().length, 10_000)
  })

  test("re-opens a watch the server forgot to end", () => {
    const world = synced()
    for (let second = 0; second < 500; second += 5) {
      world.pass(5000)
      if (world.requests.length > 2) break
      world.frames(bookmark(8 + second))
    }
    assert.equal(world.requests.length, 3)
    assert.deepEqual(world.aborted, [2])
  })
})

describe("a watch that is silent", () => {
  test("is compared with a second, short one after ten seconds", () => {
    const world = synced().opened()
    world.pass(10_000)
    const { query, stream } = world.request()
    assert.deepEqual([query["resourceVersion"], query["timeoutSeconds"], stream], ["7", "1", true])
  })

  test("is mute when the second tells news it does not: noticed within 15 s of the last word (131, fault 40)", () => {
    const world = synced().opened()
    const since = world.now
    world.pass(10_000)
    world
      .opened()
      .frames(event("ADDED", service("plex", 8)))
      .closed()
    world.pass(2000)
    assert.deepEqual(world.told(), ["failing mute-watch"])
    assert.ok(world.now - since <= 15_000)
    world.rest()
    assert.equal(world.request().query["resourceVersion"], "7")
  })

  test("counts as mute when the second hears that our place is forgotten: nobody knows what was missed (131, 126)", () => {
    for (const asStatus of [true, false]) {
      const world = synced().opened()
      world.pass(10_000)
      if (asStatus) world.answer(status(410, "Expired"))
      else world.opened().frames(error(410)).closed()
      world.pass(2000)
      assert.deepEqual(world.told(), ["failing mute-watch"])
    }
  })

  test("is not mute when it tells the same a moment later", () => {
    const world = synced().opened()
    const first = world.request().id
    world.pass(10_000)
    world.opened().frames(event("ADDED", service("plex", 8)))
    world.event({ kind: "frames", id: first, frames: [event("ADDED", service("plex", 8))] })
    world.pass(3000)
    assert.deepEqual(world.told(), ["upserted media/plex"])
    assert.deepEqual(world.aborted, [])
  })

  test("is quiet when the second has nothing to tell, and asked again ten seconds later", () => {
    const world = synced().opened()
    world.pass(10_000)
    world.opened().closed()
    assert.equal(world.rest(), 10_000)
    assert.equal(world.request().query["timeoutSeconds"], "1")
    assert.deepEqual(world.told(), [])
  })

  test("is given up when the second gets no answer either", () => {
    const world = synced().opened()
    world.pass(10_000)
    world.pass(4000)
    assert.deepEqual(world.told(), ["failing mute-watch"])
    assert.equal(world.aborted.length, 2)
  })

  test("goes on when an overloaded server refuses the second", () => {
    const world = synced().opened()
    world.pass(10_000)
    world.answer(status(429, "busy"))
    world.pass(5000)
    assert.deepEqual(world.aborted, [])
    assert.deepEqual(world.told(), [])
  })
})

test("whatever a server says, it waits for one thing: an answer or a time, and never spins", () => {
  const word = record({
    kind: constantFrom(...Object.keys(words)),
    version: integer({ min: 0, max: 20 }),
    wait: constantFrom(0, 50, 700, 12_000),
  })
  check(
    property(array(word, { maxLength: 60 }), (story) => {
      const world = start()
      for (const { kind, version, wait } of story) {
        words[kind as keyof typeof words](world, version)
        world.pass(wait)
        assert.ok(world.requests.length <= 6 * story.length + 2)
        if (world.reflector.wakeAt() === undefined) assert.equal(world.request().stream, false)
      }
    }),
  )
})

const words = {
  page: (world: World, version: number) => world.answer(page([service("a", version)], version)),
  more: (world: World, version: number) => world.answer(page([service("b", version)], version, `t${version}`)),
  gone: (world: World) => world.answer(status(410, "gone")),
  html: (world: World) => world.answer({ ...status(502, ""), body: undefined }),
  opened: (world: World) => void world.opened(),
  closed: (world: World) => void world.closed(),
  failed: (world: World) => void world.failed("ECONNRESET"),
  added: (world: World, version: number) => world.frames(event("ADDED", service("c", version))),
  deleted: (world: World, version: number) => world.frames(event("DELETED", service("c", version))),
  error: (world: World, version: number) => world.frames(error(400 + version)),
  nonsense: (world: World) => world.frames([[]]),
  bookmark: (world: World, version: number) => world.frames(bookmark(version)),
} satisfies Record<string, (world: World, version: number) => unknown>

const services: Resource = { group: "", version: "v1", plural: "services", kind: "Service" }

type Answer = { readonly status: number; readonly retryAfter: string | undefined; readonly body: Json | undefined }

const service = (name: string, version: number | string): Json => ({
  metadata: { name, namespace: "media", uid: `uid-${name}`, resourceVersion: String(version) },
})
const page = (items: readonly Json[], version: number | string, next?: string): Answer => ({
  status: 200,
  retryAfter: undefined,
  body: { kind: "ServiceList", metadata: { resourceVersion: String(version), ...(next && { continue: next }) }, items },
})
const status = (code: number, message: string): Answer => ({
  status: code,
  retryAfter: undefined,
  body: { kind: "Status", status: "Failure", code, message },
})
const tooLarge: Answer = {
  status: 504,
  retryAfter: undefined,
  body: {
    kind: "Status",
    code: 504,
    message: "Timeout: Too large resource version: 7, current: 5",
    details: { causes: [{ reason: "ResourceVersionTooLarge" }], retryAfterSeconds: 1 },
  },
}
const event = (type: string, object: Json): Json => ({ type, object })
const error = (code: number): Json => ({ type: "ERROR", object: status(code, "an error").body ?? null })
const bookmark = (version: number | string): Json =>
  event("BOOKMARK", { kind: "Service", metadata: { resourceVersion: String(version) } })

type World = ReturnType<typeof start>

/** A reflector, the requests it made, and a server that answers the last of them. */
const start = () => {
  const reflector: Reflector = createReflector({ resource: services, ids: createRequestIds() })
  const requests: ApiRequest[] = []
  const aborted: number[] = []
  const objects: (ReflectorEvent & { kind: "upserted" })["object"][] = []
  let lines: string[] = []
  let entropy = 12_345
  const take = (outputs: ReturnType<Reflector["step"]>): void => {
    for (const output of outputs) {
      if (output.kind === "request") requests.push(output.request)
      else if (output.kind === "abort") aborted.push(output.id)
      else lines.push(tell(output))
      if (output.kind === "upserted") objects.push(output.object)
    }
  }
  const world = {
    reflector,
    requests,
    aborted,
    objects,
    now: 1000 as Instant,
    /** The last list or watch; the small question for the server's version is `check`. */
    request: (): ApiRequest => requests.findLast(({ query }) => query["limit"] !== "1")!,
    check: (): ApiRequest => requests.at(-1)!,
    event: (input: ReflectorInput) => {
      entropy = (entropy * 1_103_515_245 + 12_345) >>> 0
      take(reflector.step(input, { now: world.now, wallSeconds: 0, entropy }))
      return world
    },
    answer: (answer: Answer) => world.event({ kind: "response", id: world.request().id, ...answer }),
    frames: (...frames: readonly Json[]) => world.event({ kind: "frames", id: world.request().id, frames }),
    opened: () => world.event({ kind: "opened", id: world.request().id }),
    closed: () => world.event({ kind: "closed", id: world.request().id }),
    failed: (code: string) => world.event({ kind: "failed", id: world.request().id, code, message: code }),
    pass: (ms: number) => {
      world.now = after(world.now, ms)
      return world.event({ kind: "wake" })
    },
    /** Sleeps until it wants to wake; says how long that was. */
    rest: (): number => {
      const waited = reflector.wakeAt()! - world.now
      world.pass(Math.max(waited, 0))
      return waited
    },
    told: (): string[] => {
      const said = lines
      lines = []
      return said
    },
  }
  return world.event({ kind: "wake" })
}

/** Knows `media/radarr` from a list of version 7 and has asked for the watch. */
const synced = () => {
  const world = start()
  world.answer(page([service("radarr", 3)], 7))
  world.told()
  return world
}

const tell = (event: ReflectorEvent): string => {
  if (event.kind === "synced") return `synced ${event.objects}`
  if (event.kind === "failing") return `failing ${event.failure.reason}`
  return event.kind === "recovered" ? "recovered" : `${event.kind} ${event.key}`
}
