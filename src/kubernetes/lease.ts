import { readFailed, readFailure, retryDelayMs, type ApiFailure } from "./api-failure.ts"
import type { ApiEvent, ApiOutput, JsonObject } from "./http.ts"
import { isObject } from "./json.ts"
import { leaseObject, readLease, type LeaseRecord } from "./lease-record.ts"
import { resourceVersionOf } from "./object.ts"
import { createCall, getCall, plainRequest, replaceCall, type Call, type RequestIds } from "./request.ts"
import type { Resource } from "./resource.ts"
import { after, earliest, type At, type Instant, type Program } from "../time/instant.ts"

/**
 * Leader election over a coordination.k8s.io/v1 Lease. Times written by others are never compared with our clock: a
 * lease has run out when we have seen it unchanged for its whole length ourselves.
 */
export type LeaseEvent =
  /**
   * We lead, and may send writes until then: two thirds of the lease after the renewal was *sent*. The last third is for
   * the last write to arrive, so its timeout must be at most `lastWriteTimeoutMs`. Said at each renewal.
   */
  | { readonly kind: "leading"; readonly until: Instant }
  /** No more writes. `overdue`: the renewal did not get through in time; it is tried on, and `leading` may follow. */
  | { readonly kind: "stopped"; readonly why: "overdue" | "taken" | "released" }
  /** Somebody else leads. Said when it changes. */
  | { readonly kind: "following"; readonly holder: string }
  | { readonly kind: "failing"; readonly failure: ApiFailure }

export type LeaseOptions = {
  readonly ids: RequestIds
  readonly namespace: string
  readonly name: string
  /** Of this process, not of its pod: a restarted one is another. */
  readonly identity: string
}

/** `release` gives the lease away, so that the next need not wait for its end. Its first step starts it. */
export type LeaseInput = ApiEvent | { readonly kind: "wake" } | { readonly kind: "release" }
export type Lease = Program<LeaseInput, ApiOutput | LeaseEvent>

const leaseMs = 15_000
const leadMs = (leaseMs * 2) / 3
const renewMs = leaseMs / 5
/** A candidate looks this often, and at the very moment when the lease should have run out. */
const lookMs = 3000
const longestRetryMs = 2000
/** The longest that a leader's write may be under way. */
export const lastWriteTimeoutMs: number = leaseMs / 3

const leases: Resource = { group: "coordination.k8s.io", version: "v1", plural: "leases", kind: "Lease" }

type Phase =
  | { readonly name: "resting"; readonly until: Instant; readonly next: "look" | "renew" }
  | { readonly name: "looking"; readonly id: number }
  | { readonly name: "writing"; readonly id: number; readonly sentAt: Instant; readonly record: LeaseRecord }
  | { readonly name: "releasing"; readonly id: number }
  | { readonly name: "released" }
type Output = ApiOutput | LeaseEvent
/** The lease of another, as we have seen it with our own clock. */
type Seen = { readonly holder: string; readonly version: string | undefined; readonly endsAt: Instant }
/** Our own, as the server last returned it. */
type Held = { readonly object: JsonObject; readonly record: LeaseRecord; readonly until: Instant }

export const createLease = ({ ids, namespace, name, identity }: LeaseOptions): Lease => {
  let phase: Phase = { name: "resting", until: 0 as Instant, next: "look" }
  let held: Held | undefined
  let seen: Seen | undefined
  let leading = false
  let leaving = false
  let attempts = 0

  const rest = (next: "look" | "renew", until: Instant): readonly Output[] => {
    phase = { name: "resting", next, until }
    return []
  }

  const ask = (call: Call, begin: (id: number) => Phase): readonly Output[] => {
    const id = ids.next()
    phase = begin(id)
    return [{ kind: "request", request: plainRequest(id, call, lastWriteTimeoutMs) }]
  }

  const look = (): readonly Output[] =>
    ask(getCall({ resource: leases, name, namespace }), (id) => ({ name: "looking", id }))

  const write = (before: JsonObject | undefined, record: LeaseRecord, at: At): readonly Output[] => {
    const object = leaseObject({ name, namespace }, record, before)
    const call = before === undefined ? createCall(leases, object) : replaceCall(leases, object)
    return ask(call, (id) => ({ name: "writing", id, sentAt: at.now, record }))
  }

  const take = (before: JsonObject | undefined, at: At): readonly Output[] => {
    const old = before === undefined ? undefined : readLease(before)
    const ours = old?.holder === identity
    const record: LeaseRecord = {
      holder: identity,
      leaseMs,
      acquiredAt: ours ? old.acquiredAt : at.wallSeconds,
      renewedAt: at.wallSeconds,
      transitions: (old?.transitions ?? 0) + (ours || old === undefined ? 0 : 1),
    }
    return write(before, record, at)
  }

  const fail = (failure: ApiFailure, next: "look" | "renew", at: At): readonly Output[] => {
    const delay = Math.min(retryDelayMs(failure, attempts, at.entropy), longestRetryMs)
    attempts += 1
    return [...rest(next, after(at.now, delay)), { kind: "failing", failure }]
  }

  const stop = (why: "overdue" | "taken" | "released"): readonly Output[] => {
    if (!leading) return []
    leading = false
    return [{ kind: "stopped", why }]
  }

  const onLook = (event: ApiEvent, at: At): readonly Output[] => {
    if (event.kind === "failed") return fail(readFailed(event), "look", at)
    if (event.kind !== "response") return []
    if (event.status === 404) return take(undefined, at)
    if (event.status !== 200) return fail(readFailure(event.status, event.body, event.retryAfter), "look", at)
    if (!isObject(event.body))
      return fail({ reason: "broken-answer", message: "the lease was no JSON object" }, "look", at)
    attempts = 0
    const record = readLease(event.body)
    if (record.holder === "" || record.holder === identity) return take(event.body, at)
    return observe(event.body, record, at)
  }

  const observe = (object: JsonObject, record: LeaseRecord, at: At): readonly Output[] => {
    const version = resourceVersionOf(object)
    const before = seen
    if (before === undefined || before.version !== version)
      seen = { holder: record.holder, version, endsAt: after(at.now, record.leaseMs ?? leaseMs) }
    else if (at.now >= before.endsAt) return take(object, at)
    const news: readonly Output[] =
      before?.holder === record.holder ? [] : [{ kind: "following", holder: record.holder }]
    held = undefined
    const until = earliest(after(at.now, lookMs * (0.8 + (0.4 * (at.entropy >>> 0)) / 2 ** 32)), seen?.endsAt)
    return [...stop("taken"), ...news, ...rest("look", until ?? at.now)]
  }

  const onWrite = (event: ApiEvent, now: Phase & { readonly name: "writing" }, at: At): readonly Output[] => {
    // Whether it arrived is unknown: our version tells at the next try, and a conflict leads to a look.
    if (event.kind === "failed") return fail(readFailed(event), held === undefined ? "look" : "renew", at)
    if (event.kind !== "response") return []
    if (event.status === 409) return rest("look", after(at.now, (at.entropy >>> 0) % 200))
    if (event.status >= 300 || !isObject(event.body)) {
      const failure = readFailure(event.status, event.body, event.retryAfter)
      return fail(failure, held === undefined || failure.reason === "missing" ? "look" : "renew", at)
    }
    attempts = 0
    seen = undefined
    const until = after(now.sentAt, leadMs)
    held = { object: event.body, record: now.record, until }
    rest("renew", after(now.sentAt, renewMs))
    if (until <= at.now) return stop("overdue")
    leading = true
    return [{ kind: "leading", until }]
  }

  const release = (at: At): readonly Output[] => {
    if (held === undefined) {
      phase = { name: "released" }
      return []
    }
    const record: LeaseRecord = { ...held.record, holder: "", leaseMs: 1000, renewedAt: at.wallSeconds }
    const call = replaceCall(leases, leaseObject({ name, namespace }, record, held.object))
    return [...stop("released"), ...ask(call, (id) => ({ name: "releasing", id }))]
  }

  const onEvent = (event: ApiEvent, at: At): readonly Output[] => {
    if (!("id" in phase) || event.id !== phase.id) return []
    if (phase.name === "looking") return onLook(event, at)
    if (phase.name === "writing") return onWrite(event, phase, at)
    phase = { name: "released" }
    return []
  }

  const onTime = (at: At): readonly Output[] => {
    const overdue = held !== undefined && held.until <= at.now ? stop("overdue") : []
    if (phase.name !== "resting") return overdue
    if (leaving) return [...overdue, ...release(at)]
    if (phase.until > at.now) return overdue
    return [...overdue, ...(phase.next === "look" || held === undefined ? look() : take(held.object, at))]
  }

  const accept = (input: LeaseInput, at: At): readonly Output[] => {
    if (input.kind === "release") leaving = true
    return input.kind === "release" || input.kind === "wake" ? [] : onEvent(input, at)
  }

  return {
    step: (input, at) => [...accept(input, at), ...onTime(at)],
    wakeAt: () =>
      earliest(
        phase.name === "resting" ? phase.until : undefined,
        leading && held !== undefined ? held.until : undefined,
      ),
  }
}
