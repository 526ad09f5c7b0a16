import { readFailed, readFailure, retryDelayMs, type ApiFailure } from "./api-failure.ts"
import type { ApiEvent, ApiOutput, ApiRequest, Json } from "./http.ts"
import { createKnownObjects, type ObjectEvent } from "./known-objects.ts"
import { readPage } from "./list-page.ts"
import { asking, guardDeadline, listening, probed, probeQuery, type MuteGuard } from "./mute-guard.ts"
import { compareVersions } from "./object.ts"
import { listCall, plainRequest, type RequestIds } from "./request.ts"
import type { Resource } from "./resource.ts"
import { after, earliest, type At, type Instant, type Program } from "../time/instant.ts"
import { readFrame } from "./watch-frame.ts"

/**
 * Keeps a program informed of all objects of one kind: a list in pages, then a watch from there, again and again.
 * Recovery is a phase like any other, never an exception.
 */
export type ReflectorEvent =
  | ObjectEvent
  /** A whole list is in. Before the first nothing may be decided; what vanished by it came in the same step, before it. */
  | { readonly kind: "synced"; readonly objects: number }
  /** What we know may grow old until `retryAt` at least. Said at each try that fails. */
  | { readonly kind: "failing"; readonly failure: ApiFailure; readonly since: Instant; readonly retryAt: Instant }
  | { readonly kind: "recovered" }

export type ReflectorOptions = {
  readonly resource: Resource
  readonly ids: RequestIds
  /** Without it: all namespaces, or a kind that has none. */
  readonly namespace?: string
  readonly selectors?: { readonly labelSelector?: string; readonly fieldSelector?: string }
}

/** Its first step starts it. Events about requests of others are ignored, so they may be handed to every reflector. */
export type Reflector = Program<ReflectorInput, ApiOutput | ReflectorEvent> & {
  readonly resource: Resource
}

/** `relist`: what was told cannot be all of it. Everything is listed again, and every object of that list is news. */
export type ReflectorInput = ApiEvent | { readonly kind: "wake" } | { readonly kind: "relist" }

/** The request that begins a list: what it will say is no older than this moment. */
export const isWholeList = ({ stream, query }: ApiRequest): boolean =>
  !stream && query["continue"] === undefined && query["limit"] !== versionOnly["limit"]

/** One object is enough to learn how far a server is. */
const versionOnly: Readonly<Record<string, string>> = { limit: "1" }

/** 500 EndpointSlices are 6 ms of JSON, 5,000 are 57 ms: pages are what keeps ARP answers on time. */
const pageObjects = 500
/** A server that goes on for two million objects is broken, not big. */
const pagesMax = 4000
const listTimeoutMs = 30_000
const openTimeoutMs = 15_000
/** A watch that ends is re-opened from where it was; the spread keeps a hundred speakers apart. */
const shortestWatchSeconds = 240
const longestWatchSeconds = 480
/** For a watch that should have ended by itself. */
const overdueMs = 10_000
/** A watch that ends sooner with no news in it might be one that always does. */
const barrenMs = 5000
const barrenMax = 3
const staleMax = 2

/** After these the place in the history still holds; after anything else only a new list is the truth. */
const resumableReasons: ReadonlySet<ApiFailure["reason"]> = new Set([
  "unreachable",
  "throttled",
  "server-error",
  "unauthorized",
  "forbidden",
  "version-too-large",
] as const)

type Phase =
  | { readonly name: "resting"; readonly until: Instant; readonly next: "list" | "watch" }
  | { readonly name: "listing"; readonly id: number; readonly pages: number; readonly token: string | undefined }
  | {
      readonly name: "watching"
      readonly id: number
      readonly askedAt: Instant
      readonly openedAt: Instant | undefined
      readonly endsBy: Instant
      readonly guard: MuteGuard
      /** The request that asks whether the server still knows our place in its history; undefined where it need not. */
      readonly check: number | undefined
      readonly fruitful: boolean
    }
type Watching = Phase & { readonly name: "watching" }
type Output = ApiOutput | ReflectorEvent

export const createReflector = ({ resource, ids, namespace, selectors }: ReflectorOptions): Reflector => {
  const known = createKnownObjects()
  let phase: Phase = { name: "resting", until: 0 as Instant, next: "list" }
  let position = ""
  /** Failures in a row; only news, or proof that there is none, resets it. */
  let attempts = 0
  let barren = 0
  let stale = 0
  let paged = true
  let failingSince: Instant | undefined

  const rest = (next: "list" | "watch", until: Instant): void => {
    phase = { name: "resting", next, until }
  }

  const fail = (failure: ApiFailure, next: "list" | "watch", at: At): readonly Output[] => {
    const retryAt = after(at.now, retryDelayMs(failure, attempts, at.entropy))
    attempts += 1
    rest(next, retryAt)
    if (failure.reason === "expired" && attempts === 1) return []
    failingSince ??= at.now
    return [{ kind: "failing", failure, since: failingSince, retryAt }]
  }

  const recover = (): readonly Output[] => {
    attempts = barren = stale = 0
    if (failingSince === undefined) return []
    failingSince = undefined
    return [{ kind: "recovered" }]
  }

  const list = (pages: number, token: string | undefined): readonly Output[] => {
    const id = ids.next()
    phase = { name: "listing", id, pages, token }
    const limit = paged ? { limit: String(pageObjects) } : {}
    const query = { ...selectors, ...limit, ...(token === undefined ? {} : { continue: token }) }
    return [{ kind: "request", request: plainRequest(id, listCall(resource, query, namespace), listTimeoutMs) }]
  }

  const beginList = (): readonly Output[] => {
    known.beginList()
    return list(1, undefined)
  }

  const openStream = (id: number, query: Readonly<Record<string, string>>): Output => {
    const call = listCall(resource, { ...selectors, ...query, resourceVersion: position }, namespace)
    return { kind: "request", request: { ...call, id, stream: true, timeoutMs: openTimeoutMs } }
  }

  const watch = (at: At, resumed: boolean): readonly Output[] => {
    const id = ids.next()
    const span = longestWatchSeconds - shortestWatchSeconds + 1
    const seconds = shortestWatchSeconds + ((at.entropy >>> 0) % span)
    phase = {
      name: "watching",
      id,
      askedAt: at.now,
      openedAt: undefined,
      endsBy: after(at.now, seconds * 1000 + overdueMs),
      guard: listening(at.now),
      check: resumed ? ids.next() : undefined,
      fruitful: false,
    }
    const query = { watch: "1", allowWatchBookmarks: "true", timeoutSeconds: String(seconds) }
    return [openStream(id, query)]
  }

  const onList = (event: ApiEvent, now: Phase & { readonly name: "listing" }, at: At): readonly Output[] => {
    if (event.kind === "failed") return fail(readFailed(event), "list", at)
    if (event.kind !== "response") return []
    const page = readPage(event, resource)
    if (page.kind === "failure") {
      // Client and server agree on no page size that is fast enough: one long answer, then.
      if (page.failure.reason === "expired" && now.token !== undefined) paged = false
      return fail(page.failure, "list", at)
    }
    if (now.pages === 1 && compareVersions(page.version, position) === "older") known.forgetVersions()
    const news = page.objects.map(known.listed).filter((item) => item !== undefined)
    if (page.next === undefined) return [...news, ...endList(page.version, at)]
    if (page.next !== now.token && now.pages < pagesMax) return [...news, ...list(now.pages + 1, page.next)]
    const message = `the list of ${resource.plural} goes round in circles or never ends, after ${now.pages} pages`
    return [...news, ...fail({ reason: "broken-answer", message }, "list", at)]
  }

  const endList = (version: string, at: At): readonly Output[] => {
    const vanished = known.endList()
    position = version
    paged = true
    barren = stale = 0
    return [...vanished, { kind: "synced", objects: known.size() }, ...watch(at, false)]
  }

  const onWatch = (event: ApiEvent, now: Watching, at: At): readonly Output[] => {
    switch (event.kind) {
      case "opened":
        phase = { ...now, openedAt: at.now, guard: listening(at.now) }
        return now.check === undefined ? [] : [askVersion(now.check)]
      case "frames":
        return onFrames(event.frames, now, at)
      case "closed":
        return onClosed(now, at)
      case "response":
        return onRefusal(readFailure(event.status, event.body, event.retryAfter), at)
      case "failed":
        return onRefusal(readFailed(event), at)
    }
  }

  const onFrames = (frames: readonly Json[], now: Watching, at: At): readonly Output[] => {
    const outputs: Output[] = []
    const lasting = now.openedAt !== undefined && at.now - now.openedAt >= barrenMs
    let fruitful = false
    for (const line of frames) {
      const frame = readFrame(line, resource)
      if (frame.kind === "error") {
        if (fruitful) outputs.push(...recover())
        return [...outputs, { kind: "abort", id: now.id }, ...onRefusal(frame.failure, at)]
      }
      position = furthest(position, frame.version)
      const news = applyFrame(frame)
      if (news !== undefined) outputs.push(news)
      if (news !== undefined || lasting) fruitful = true
    }
    phase = { ...now, guard: listening(at.now), fruitful: now.fruitful || fruitful }
    return fruitful ? [...outputs, ...recover()] : outputs
  }

  const applyFrame = (frame: Exclude<ReturnType<typeof readFrame>, { kind: "error" }>): ObjectEvent | undefined => {
    if (frame.kind === "bookmark") return undefined
    return frame.kind === "upserted" ? known.watched(frame.object) : known.watchedDeletion(frame.object)
  }

  /** The watch was refused, broke, or said in an ERROR event why it cannot go on. */
  const onRefusal = (failure: ApiFailure, at: At): readonly Output[] => {
    if (failure.reason === "version-too-large") stale += 1
    const resumable = resumableReasons.has(failure.reason) && stale <= staleMax
    return fail(failure, resumable ? "watch" : "list", at)
  }

  const onClosed = (now: Watching, at: At): readonly Output[] => {
    if (now.fruitful || (now.openedAt !== undefined && at.now - now.openedAt >= barrenMs)) {
      rest("watch", reopenAt(now, at))
      return []
    }
    barren += 1
    const failure: ApiFailure = { reason: "closes-at-once", times: barren }
    return fail(failure, barren >= barrenMax ? "list" : "watch", at)
  }

  /**
   * A real API server is silent, not angry, when a watch starts at a version it has not reached (seen with 1.35): after
   * etcd was restored from a backup that would last until it counted that far again. The version of a list tells.
   */
  const askVersion = (id: number): Output => {
    const call = listCall(resource, versionOnly, namespace)
    return { kind: "request", request: plainRequest(id, call, listTimeoutMs) }
  }

  const onVersion = (event: ApiEvent, now: Watching, at: At): readonly Output[] => {
    const page = event.kind === "response" ? readPage(event, resource) : undefined
    if (page?.kind !== "page" || compareVersions(page.version, position) !== "older") return []
    const message = `the server is at version ${page.version} and we know ${position}: it was restored from a backup`
    return [{ kind: "abort", id: now.id }, ...fail({ reason: "version-too-large", message }, "list", at)]
  }

  const onProbe = (event: ApiEvent, now: Watching, at: At): readonly Output[] => {
    if (now.guard.state !== "asking") return []
    const verdict = probed(now.guard, event, resource, at.now)
    if (verdict.kind === "undecided") phase = { ...now, guard: verdict.guard }
    // An overloaded server may refuse the second watch; that says nothing about the first.
    if (verdict.kind === "unanswered") phase = { ...now, guard: listening(at.now) }
    if (verdict.kind !== "quiet") return []
    phase = { ...now, guard: listening(at.now), fruitful: true }
    return recover()
  }

  const onGuardDeadline = (now: Watching, at: At): readonly Output[] => {
    if (now.guard.state === "listening") {
      const id = ids.next()
      phase = { ...now, guard: asking(id, at.now) }
      return [openStream(id, probeQuery)]
    }
    const aborts: Output[] = [{ kind: "abort", id: now.id }]
    if (now.guard.state === "asking") aborts.push({ kind: "abort", id: now.guard.id })
    return [...aborts, ...fail({ reason: "mute-watch" }, "watch", at)]
  }

  const onTime = (at: At): readonly Output[] => {
    if (phase.name === "resting" && phase.until <= at.now) return phase.next === "list" ? beginList() : watch(at, true)
    if (phase.name !== "watching") return []
    if (at.now >= phase.endsBy) {
      const id = phase.id
      return [{ kind: "abort", id }, ...watch(at, true)]
    }
    return guardDeadline(phase.guard) <= at.now ? onGuardDeadline(phase, at) : []
  }

  const relist = (): readonly Output[] => {
    known.forgetVersions()
    const aborts: Output[] = phase.name === "resting" ? [] : [{ kind: "abort", id: phase.id }]
    if (phase.name === "watching" && phase.guard.state === "asking") aborts.push({ kind: "abort", id: phase.guard.id })
    return [...aborts, ...beginList()]
  }

  const onEvent = (event: ApiEvent, at: At): readonly Output[] => {
    if (phase.name === "listing" && event.id === phase.id) return onList(event, phase, at)
    if (phase.name !== "watching") return []
    if (event.id === phase.id) return onWatch(event, phase, at)
    if (event.id === phase.check) return onVersion(event, phase, at)
    return phase.guard.state === "asking" && event.id === phase.guard.id ? onProbe(event, phase, at) : []
  }

  return {
    resource,
    step: (input, at) => {
      if (input.kind === "wake") return onTime(at)
      return input.kind === "relist" ? relist() : [...onEvent(input, at), ...onTime(at)]
    },
    wakeAt: () => {
      if (phase.name === "listing") return undefined
      return phase.name === "resting" ? phase.until : earliest(guardDeadline(phase.guard), phase.endsBy)
    },
  }
}

/** A watch that had its time goes on at once; one that was cut short leaves the server a moment. */
const reopenAt = (watching: Watching, at: At): Instant =>
  at.now >= watching.endsBy - overdueMs - 2000
    ? at.now
    : after(at.now, retryDelayMs({ reason: "closes-at-once", times: 1 }, 0, at.entropy))

/** Versions that are lower, empty, or no number where ours is one (nor is 0: it means "any") do not move us. */
const furthest = (position: string, version: string | undefined): string => {
  if (version === undefined || version === "") return position
  const order = compareVersions(version, position)
  if (order === "unknown") return /^\d+$/.test(position) ? position : version
  return order === "newer" ? version : position
}
