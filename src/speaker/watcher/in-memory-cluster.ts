import type { ApiEvent, ApiRequest, Json, JsonObject } from "../../kubernetes/http.ts"
import { createStore, type Store, type StoreOutput } from "../../kubernetes/store.ts"
import { after, type At, type Instant } from "../../time/instant.ts"
import type { Hold, Surroundings } from "../intent.ts"
import type { WatcherInput } from "./input.ts"
import type { WatcherOutput } from "./output.ts"
import { Watcher } from "./watcher.ts"
import type { ProxyEvidence } from "./readiness.ts"

/** Saturday, 21 November 2026, 18:00 UTC. */
const wallSecondsAtStart = 1_795_284_000
const delayMs = 1
/** An hour with its watches and probes takes some 30,000. */
const turnsMax = 200_000

/** A watcher of node w1 and an API server in memory, in virtual time. */
export class InMemoryCluster {
  now: Instant = 0 as Instant
  watcher: Watcher
  readonly outputs: WatcherOutput[] = []
  readonly requests: ApiRequest[] = []
  /** What the announcer would have been told so far. */
  readonly holds: Map<Hold["key"], Hold> = new Map()
  surroundings: Surroundings | undefined
  /** Off: every request fails as with a server that is gone, and open watches are reset. */
  online = true
  /** Plurals of kinds whose lists have nothing in them, as after a restore; their watches are refused as too old. */
  readonly emptied: Set<string> = new Set()
  /** Plurals of kinds that may not be read. */
  readonly forbidden: Set<string> = new Set()
  /** Plurals of kinds whose next watch is refused as too old: what happened meanwhile is only told by a list. */
  readonly forgotten: Set<string> = new Set()
  proxy: ProxyEvidence = { is: "absent" }
  acknowledges = true
  readonly #store: Store
  readonly #due: { readonly at: Instant; readonly run: () => void }[] = []
  #entropy = 1
  #asked = 0
  readonly #answers: StoreOutput[] = []

  constructor(crds: readonly JsonObject[], options: Partial<ConstructorParameters<typeof Watcher>[0]> = {}) {
    this.#store = createStore({}, this.at())
    for (const crd of crds) this.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    this.must("POST", "/api/v1/namespaces", { metadata: { name: "metallb-system" } })
    this.must("POST", "/api/v1/namespaces", { metadata: { name: "media" } })
    this.watcher = new Watcher({
      node: "w1",
      namespace: "metallb-system",
      pod: undefined,
      loadBalancerClass: undefined,
      ignoresExcludeLabel: false,
      version: "test",
      ...options,
    })
  }

  at(): At {
    this.#entropy = (Math.imul(this.#entropy, 1_664_525) + 1_013_904_223) >>> 0
    return { now: this.now, wallSeconds: wallSecondsAtStart + Math.floor(this.now / 1000), entropy: this.#entropy }
  }

  /** Somebody else's request, answered at once. */
  must(method: ApiRequest["method"], path: string, body?: Json): JsonObject {
    const contentType = method === "PATCH" ? "application/merge-patch+json" : "application/json"
    const id = ++this.#asked
    const request = {
      id,
      method,
      path,
      query: {},
      stream: false,
      timeoutMs: 1000,
      contentType,
      ...(body !== undefined && { body }),
    }
    this.#deliver(this.#store.step({ kind: "request", client: "somebody", request }, this.at()))
    const at = this.#answers.findIndex(({ event }) => event.kind === "response" && event.id === id)
    const [answer] = this.#answers.splice(at, 1)
    if (answer?.event.kind !== "response" || answer.event.status >= 300) throw new Error(JSON.stringify(answer?.event))
    return answer.event.body as JsonObject
  }

  start(): void {
    this.feed({ kind: "wake" })
    this.run(100)
  }

  feed(input: WatcherInput): void {
    for (const output of this.watcher.step(input, this.at())) this.#perform(output)
  }

  run(ms: number): void {
    const end = after(this.now, ms)
    for (let turns = 0; ; turns++) {
      const due = this.#due[0]
      const next = Math.min(due?.at ?? Infinity, this.watcher.wakeAt() ?? Infinity, this.#store.wakeAt() ?? Infinity)
      if (next > end) break
      if (turns > turnsMax) throw new Error(`more than ${turnsMax} turns: somebody is due and does nothing`)
      this.now = Math.max(this.now, next) as Instant
      if (due !== undefined && due.at <= this.now) this.#due.shift()!.run()
      else if ((this.watcher.wakeAt() ?? Infinity) <= this.now) this.feed({ kind: "wake" })
      else this.#deliver(this.#store.step({ kind: "wake" }, this.at()))
    }
    this.now = end
  }

  /** The watcher's own requests of that method whose path contains `part`. */
  asked(method: ApiRequest["method"], part: string): readonly ApiRequest[] {
    return this.requests.filter((request) => request.method === method && request.path.includes(part))
  }

  goOffline(): void {
    this.online = false
    for (const { id } of this.requests.filter(({ stream }) => stream))
      this.#later(() => this.feed({ kind: "api", event: reset(id) }))
  }

  /** Gone for so long, and back. */
  away(ms: number): void {
    this.goOffline()
    this.run(ms)
    this.online = true
  }

  #perform(output: WatcherOutput): void {
    this.outputs.push(output)
    switch (output.kind) {
      case "request":
        this.requests.push(output.request)
        return this.#later(() => this.#send(output.request))
      case "abort":
        return this.#deliver(this.#store.step({ kind: "abort", client: "w1", id: output.id }, this.at()))
      case "surroundings":
        this.surroundings = output.surroundings
        return
      case "intents":
        for (const intent of output.page)
          if (intent.kind === "hold") this.holds.set(intent.hold.key, intent.hold)
          else this.holds.delete(intent.key)
        if (this.acknowledges) this.#later(() => this.feed({ kind: "acknowledged" }))
        return
      case "probe-proxy":
        return this.#later(() => this.feed({ kind: "proxy", evidence: this.proxy }))
      case "probe-local":
      case "probe-host":
      case "stop":
      case "log":
        return
    }
  }

  #send(request: ApiRequest): void {
    if (!this.online) return this.feed({ kind: "api", event: reset(request.id) })
    const odd = this.#oddAnswer(request)
    if (odd !== undefined) return this.feed({ kind: "api", event: odd })
    this.#deliver(this.#store.step({ kind: "request", client: "w1", request }, this.at()))
  }

  #oddAnswer({ id, method, path, stream }: ApiRequest): ApiEvent | undefined {
    const plural = path.slice(path.lastIndexOf("/") + 1)
    if (method !== "GET") return undefined
    if (this.forbidden.has(plural)) return refusal(id, 403, `${plural} is forbidden`)
    if (stream && (this.emptied.has(plural) || this.forgotten.delete(plural))) return refusal(id, 410, "too old")
    if (!this.emptied.has(plural)) return undefined
    return { kind: "response", id, status: 200, retryAfter: undefined, body: emptyList }
  }

  #deliver(outputs: readonly StoreOutput[]): void {
    for (const output of outputs)
      if (output.client === "w1") this.#later(() => this.online && this.feed({ kind: "api", event: output.event }))
      else this.#answers.push(output)
  }

  #later(run: () => void): void {
    this.#due.push({ at: after(this.now, delayMs), run })
  }
}

const reset = (id: number): ApiEvent => ({ kind: "failed", id, code: "ECONNRESET", message: "connection reset" })

const refusal = (id: number, status: number, message: string): ApiEvent => ({
  kind: "response",
  id,
  status,
  retryAfter: undefined,
  body: { kind: "Status", status: "Failure", message, code: status },
})

const emptyList: Json = { kind: "List", apiVersion: "v1", metadata: { resourceVersion: "1" }, items: [] }
