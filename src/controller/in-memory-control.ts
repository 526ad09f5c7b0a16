import type { ApiEvent, ApiRequest, Json, JsonObject } from "../kubernetes/http.ts"
import { isObject, listAt, textAt } from "../kubernetes/json.ts"
import { createStore, type Store, type StoreEvent } from "../kubernetes/store.ts"
import { Deadlines } from "../time/deadlines.ts"
import { after, type At, earliest, type Instant } from "../time/instant.ts"
import { type Controller, createController } from "./controller.ts"
import { inspection } from "./inspection.ts"
import type { ControllerInput, ControllerOutput, Remark } from "./output.ts"

/** A request of some controller, as the API server saw it. */
export type SeenRequest = {
  readonly atMs: number
  readonly who: string
  readonly request: ApiRequest
  readonly status: number
}

/** One controller process and its way to the API server. */
export type ControllerProcess = {
  readonly name: string
  /** Off: its requests are refused and its watches reset. */
  readonly setOnline: (online: boolean) => void
  /** It stands still; what it had sent still arrives. */
  readonly freeze: () => void
  readonly thaw: () => void
  /** Nothing comes from it any more; what it had sent still arrives. */
  readonly crash: () => void
  readonly stop: () => void
  readonly hasExited: () => boolean
  readonly steps: () => number
  /** What its inspect socket would show. */
  readonly inspect: () => JsonObject
}

/** What befalls a request: it arrives, so many milliseconds late; it is lost on the way, or its answer is. */
export type Fate = { readonly lateMs: number } | "lost" | "answer-lost"
export type Befalls = (request: ApiRequest, count: number, process: ControllerProcess) => Fate
export const arrives: Fate = { lateMs: 0 }

/** Saturday, 21 November 2026, 18:00 UTC. */
const wallSecondsAtStart = 1_795_284_000
const oneWayMs = 0.5
export const namespace = "metallb-system"

/** Controllers and an API server in memory, in virtual time. */
export class InMemoryControl {
  now: Instant = 0 as Instant
  readonly seen: SeenRequest[] = []
  readonly remarks: Remark[] = []
  readonly outputs: ControllerOutput[] = []
  /** Called after every request of a controller that was to change something. */
  onWritten: () => void = () => undefined
  readonly #store: Store
  readonly #arrivals = new Deadlines<() => void>()
  readonly #sleepers = new Deadlines<() => void>()
  readonly #takers = new Map<string, (event: StoreEvent) => void>()
  #entropy: number
  #processes = 0

  constructor(crds: readonly JsonObject[], seed = 1) {
    this.#entropy = seed
    this.#store = createStore({}, this.at())
    for (const crd of crds) this.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
    this.must("POST", "/api/v1/namespaces", { metadata: { name: namespace } })
    this.must("POST", "/api/v1/namespaces", { metadata: { name: "media" } })
  }

  at(): At {
    this.#entropy = (Math.imul(this.#entropy, 1_664_525) + 1_013_904_223) >>> 0
    return { now: this.now, wallSeconds: wallSecondsAtStart + this.now / 1000, entropy: this.#entropy }
  }

  /** Somebody else's request, answered at once. */
  ask(method: ApiRequest["method"], path: string, body?: Json): { readonly status: number; readonly body: JsonObject } {
    let answer = { status: 0, body: {} as JsonObject }
    this.#takers.set("somebody", (event) => {
      if (event.kind === "response") answer = { status: event.status, body: isObject(event.body) ? event.body : {} }
    })
    const contentType = method === "PATCH" ? "application/merge-patch+json" : "application/json"
    const request = { id: 1, method, path, query: {}, contentType, stream: false, timeoutMs: 0 }
    this.#tell({ kind: "request", client: "somebody", request: body === undefined ? request : { ...request, body } })
    return answer
  }

  must(method: ApiRequest["method"], path: string, body?: Json): JsonObject {
    const answer = this.ask(method, path, body)
    if (answer.status === 0 || answer.status >= 300) throw new Error(JSON.stringify(answer.body))
    return answer.body
  }

  items(path: string): readonly JsonObject[] {
    return listAt(this.must("GET", path), "items").filter(isObject)
  }

  createPool(name: string, range: string): void {
    this.must("POST", `/apis/metallb.io/v1beta1/namespaces/${namespace}/ipaddresspools`, {
      apiVersion: "metallb.io/v1beta1",
      kind: "IPAddressPool",
      metadata: { name, namespace },
      spec: { addresses: [range] },
    })
  }

  /** `media/plex`: type LoadBalancer, port 80/TCP, and what a story adds. */
  createService(name: string, spec: JsonObject = {}, annotations: JsonObject = {}): void {
    const [of = "", short = ""] = name.split("/")
    this.must("POST", `/api/v1/namespaces/${of}/services`, {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: short, namespace: of, annotations },
      spec: { type: "LoadBalancer", ports: [{ port: 80 }], selector: { app: short }, ...spec },
    })
  }

  /** What the speaker of a node says of itself. */
  report(node: string, { holds, hears }: { readonly holds: readonly Json[]; readonly hears: readonly string[] }): void {
    const path = "/apis/porchlight.dev/v1alpha1/speakers"
    if (!this.items(path).some((object) => textAt(object, "metadata", "name") === node))
      this.must("POST", path, { apiVersion: "porchlight.dev/v1alpha1", kind: "Speaker", metadata: { name: node } })
    const status = {
      interfaces: [],
      segments: [{ segment: "eth0/0", link: "eth0", hears: [...hears] }],
      holds: [...holds],
    }
    this.must("PATCH", `${path}/${node}/status`, { status })
  }

  /** Starts a controller of an identity of its own. */
  start(options: { readonly befalls?: Befalls; readonly loadBalancerClass?: string } = {}): ControllerProcess {
    const name = `controller-${++this.#processes}`
    const { befalls = () => arrives, loadBalancerClass } = options
    const program = createController({ namespace, loadBalancerClass, identity: name })
    return this.#run(name, program, befalls)
  }

  /** Lets time pass; everything due on the way happens in order. */
  run(ms: number): void {
    const end = after(this.now, ms)
    for (;;) {
      const next = earliest(this.#arrivals.next(), this.#sleepers.next())
      if (next === undefined || next > end) break
      this.now = Math.max(this.now, next) as Instant
      const due = (this.#arrivals.next() ?? Infinity) <= this.now ? this.#arrivals : this.#sleepers
      for (const happen of due.due(this.now)) happen()
    }
    this.now = end
  }

  /** The controllers' requests that were to change something, the lease's and events' aside. */
  writes(from = 0): readonly SeenRequest[] {
    return this.seen
      .slice(from)
      .filter(({ request: { method, path } }) => method !== "GET" && !/\/(leases|events)(\/|$)/.test(path))
  }

  /** Addresses in a Service's status, joined by a blank. */
  addressesOf(name: string): string {
    const [of, short] = name.split("/")
    const service = this.must("GET", `/api/v1/namespaces/${of}/services/${short}`)
    return listAt(service, "status", "loadBalancer", "ingress")
      .map((entry) => textAt(entry, "ip") ?? "")
      .join(" ")
  }

  #run(name: string, program: Controller, befalls: Befalls): ControllerProcess {
    let state: "running" | "frozen" | "gone" = "running"
    let online = true
    let exited = false
    let requests = 0
    let steps = 0
    const waiting: ControllerInput[] = []
    const unperformed: ControllerOutput[] = []
    const open = new Set<number>()
    const unanswered = new Set<number>()

    const feed = (input: ControllerInput): void => {
      if (state === "frozen") waiting.push(input)
      if (state !== "running") return
      steps++
      unperformed.push(...program.step(input, this.at()))
      performAll()
      const wakeAt = state === "running" ? program.wakeAt() : undefined
      if (wakeAt === undefined) this.#sleepers.clear(wake)
      else this.#sleepers.set(wake, wakeAt)
    }
    const performAll = (): void => {
      for (let output = take(); output !== undefined; output = take()) perform(output)
    }
    const take = (): ControllerOutput | undefined => (state === "running" ? unperformed.shift() : undefined)
    const wake = (): void => feed({ kind: "wake" })
    const deliver = (event: ApiEvent): void => {
      if (!open.has(event.id) || (event.kind === "response" && unanswered.has(event.id))) return
      if (event.kind === "response" || event.kind === "closed" || event.kind === "failed") open.delete(event.id)
      feed(event)
    }
    const fail = (id: number, code: string): void => deliver({ kind: "failed", id, code, message: code })
    const send = (request: ApiRequest): void => {
      const fate = befalls(request, ++requests, process)
      open.add(request.id)
      if (!request.stream) this.#later(request.timeoutMs, () => fail(request.id, "timeout"))
      if (fate === "lost") return
      if (fate === "answer-lost") unanswered.add(request.id)
      this.#later(oneWayMs + (fate === "answer-lost" ? 0 : fate.lateMs), () => {
        if (!online) return fail(request.id, "ECONNREFUSED")
        this.#asking = { who: name, request }
        this.#tell({ kind: "request", client: name, request })
      })
    }
    const perform = (output: ControllerOutput): void => {
      this.outputs.push(output)
      if (output.kind === "request") send(output.request)
      if (output.kind === "abort") this.#tell({ kind: "abort", client: name, id: output.id })
      if (output.kind === "remark") this.remarks.push(output)
      if (output.kind === "exit") exited = true
    }
    this.#takers.set(name, (event) => this.#later(oneWayMs, () => (online ? deliver(event) : undefined)))
    const process: ControllerProcess = {
      name,
      setOnline: (now) => {
        online = now
        if (!online) for (const id of open) fail(id, "ECONNRESET")
      },
      freeze: () => (state = "frozen"),
      thaw: () => {
        if (state !== "frozen") return
        state = "running"
        performAll()
        for (const input of waiting.splice(0)) feed(input)
        wake()
      },
      crash: () => {
        state = "gone"
        this.#sleepers.clear(wake)
      },
      stop: () => feed({ kind: "stop" }),
      hasExited: () => exited,
      steps: () => steps,
      inspect: () => inspection(program.inside(), "0.0.0", this.at()),
    }
    feed({ kind: "wake" })
    return process
  }

  /** Whose request the store is answering now. */
  #asking: { readonly who: string; readonly request: ApiRequest } | undefined

  #tell(input: Parameters<Store["step"]>[0]): void {
    const asking = this.#asking
    this.#asking = undefined
    for (const { client, event } of this.#store.step(input, this.at())) {
      if (asking !== undefined && event.kind === "response" && client === asking.who && event.id === asking.request.id)
        this.seen.push({ atMs: this.now, ...asking, status: event.status })
      this.#takers.get(client)?.(event)
    }
    if (asking !== undefined && asking.request.method !== "GET") this.onWritten()
    const wakeAt = this.#store.wakeAt()
    if (wakeAt === undefined) this.#sleepers.clear(this.#wakeStore)
    else this.#sleepers.set(this.#wakeStore, wakeAt)
  }

  readonly #wakeStore = (): void => this.#tell({ kind: "wake" })

  #later(ms: number, run: () => void): void {
    this.#arrivals.set(() => run(), after(this.now, ms))
  }
}
