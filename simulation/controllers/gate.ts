import type { ApiEvent, ApiRequest, Json } from "../../src/kubernetes/http.ts"
import { textAt } from "../../src/kubernetes/json.ts"
import type { Random } from "../random.ts"
import type { Timeline } from "../timeline.ts"
import type { Way } from "./act.ts"
import {
  type Answer,
  answer,
  expiredFrame,
  frameOf,
  type Refusal,
  refusals,
  type Target,
  targetOf,
} from "./api-server.ts"
import { type Change, type Etcd, forgetful, lateView } from "./etcd.ts"

/** Whoever sends requests; events go to `hear`. */
export type Client = { readonly name: string; readonly hear: (event: ApiEvent) => void }

type Watch = {
  readonly client: Client
  readonly id: number
  readonly target: Target
  readonly isLate: boolean
  sentTo: number
  /** Frames of one watch stay in order, whatever becomes of the lag. */
  lastAt: number
  isMute: boolean
  isOpen: boolean
}

/** Two API servers behind one name, the way there and back, and all that befalls them. */
export type Gate = {
  /** What becomes of everything; undefined: nothing. */
  outage: "refused" | "silent" | Refusal | undefined
  weather: { readonly share: number; readonly ways: readonly Way[] } | undefined
  lag: { readonly lateMs: number; readonly lists: boolean } | undefined
  falseLeases: boolean
  /** When a list or a read last said what was no longer true. */
  listedLateAtMs: number
  readonly kinds: Map<string, "forbidden" | "empty" | "missing">
  /** Called before and after a request is carried out. */
  onCarryOut: () => void
  onCarriedOut: (client: Client, request: ApiRequest, target: Target, answer: Answer) => void
  readonly send: (client: Client, request: ApiRequest, way: Way) => void
  readonly abort: (client: Client, id: number) => void
  readonly changed: (change: Change) => void
  /** Watches end: those of a kind, or all. */
  readonly reset: (resource?: string) => void
  readonly mute: () => void
  /** Who wrote last: read by those who judge a change. */
  author: string
}

const oneWayMs = 0.5
const timeoutCode = "timeout"

export const createGate = (etcd: Etcd, timeline: Timeline, random: Random, wallSeconds: () => number): Gate => {
  let watches: Watch[] = []

  const tell = (client: Client, event: ApiEvent, inMs: number = oneWayMs): void =>
    timeline.put(timeline.now() + inMs, () => client.hear(event))
  const fail = (client: Client, id: number, code: string, inMs: number = oneWayMs): void =>
    tell(client, { kind: "failed", id, code, message: code }, inMs)

  const respond = (client: Client, id: number, { status, body, retryAfter }: Answer, inMs?: number): void =>
    tell(client, { kind: "response", id, status, body, retryAfter }, inMs)

  const carryOut = (client: Client, request: ApiRequest, way: Way): void => {
    const target = targetOf(request.path)
    const refused = refusalOf(request, target, way)
    if (refused === "refused") return fail(client, request.id, "ECONNREFUSED")
    if (refused === "silent") return fail(client, request.id, timeoutCode, request.timeoutMs)
    if (refused !== undefined) return respond(client, request.id, refused)
    if (request.stream) return openWatch(client, request, target, way)
    const isLate = gate.lag?.lists === true && request.method === "GET" && random.chance(0.5)
    const view = isLate ? lateView(etcd, timeline.now() - (gate.lag?.lateMs ?? 0)) : etcd
    if (isLate) gate.listedLateAtMs = timeline.now()
    gate.author = client.name
    gate.onCarryOut()
    const isForged = gate.falseLeases && target.resource === "leases" && request.method !== "GET"
    const answered = answer(way === "forgotten" || isForged ? forgetful(view) : view, target, request, wallSeconds())
    gate.author = "somebody"
    const given = isForged ? { status: 200, body: request.body } : answered
    gate.onCarriedOut(client, request, target, given)
    if (way === "answer-lost") return fail(client, request.id, timeoutCode, request.timeoutMs)
    if (way === "cut") return fail(client, request.id, "bad-json")
    const isEmpty = gate.kinds.get(target.resource) === "empty" && target.name === undefined && request.method === "GET"
    const late = typeof way === "object" && "answerLateMs" in way ? way.answerLateMs : 0
    if (late >= request.timeoutMs) return fail(client, request.id, timeoutCode, request.timeoutMs)
    respond(client, request.id, isEmpty ? { status: 200, body: emptied(given.body) } : given, oneWayMs + late)
  }

  const refusalOf = (request: ApiRequest, target: Target, way: Way): "refused" | "silent" | Answer | undefined => {
    if (gate.outage === "refused" || gate.outage === "silent") return gate.outage
    if (gate.outage !== undefined) return refusals[gate.outage]
    if (typeof way === "object" && "refused" in way && isPlausible(way.refused, request)) return refusals[way.refused]
    const kind = gate.kinds.get(target.resource)
    return kind === "forbidden" || kind === "missing" ? refusals[kind] : undefined
  }

  const openWatch = (client: Client, request: ApiRequest, target: Target, way: Way): void => {
    if (way === "answer-lost" || way === "cut") return fail(client, request.id, "ECONNRESET")
    const from = Number(request.query["resourceVersion"] ?? 0)
    const missed = etcd.since(from)
    tell(client, { kind: "opened", id: request.id })
    if (missed === undefined) {
      tell(client, { kind: "frames", id: request.id, frames: [expiredFrame] }, oneWayMs + 0.1)
      return tell(client, { kind: "closed", id: request.id }, oneWayMs + 0.2)
    }
    const isLate = gate.lag !== undefined && random.chance(0.5)
    const { now } = timeline
    const watch: Watch = {
      client,
      id: request.id,
      target,
      isLate,
      sentTo: from,
      lastAt: now(),
      isMute: false,
      isOpen: true,
    }
    watches.push(watch)
    for (const change of missed) show(watch, change)
    const seconds = Number(request.query["timeoutSeconds"] ?? 300)
    timeline.put(now() + seconds * 1000, () => close(watch))
  }

  const show = (watch: Watch, change: Change): void => {
    const { target, client, id } = watch
    if (change.resource !== target.resource || change.version <= watch.sentTo || watch.isMute) return
    if (gate.outage === "silent") watch.isMute = true
    if (watch.isMute) return
    const object = change.after ?? change.before
    if (target.namespace !== undefined && textAt(object, "metadata", "namespace") !== target.namespace) return
    watch.sentTo = change.version
    const lateMs = watch.isLate ? (gate.lag?.lateMs ?? 0) : 0
    const at = Math.max(timeline.now() + oneWayMs, change.atMs + lateMs, watch.lastAt)
    watch.lastAt = at
    const frames = [frameOf(change.before, change.after, change.version)]
    timeline.put(at, () => (watch.isOpen ? client.hear({ kind: "frames", id, frames }) : undefined))
  }

  const close = (watch: Watch): void => {
    if (!watch.isOpen) return
    watches = watches.filter((other) => other !== watch)
    const at = Math.max(timeline.now() + oneWayMs, watch.lastAt)
    timeline.put(at, () => {
      if (watch.isOpen) watch.client.hear({ kind: "closed", id: watch.id })
      watch.isOpen = false
    })
  }

  const gate: Gate = {
    outage: undefined,
    weather: undefined,
    lag: undefined,
    falseLeases: false,
    listedLateAtMs: -Infinity,
    kinds: new Map(),
    author: "somebody",
    onCarryOut: () => undefined,
    onCarriedOut: () => undefined,
    send: (client, request, way) => {
      if (way === "lost") return fail(client, request.id, timeoutCode, request.timeoutMs)
      const late = typeof way === "object" && "lateMs" in way ? way.lateMs : 0
      if (late >= request.timeoutMs) fail(client, request.id, timeoutCode, request.timeoutMs)
      timeline.put(timeline.now() + oneWayMs + late, () => carryOut(client, request, way))
    },
    abort: (client, id) => {
      for (const watch of watches) if (watch.client === client && watch.id === id) watch.isOpen = false
      watches = watches.filter(({ isOpen }) => isOpen)
    },
    changed: (change) => {
      for (const watch of watches) show(watch, change)
    },
    reset: (resource) => {
      for (const watch of watches.filter(({ target }) => resource === undefined || target.resource === resource)) {
        watch.isOpen = false
        fail(watch.client, watch.id, "ECONNRESET")
      }
      watches = watches.filter(({ isOpen }) => isOpen)
    },
    mute: () => {
      for (const watch of watches) watch.isMute = true
    },
  }
  return gate
}

const emptied = (body: Json | undefined): Json => ({
  ...(body as { readonly [key: string]: Json }),
  items: [],
})

/** A read is never in conflict, a write never expires. */
const isPlausible = (refusal: Refusal, { method }: ApiRequest): boolean => {
  if (refusal === "conflict") return method !== "GET"
  return refusal === "expired" || refusal === "too-large" ? method === "GET" : true
}
