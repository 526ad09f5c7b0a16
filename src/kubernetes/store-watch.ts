import type { At, Instant } from "../time/instant.ts"
import { after, earliest } from "../time/instant.ts"
import type { Json, JsonObject } from "./http.ts"
import type { Kind } from "./kinds.ts"
import { storageName } from "./kinds.ts"
import { apiVersionOf } from "./resource.ts"
import type { Format } from "./store-format.ts"
import { formatObject } from "./store-format.ts"
import type { StoreObjects } from "./store-objects.ts"
import { parseVersion } from "./store-read.ts"
import type { Selection } from "./store-selection.ts"
import { isSelected } from "./store-selection.ts"
import { badRequest, expired, Refusal, statusOf } from "./store-status.ts"
import type { Change } from "./watch-log.ts"

export type StoreWatch = {
  readonly kind: Kind
  readonly selection: Selection
  readonly format: Format
  readonly bookmarks: boolean
  /** All changes up to this version were sent. */
  sentTo: number
  bookmarkAt: Instant
  readonly endsAt: Instant
  /** The first Table of a watch carries the columns, the later ones do not. */
  columnsSent: boolean
}

/** Kubernetes ends a watch without `timeoutSeconds` after 30 to 60 minutes. */
const WATCH_SECONDS = 1800

export type WatchRequest = {
  readonly kind: Kind
  readonly selection: Selection
  readonly format: Format
  readonly query: Readonly<Record<string, string>>
}

export type OpenedWatch = { readonly watch: StoreWatch; readonly frames: readonly Json[]; readonly ended: boolean }

/**
 * Opens a watch: its first frames are the present state where the client named no version, else what it missed. A
 * version from the future is no fault: the watch is silent until then, as on a real server.
 */
export const openWatch = (
  objects: StoreObjects,
  request: WatchRequest,
  bookmarkEveryMs: number,
  at: At,
): OpenedWatch | Refusal => {
  const { query } = request
  const version = parseVersion(query["resourceVersion"] === "" ? "0" : (query["resourceVersion"] ?? "0"))
  if (version === undefined)
    return badRequest(
      `Invalid value: ${JSON.stringify(query["resourceVersion"])}: a resourceVersion is a number this server gave`,
    )
  const initial = query["sendInitialEvents"] === "true"
  if (initial && query["resourceVersionMatch"] !== "NotOlderThan") return initialEventsRefused()
  const watch = newWatch(request, version, bookmarkEveryMs, at)
  if (initial || version === 0) return withInitialState(objects, watch, initial, at)
  const frames = framesSince(objects, watch, at)
  return frames === "expired"
    ? { watch, frames: [expiredFrame(version)], ended: true }
    : { watch, frames, ended: false }
}

const newWatch = (request: WatchRequest, sentTo: number, bookmarkEveryMs: number, at: At): StoreWatch => {
  const asked = Number(request.query["timeoutSeconds"] ?? 0)
  const seconds = asked > 0 ? asked : WATCH_SECONDS + (at.entropy % WATCH_SECONDS)
  return {
    kind: request.kind,
    selection: request.selection,
    format: request.format,
    bookmarks: request.query["allowWatchBookmarks"] === "true",
    sentTo,
    bookmarkAt: after(at.now, bookmarkEveryMs),
    endsAt: after(at.now, seconds * 1000),
    columnsSent: false,
  }
}

const initialEventsRefused = (): Refusal =>
  new Refusal(
    422,
    "Invalid",
    'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
  )

const withInitialState = (objects: StoreObjects, watch: StoreWatch, marked: boolean, at: At): OpenedWatch => {
  watch.sentTo = objects.version()
  const state = objects.list(storageName(watch.kind))
  const selected = state === "expired" ? [] : state.filter((object) => isSelected(watch.selection, object))
  const frames = selected.map((object) => frameOf(watch, "ADDED", object, at))
  const end = marked && watch.bookmarks ? [bookmarkOf(watch, { "k8s.io/initial-events-end": "true" })] : []
  return { watch, frames: [...frames, ...end], ended: false }
}

const expiredFrame = (version: number): Json => ({
  type: "ERROR",
  object: statusOf(expired(`too old resource version: ${version}`)),
})

/** Frames of what happened since the last call; `expired` where some of it is forgotten. */
export const framesSince = (objects: StoreObjects, watch: StoreWatch, at: At): readonly Json[] | "expired" => {
  const changes = objects.log(storageName(watch.kind)).since(watch.sentTo)
  if (changes === "expired") return "expired"
  watch.sentTo = Math.max(watch.sentTo, objects.version())
  return changes.flatMap((change) => frameOfChange(watch, change, at))
}

/** An object that begins to match was added for this client, one that stops matching was deleted. */
const frameOfChange = (watch: StoreWatch, change: Change, at: At): readonly Json[] => {
  const was = change.before !== undefined && isSelected(watch.selection, change.before)
  const is = change.after !== undefined && isSelected(watch.selection, change.after)
  if (is && change.after !== undefined) return [frameOf(watch, was ? "MODIFIED" : "ADDED", change.after, at)]
  if (!was || change.before === undefined) return []
  return [frameOf(watch, "DELETED", change.after === undefined ? change.last : stamped(change.before, change), at)]
}

/** The state the client last saw, under the version of the change that took it out of the selection. */
const stamped = (object: JsonObject, change: Change): JsonObject => ({
  ...object,
  metadata: { ...(object["metadata"] as JsonObject), resourceVersion: String(change.version) },
})

const frameOf = (watch: StoreWatch, type: string, object: JsonObject, at: At): Json => {
  const shaped = formatObject(object, watch.kind, watch.format, at)
  if (watch.format.kind !== "table") return { type, object: shaped }
  const columns = watch.columnsSent ? { columnDefinitions: null } : {}
  watch.columnsSent = true
  return { type, object: { ...shaped, ...columns } }
}

const bookmarkOf = (watch: StoreWatch, annotations?: JsonObject): Json => ({
  type: "BOOKMARK",
  object: {
    kind: watch.kind.kind,
    apiVersion: apiVersionOf(watch.kind),
    metadata: { resourceVersion: String(watch.sentTo), ...(annotations === undefined ? {} : { annotations }) },
  },
})

/** A bookmark where one is due; the last one comes just before the watch ends. */
export const dueBookmark = (watch: StoreWatch, bookmarkEveryMs: number, at: At): readonly Json[] => {
  if (!watch.bookmarks || (at.now < watch.bookmarkAt && at.now < watch.endsAt)) return []
  watch.bookmarkAt = after(at.now, bookmarkEveryMs)
  return [bookmarkOf(watch)]
}

export const watchWakesAt = (watch: StoreWatch): Instant | undefined =>
  earliest(watch.bookmarks ? watch.bookmarkAt : undefined, watch.endsAt)
