import assert from "node:assert/strict"
import { test } from "node:test"
import type { ApiEvent, Json, JsonObject } from "../../kubernetes/http.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { after, type At, type Instant } from "../../time/instant.ts"
import { styleFor } from "../style.ts"
import { madeAt, speaker } from "../survey/made-survey.ts"
import { ClusterWatch } from "./cluster-watch.ts"
import { parseDuration } from "./duration.ts"
import { type Occurrence, occurrenceLine } from "./occurrence.ts"

const address = "192.168.40.200"

test("what was there before is no news: one word says that it begins", () => {
  const world = new MadeCluster([whoami([address])], [speaker("attic-1", [{ address }], { moves: [move("offered")] })])
  assert.deepEqual(world.begun, { kind: "begun", addresses: 1, speakers: 1 })
  assert.deepEqual(world.codes, [])
})

test("a takeover is told with its Service and its silence, when the taker writes it", () => {
  const world = new MadeCluster([whoami([address])], [speaker("attic-2", [])])
  world.change("Speaker", speaker("attic-2", [{ address }], { moves: [move("holder-silent", { silentMs: 478 })] }))
  assert.deepEqual(
    world.told.map(({ code, severity, about, services, lastedMs }) => [code, severity, about, services, lastedMs]),
    [["moved", "risk", address, ["demo/whoami"], 478]],
  )
  assert.match(
    occurrenceLine(world.told[0]!, styleFor(process.stdout, "never", {})),
    /^\d\d:\d\d:\d\d {2}! 192\.168\.40\.200 demo\/whoami {3}attic-2 took it over from attic-3, .* silent for 478 ms$/,
  )
})

test("a move on purpose waits a moment for the giver's reason, whoever writes first, and is told once", () => {
  const given = speaker("attic-3", [], { moves: [move("handed-over", { offeredBecause: "leaving" })] })
  const taken = speaker("attic-2", [{ address }], { moves: [move("offered")] })
  for (const [first, second] of [
    [given, taken],
    [taken, given],
  ] as const) {
    const world = new MadeCluster([whoami([address])], [speaker("attic-2", []), speaker("attic-3", [{ address }])])
    world.change("Speaker", first)
    assert.deepEqual(world.codes, [])
    world.change("Speaker", second)
    world.pass(5000)
    assert.equal(world.told.length, 1)
    assert.match(world.told[0]!.says, /on purpose: attic-3 was being drained/)
  }
})

test("a giver that has gone without a word holds nothing up: the taker's line alone is told after three seconds", () => {
  const world = new MadeCluster([whoami([address])], [speaker("attic-2", []), speaker("attic-3", [{ address }])])
  world.change("Speaker", speaker("attic-2", [{ address }], { moves: [move("offered")] }))
  world.pass(2500)
  assert.deepEqual(world.codes, [])
  world.pass(1500)
  assert.deepEqual(world.codes, ["moved"])
})

test("of more moves at once than a journal keeps, how many addresses a node holds is told", () => {
  const world = new MadeCluster([], [speaker("attic-2", [], { moves: [move("first-claim")] })])
  const moves = Array.from({ length: 32 }, (_, index) => ({ ...move("holder-silent"), address: `192.168.41.${index}` }))
  const holds = Array.from({ length: 200 }, (_, index) => ({ address: `192.168.41.${index}` }))
  world.change("Speaker", speaker("attic-2", holds, { moves }))
  assert.equal(world.codes.length, 33)
  assert.match(world.told.at(-1)!.says, /it held 0 and holds 200 now$/)
})

test("a finding that two nodes share is told once, and its end with how long it lasted", () => {
  const facts = { address, mac: "52:54:00:00:00:99", class: "unknown", link: "eth0" }
  const contested = {
    findings: [{ code: "foreign-answer", message: "52:54:00:00:00:99 also answers; find it", facts }],
  }
  const world = new MadeCluster([whoami([address])], [speaker("attic-1", [{ address }]), speaker("attic-2", [])])
  world.change("Speaker", speaker("attic-1", [{ address }], contested))
  world.change("Speaker", speaker("attic-2", [], contested))
  world.change("Speaker", speaker("attic-1", [{ address }]))
  assert.deepEqual(world.codes, ["found"])
  world.pass(4000)
  world.change("Speaker", speaker("attic-2", []))
  assert.deepEqual(world.codes, ["found", "over"])
  assert.deepEqual([world.told[1]!.lastedMs! >= 4000, world.told[1]!.about], [true, address])
})

test("a node that no other hears is bad news, and good news when it is heard again", () => {
  const hears = (...names: readonly string[]): JsonObject => ({ segments: [{ segment: "lan", hears: [...names] }] })
  const others = (...names: readonly string[]): readonly JsonObject[] => [
    speaker("a", [], hears("b", ...names)),
    speaker("b", [], hears("a", ...names)),
  ]
  const world = new MadeCluster([], [...others("c"), speaker("c", [], hears("a", "b"))])
  for (const one of others()) world.change("Speaker", one)
  assert.deepEqual([world.codes, world.told[0]?.about], [["unheard"], "c"])
  world.pass(8000)
  for (const one of others("c")) world.change("Speaker", one)
  assert.deepEqual(world.codes, ["unheard", "heard"])
})

test("addresses given, refused with the reason, and given back", () => {
  const world = new MadeCluster([], [])
  world.change("Service", whoami([], { Allocated: ["False", "PoolFull", "every address of porch is given"] }))
  world.change("Service", whoami([address], { Allocated: ["True", "Given", "lowest free in pool porch"] }))
  world.change("Service", undefined)
  assert.deepEqual(
    world.told.map(({ code, says }) => [code, says]),
    [
      ["refused", "no address: every address of porch is given"],
      ["given", `gets ${address}: lowest free in pool porch`],
      ["released", `gives ${address} back: it was deleted`],
    ],
  )
})

test("a Service that nobody announces is told, but not while nobody can have announced it yet", () => {
  const world = new MadeCluster([], [])
  world.change("Service", whoami([address], { Announced: ["False", "NotYet", "not yet"] }))
  world.change("Service", whoami([address], { Announced: ["True", "Announced", "by attic-1"] }))
  assert.deepEqual(world.codes, ["given"])
  world.change("Service", whoami([address], { Announced: ["False", "NoEndpoints", "no pod is ready"] }))
  world.pass(3000)
  world.change("Service", whoami([address], { Announced: ["True", "Announced", "by attic-1"] }))
  assert.deepEqual(world.codes, ["given", "silent", "announced"])
  assert.ok(world.told[2]!.lastedMs! >= 3000)
})

test("an API server that goes away is told once for each kind, and what it says again is news", () => {
  const world = new MadeCluster([whoami([address])], [speaker("attic-2", [])])
  world.reset()
  assert.deepEqual(world.codes, ["blind", "blind"])
  world.pass(60_000)
  world.change("Speaker", speaker("attic-2", [{ address }], { moves: [move("holder-silent")] }))
  assert.deepEqual(
    world.codes.filter((code) => code !== "blind"),
    ["moved", "sees"],
  )
})

test("one that cannot be reached at the start ends the watch", () => {
  const watch = new ClusterWatch()
  const at: At = { now: 0 as Instant, wallSeconds: madeAt, entropy: 1 }
  const [first] = watch.step({ kind: "wake" }, at)
  assert.ok(first?.kind === "request")
  const refused = { kind: "failed", id: first.request.id, code: "ECONNREFUSED", message: "nobody listens" } as const
  assert.deepEqual(
    watch.step(refused, at).map(({ kind }) => kind),
    ["failed"],
  )
})

test("durations are those of kubectl", () => {
  assert.deepEqual(["90s", "1h30m", "250ms", "1.5m", "", "5", "5 m", "0s", "600h"].map(parseDuration), [
    90_000,
    5_400_000,
    250,
    90_000,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

const move = (reason: string, more: JsonObject = {}): JsonObject => ({
  at: printTimestamp(madeAt),
  address,
  link: "eth0",
  from: "attic-3",
  to: "attic-2",
  reason,
  ...more,
})

type Said = readonly [status: string, reason: string, message: string]

const whoami = (addresses: readonly string[], conditions: Readonly<Record<string, Said>> = {}): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { namespace: "demo", name: "whoami" },
  spec: { type: "LoadBalancer" },
  status: {
    loadBalancer: { ingress: addresses.map((ip) => ({ ip })) },
    conditions: Object.entries(conditions).map(([type, [status, reason, message]]) => ({
      type: `porchlight.dev/${type}`,
      status,
      reason,
      message,
    })),
  },
})

/** An API server with Services and Speaker objects, of which it says what the test says; in virtual time. */
class MadeCluster {
  readonly told: Occurrence[] = []
  begun: object | undefined
  readonly #watch = new ClusterWatch()
  readonly #lists: Readonly<Record<string, readonly JsonObject[]>>
  readonly #streams = new Map<string, number>()
  #now = 0 as Instant
  #version = 1

  constructor(services: readonly JsonObject[], speakers: readonly JsonObject[]) {
    this.#lists = { Service: services, Speaker: speakers }
    this.#feed({ kind: "wake" })
    assert.deepEqual([...this.#streams.keys()].toSorted(), ["Service", "Speaker"])
  }

  get codes(): readonly string[] {
    return this.told.map(({ code }) => code)
  }

  /** @param object undefined: the Service of the tests was deleted */
  change(kind: "Service" | "Speaker", object: JsonObject | undefined): void {
    const frame = { type: object === undefined ? "DELETED" : "MODIFIED", object: this.#versioned(object ?? whoami([])) }
    this.#feed({ kind: "frames", id: this.#streams.get(kind)!, frames: [frame] })
  }

  /** Every watch is cut, and so is the next request of each kind. */
  reset(): void {
    for (const id of this.#streams.values())
      this.#feed({ kind: "failed", id, code: "ECONNRESET", message: "the connection was reset" })
  }

  pass(ms: number): void {
    const end = after(this.#now, ms)
    for (;;) {
      const next = this.#watch.wakeAt()
      if (next === undefined || next > end) break
      this.#now = next > this.#now ? next : this.#now
      this.#feed({ kind: "wake" })
    }
    this.#now = end
  }

  #feed(input: ApiEvent | { readonly kind: "wake" }): void {
    const at = { now: this.#now, wallSeconds: madeAt + Math.floor(this.#now / 1000), entropy: 1 }
    for (const output of this.#watch.step(input, at)) {
      if (output.kind === "occurred") this.told.push(output.occurrence)
      if (output.kind === "begun") this.begun = output
      if (output.kind !== "request") continue
      const { id, path, stream } = output.request
      const kind = path.endsWith("/services") ? "Service" : "Speaker"
      if (!stream) this.#feed({ kind: "response", id, status: 200, retryAfter: undefined, body: this.#list(kind) })
      else if (output.request.query["resourceVersion"] !== undefined) {
        this.#streams.set(kind, id)
        this.#feed({ kind: "opened", id })
      }
    }
  }

  #list(kind: string): Json {
    const items = (this.#lists[kind] ?? []).map((object) => this.#versioned(object))
    return { kind: `${kind}List`, metadata: { resourceVersion: String(this.#version) }, items }
  }

  #versioned(object: JsonObject): JsonObject {
    const metadata = { ...(object["metadata"] as JsonObject), resourceVersion: String(++this.#version) }
    return { ...object, metadata }
  }
}
