import assert from "node:assert/strict"
import { test } from "node:test"
import type { ApiEvent, ApiRequest, Json } from "./http.ts"
import { numberAt, textAt, withField } from "./json.ts"
import { createLease, lastWriteTimeoutMs, type LeaseEvent } from "./lease.ts"
import { createRequestIds } from "./request.ts"
import { after, type Instant } from "../time/instant.ts"

test("makes the lease where there is none and leads for two thirds of it", () => {
  const world = apiServer()
  const one = candidate("one", world)
  one.run(100)
  assert.deepEqual(one.told(), ["leading until 11100"])
  assert.equal(textAt(world.lease(), "spec", "holderIdentity"), "one")
  assert.equal(numberAt(world.lease(), "spec", "leaseDurationSeconds"), 15)
})

test("renews in time, so that its leading never lapses", () => {
  const one = candidate("one", apiServer())
  one.run(60_000)
  assert.ok(one.told().every((line) => line.startsWith("leading")))
  assert.ok(one.until - one.now > 6000)
})

test("never two who may write: the old leader's last write has arrived before the next may begin", () => {
  const world = apiServer()
  const [one, two] = [candidate("one", world), candidate("two", world)]
  together(20_000, one, two)
  one.cut = true
  together(40_000, one, two)
  assert.ok(one.told().includes("stopped overdue"))
  assert.ok(two.firstLed >= one.until + lastWriteTimeoutMs, `${two.firstLed} after ${one.until}`)
  assert.ok(two.firstLed - one.until <= 10_000)
  assert.equal(numberAt(world.lease(), "spec", "leaseTransitions"), 1)
})

test("clocks an hour apart change nothing (151)", () => {
  for (const hours of [1, -1]) {
    const world = apiServer()
    const [one, two] = [candidate("one", world), candidate("two", world, hours * 3600)]
    together(60_000, one, two)
    assert.equal(two.firstLed, Number.POSITIVE_INFINITY)
    assert.deepEqual(two.told(), ["following one"])
  }
})

test("takes over soon after a leader gave the lease away", () => {
  const world = apiServer()
  const [one, two] = [candidate("one", world), candidate("two", world)]
  together(20_000, one, two)
  one.feed({ kind: "release" })
  const released = one.now
  together(5000, one, two)
  assert.equal(one.told().at(-1), "stopped released")
  assert.ok(two.firstLed - released <= 4000)
})

test("knows its own lease again when the answer to a write was lost (148)", () => {
  const world = apiServer()
  const one = candidate("one", world)
  one.loseAnswers = 1
  one.run(2000)
  assert.deepEqual(
    one.told().map((line) => line.split(" ")[0]),
    ["failing", "leading"],
  )
  one.loseAnswers = 1
  one.run(8000)
  assert.ok(!one.told().includes("stopped overdue"))
  assert.equal(numberAt(world.lease(), "spec", "leaseTransitions"), 0)
})

test("stops at once where another holds the lease, and says whom it follows", () => {
  const world = apiServer()
  const one = candidate("one", world)
  one.run(5000)
  one.told()
  world.put(withField(world.lease(), ["spec", "holderIdentity"], "usurper"))
  one.run(4000)
  assert.deepEqual(one.told(), ["stopped taken", "following usurper"])
})

test("counts its time from when it asked, however late the answer comes", () => {
  const world = apiServer()
  const one = candidate("one", world)
  one.lateMs = 4000
  one.run(9000)
  assert.equal(one.told()[0], "leading until 15100")
  assert.equal(one.firstLed, 9100)
})

test("of two who find no lease one leads", () => {
  const world = apiServer()
  const [one, two] = [candidate("one", world), candidate("two", world)]
  together(1000, one, two)
  assert.deepEqual(
    [one.told()[0], two.told()[0]].map((line) => line?.split(" ")[0]),
    ["leading", "following"],
  )
})

test("a lease of an absurd length does not keep it out for ever", () => {
  const world = apiServer()
  const spec = { holderIdentity: "dead", leaseDurationSeconds: 2_000_000_000 }
  world.put({ metadata: { name: "porchlight", namespace: "lights" }, spec })
  const one = candidate("one", world)
  one.run(310_000)
  assert.ok(one.firstLed < 310_000)
})

test("asks more seldom, but never gives up, where it is forbidden (141)", () => {
  const world = apiServer()
  world.refuse = 403
  const one = candidate("one", world)
  one.run(60_000)
  const tries = one.told().length
  assert.ok(tries > 25 && tries < 70, `${tries} tries`)
  world.refuse = undefined
  one.run(3000)
  assert.ok(one.told().at(-1)?.startsWith("leading"))
})

/** One Lease, with resourceVersions. */
const apiServer = () => {
  let version = 0
  let stored: { readonly [field: string]: Json } | undefined
  const server = {
    refuse: undefined as number | undefined,
    lease: () => stored ?? {},
    put: (object: { readonly [field: string]: Json }) => {
      version += 1
      stored = withField(object, ["metadata", "resourceVersion"], String(version))
      return stored
    },
    answer: ({ method, body }: ApiRequest): { readonly status: number; readonly body: Json } => {
      const object = body as { readonly [field: string]: Json }
      if (server.refuse !== undefined) return { status: server.refuse, body: {} }
      if (method === "GET") return stored === undefined ? { status: 404, body: {} } : { status: 200, body: stored }
      if (method === "POST")
        return stored === undefined ? { status: 201, body: server.put(object) } : { status: 409, body: {} }
      const same = textAt(object, "metadata", "resourceVersion") === String(version)
      return same ? { status: 200, body: server.put(object) } : { status: 409, body: {} }
    },
  }
  return server
}

const candidate = (identity: string, server: ReturnType<typeof apiServer>, wallSkew = 0) => {
  const lease = createLease({ ids: createRequestIds(), namespace: "lights", name: "porchlight", identity })
  let lines: string[] = []
  let late: { readonly at: Instant; readonly response: ApiEvent } | undefined
  const one = {
    now: 1000 as Instant,
    cut: false,
    loseAnswers: 0,
    lateMs: 0,
    until: 0,
    firstLed: Number.POSITIVE_INFINITY,
    feed: (input: ApiEvent | { readonly kind: "wake" | "release" }): void => {
      const at = { now: one.now, wallSeconds: 1_800_000_000 + one.now / 1000 + wallSkew, entropy: 7 * one.now }
      for (const output of lease.step(input, at)) {
        if (output.kind === "request") one.perform(output.request)
        else if (output.kind !== "abort") one.hear(output)
      }
    },
    hear: (event: LeaseEvent): void => {
      if (event.kind === "leading") one.until = event.until
      if (event.kind === "leading") one.firstLed = Math.min(one.firstLed, one.now)
      lines.push(tell(event))
    },
    perform: (request: ApiRequest): void => {
      const { id } = request
      if (one.cut) return one.feed({ kind: "failed", id, code: "timeout", message: "no answer" })
      const answer = server.answer(request)
      if (one.loseAnswers > 0 && request.method !== "GET") {
        one.loseAnswers -= 1
        return one.feed({ kind: "failed", id, code: "ECONNRESET", message: "cut off" })
      }
      const response = { kind: "response", id, retryAfter: undefined, ...answer } as const
      if (one.lateMs === 0) return one.feed(response)
      late = { at: after(one.now, one.lateMs), response }
    },
    tick: (): void => {
      one.now = after(one.now, 100)
      const due = late !== undefined && late.at <= one.now ? late.response : undefined
      if (due !== undefined) late = undefined
      if (due !== undefined) one.feed(due)
      if ((lease.wakeAt() ?? Number.POSITIVE_INFINITY) <= one.now) one.feed({ kind: "wake" })
    },
    run: (ms: number): void => together(ms, one),
    told: (): string[] => {
      const said = lines
      lines = []
      return said
    },
  }
  return one
}

const together = (ms: number, ...candidates: readonly { readonly tick: () => void }[]): void => {
  for (let passed = 0; passed < ms; passed += 100) for (const one of candidates) one.tick()
}

const tell = (event: LeaseEvent): string => {
  if (event.kind === "leading") return `leading until ${event.until}`
  if (event.kind === "following") return `following ${event.holder}`
  return event.kind === "stopped" ? `stopped ${event.why}` : `failing ${event.failure.reason}`
}
