import { readFailed, readFailure, retryDelayMs, type ApiFailure } from "./api-failure.ts"
import type { ApiEvent, ApiOutput, JsonObject } from "./http.ts"
import { isObject } from "./json.ts"
import { plainRequest, refetchCall, type Call, type RequestIds } from "./request.ts"
import { backOffMs, type BackOff } from "../time/back-off.ts"
import { Deadlines } from "../time/deadlines.ts"
import { after, type At, type Instant, type Program } from "../time/instant.ts"

/**
 * A queue of writes. Of several writes of one key only the newest waits; the writes of one key are never under way
 * together. What failed on the way is sent again, unchanged: every write built in `request.ts` may arrive twice. What
 * conflicts is handed back with the object as it is now, because only its owner knows what it means.
 */
export type WriterEvent =
  | { readonly kind: "written"; readonly key: string; readonly object: JsonObject }
  /** Somebody wrote meanwhile, or made an object of that name. `current` is undefined where it is gone or could not be read. */
  | { readonly kind: "conflicted"; readonly key: string; readonly current: JsonObject | undefined }
  /** Given up: the same write would be refused again. */
  | { readonly kind: "refused"; readonly key: string; readonly failure: ApiFailure }
  /** Will be sent again at `retryAt`, unless a newer write of the key replaces it. */
  | { readonly kind: "delayed"; readonly key: string; readonly failure: ApiFailure; readonly retryAt: Instant }

export type WriterInput =
  | ApiEvent
  | { readonly kind: "wake" }
  | { readonly kind: "write"; readonly key: string; readonly call: Call }
  /** Forget the write of this key that waits; one under way is not called back. */
  | { readonly kind: "withdraw"; readonly key: string }
  /** Nothing is sent from `until` on: for a leader whose lease ends. Undefined: no limit, as at the start. */
  | { readonly kind: "fence"; readonly until: Instant | undefined }
  /** Nothing is sent before `until`: something else matters more. */
  | { readonly kind: "pause"; readonly until: Instant }

export type Writer = Program<WriterInput, ApiOutput | WriterEvent> & {
  readonly waiting: () => number
  /** Requests that are not answered yet. */
  readonly inFlight: () => number
  /** A write of that key waits or is under way. */
  readonly isBusy: (key: string) => boolean
}

export type WriterOptions = {
  readonly ids: RequestIds
  /** A leader's must not exceed `lastWriteTimeoutMs`. */
  readonly timeoutMs: number
  readonly inFlightMax?: number
}

const usualInFlightMax = 16
/** An owner that computes the same from the same stale view would otherwise conflict as fast as the wire allows. */
const conflictBackOff: BackOff = { firstMs: 10, mostMs: 30_000 }
/** Keys remembered for their back-off alone. */
const idleKeysMax = 4096

type Flight = { readonly id: number; readonly call: Call; readonly stage: "write" | "refetch" }
type Entry = { waiting: Call | undefined; flight: Flight | undefined; attempts: number; notBefore: Instant }
type Output = ApiOutput | WriterEvent
type Answer = ApiEvent & { readonly kind: "response" | "failed" }

const beginning = 0 as Instant

export const createWriter = ({ ids, timeoutMs, inFlightMax = usualInFlightMax }: WriterOptions): Writer => {
  const entries = new Map<string, Entry>()
  const keyOfRequest = new Map<number, string>()
  /** Keys whose write may go at once, oldest first, and those that back off. A key under way is in neither. */
  const ready = new Set<string>()
  const delayed = new Deadlines<string>()
  let fence: Instant | undefined
  let pausedUntil = beginning
  let steppedAt = beginning

  const entryOf = (key: string): Entry => {
    const found = entries.get(key)
    if (found !== undefined) return found
    const entry: Entry = { waiting: undefined, flight: undefined, attempts: 0, notBefore: beginning }
    entries.set(key, entry)
    return entry
  }

  const send = (key: string, entry: Entry, call: Call, stage: "write" | "refetch"): ApiOutput => {
    const id = ids.next()
    entry.flight = { id, call, stage }
    keyOfRequest.set(id, key)
    return { kind: "request", request: plainRequest(id, call, timeoutMs) }
  }

  const forget = (key: string, entry: Entry): void => {
    if (entry.waiting === undefined && entry.flight === undefined) entries.delete(key)
  }

  const put = (key: string, call: Call, now: Instant): void => {
    const entry = entryOf(key)
    entry.waiting = call
    schedule(key, entry, now)
  }

  const schedule = (key: string, entry: Entry, now: Instant): void => {
    if (entry.waiting === undefined || entry.flight !== undefined) return
    if (entry.notBefore <= now) ready.add(key)
    else delayed.set(key, entry.notBefore)
  }

  const withdraw = (key: string): void => {
    ready.delete(key)
    delayed.clear(key)
    const entry = entries.get(key)
    if (entry === undefined) return
    entry.waiting = undefined
    if (entry.attempts === 0) forget(key, entry)
  }

  const again = (key: string, entry: Entry, call: Call, failure: ApiFailure, at: At): readonly Output[] => {
    const retryAt = after(at.now, retryDelayMs(failure, entry.attempts, at.entropy))
    entry.attempts += 1
    entry.notBefore = retryAt
    if (failure.reason === "throttled" && retryAt > pausedUntil) pausedUntil = retryAt
    entry.waiting ??= call
    schedule(key, entry, at.now)
    return [{ kind: "delayed", key, failure, retryAt }]
  }

  const giveBack = (key: string, entry: Entry, event: WriterEvent, at: At): readonly Output[] => {
    entry.notBefore = after(at.now, backOffMs(conflictBackOff, entry.attempts, at.entropy))
    entry.attempts += 1
    schedule(key, entry, at.now)
    if (entries.size > idleKeysMax) dropIdle(at.now)
    return [event]
  }

  const dropIdle = (now: Instant): void => {
    for (const [key, entry] of entries) if (entry.notBefore <= now) forget(key, entry)
  }

  const onWritten = (key: string, entry: Entry, object: JsonObject, now: Instant): readonly Output[] => {
    entry.attempts = 0
    entry.notBefore = beginning
    schedule(key, entry, now)
    forget(key, entry)
    return [{ kind: "written", key, object }]
  }

  const onFailure = (key: string, entry: Entry, call: Call, failure: ApiFailure, at: At): readonly Output[] => {
    if (failure.reason === "conflict") return [send(key, entry, refetchCall(call), "refetch")]
    if (failure.reason === "missing" && call.method === "DELETE") return onWritten(key, entry, {}, at.now)
    if (failure.reason === "missing" || failure.reason === "rejected")
      return giveBack(key, entry, { kind: "refused", key, failure }, at)
    return again(key, entry, call, failure, at)
  }

  const onAnswer = (event: Answer, at: At): readonly Output[] => {
    const key = keyOfRequest.get(event.id)
    const entry = key === undefined ? undefined : entries.get(key)
    if (key === undefined || entry?.flight?.id !== event.id) return []
    const { call, stage } = entry.flight
    keyOfRequest.delete(event.id)
    entry.flight = undefined
    const object = event.kind === "response" && event.status < 300 && isObject(event.body) ? event.body : undefined
    if (stage === "refetch") return giveBack(key, entry, { kind: "conflicted", key, current: object }, at)
    if (object !== undefined) return onWritten(key, entry, object, at.now)
    return onFailure(key, entry, call, failureOf(event), at)
  }

  const start = (at: At): readonly Output[] => {
    steppedAt = at.now
    for (const key of delayed.due(at.now)) ready.add(key)
    const outputs: Output[] = []
    if (pausedUntil > at.now || isFenced(at.now)) return outputs
    for (const key of ready) {
      if (keyOfRequest.size >= inFlightMax) break
      ready.delete(key)
      const entry = entryOf(key)
      const call = entry.waiting
      entry.waiting = undefined
      if (call !== undefined) outputs.push(send(key, entry, call, "write"))
    }
    return outputs
  }

  const isFenced = (instant: Instant): boolean => fence !== undefined && fence <= instant

  const wakeAt = (): Instant | undefined => {
    const next = ready.size > 0 ? pausedUntil : delayed.next()
    if (next === undefined || keyOfRequest.size >= inFlightMax) return undefined
    const instant = Math.max(next, pausedUntil, steppedAt) as Instant
    return isFenced(instant) ? undefined : instant
  }

  const accept = (input: WriterInput, at: At): readonly Output[] => {
    switch (input.kind) {
      case "write":
        put(input.key, input.call, at.now)
        return []
      case "withdraw":
        withdraw(input.key)
        return []
      case "fence":
        fence = input.until
        return []
      case "pause":
        if (input.until > pausedUntil) pausedUntil = input.until
        return []
      case "wake":
        return []
      case "response":
      case "failed":
        return onAnswer(input, at)
      case "opened":
      case "frames":
      case "closed":
        return []
    }
  }

  return {
    step: (input, at) => [...accept(input, at), ...start(at)],
    wakeAt,
    waiting: () => ready.size + delayed.size,
    inFlight: () => keyOfRequest.size,
    isBusy: (key) => {
      const entry = entries.get(key)
      return entry?.waiting !== undefined || entry?.flight !== undefined
    },
  }
}

const failureOf = (event: Answer): ApiFailure => {
  if (event.kind === "failed") return readFailed(event)
  if (event.status >= 300) return readFailure(event.status, event.body, event.retryAfter)
  return { reason: "broken-answer", message: "the answer to a write was no JSON object: is there a proxy in the way?" }
}
