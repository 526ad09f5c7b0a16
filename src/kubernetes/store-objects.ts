import type { JsonObject } from "./http.ts"
import { objectAt, withField } from "./json.ts"
import type { Change, WatchLog } from "./watch-log.ts"
import { createWatchLog } from "./watch-log.ts"

/** Everything stored, by resource name and key (`namespace/name`, or `name` where the kind has no namespace). */
export type StoreObjects = {
  /** The version of the last write. */
  readonly version: () => number
  readonly get: (resource: string, key: string) => JsonObject | undefined
  /** In order of their keys, as they were at a version; `expired` where that is forgotten. */
  readonly list: (resource: string, version?: number) => readonly JsonObject[] | "expired"
  /** Stores it under a new resourceVersion and says what is now stored. */
  readonly put: (resource: string, key: string, object: JsonObject) => JsonObject
  readonly remove: (resource: string, key: string) => JsonObject | undefined
  readonly log: (resource: string) => WatchLog
  readonly resources: () => readonly string[]
}

type Collection = {
  readonly objects: Map<string, JsonObject>
  readonly log: WatchLog
  sortedKeys: readonly string[] | undefined
}

export type ChangeListener = (resource: string, change: Change) => void

export const createStoreObjects = (changesMax: number, onChange: ChangeListener): StoreObjects => {
  let version = 1
  const collections = new Map<string, Collection>()
  const collection = (resource: string): Collection => {
    let found = collections.get(resource)
    if (found === undefined) {
      found = { objects: new Map(), log: createWatchLog(changesMax, 0), sortedKeys: [] }
      collections.set(resource, found)
    }
    return found
  }
  const note = (resource: string, change: Change): void => {
    collection(resource).log.push(change)
    onChange(resource, change)
  }
  return {
    version: () => version,
    get: (resource, key) => collections.get(resource)?.objects.get(key),
    list: (resource, at) => listAt(collection(resource), at ?? version),
    put: (resource, key, object) => {
      version += 1
      const into = collection(resource)
      const before = into.objects.get(key)
      const after = stamped(object, version)
      into.objects.set(key, after)
      if (before === undefined) into.sortedKeys = undefined
      note(resource, { version, key, before, after, last: after })
      return after
    },
    remove: (resource, key) => {
      const from = collection(resource)
      const before = from.objects.get(key)
      if (before === undefined) return undefined
      version += 1
      from.objects.delete(key)
      from.sortedKeys = undefined
      const last = stamped(before, version)
      note(resource, { version, key, before, after: undefined, last })
      return last
    },
    log: (resource) => collection(resource).log,
    resources: () => [...collections.keys()],
  }
}

const stamped = (object: JsonObject, version: number): JsonObject =>
  withField(object, ["metadata"], { ...objectAt(object, "metadata"), resourceVersion: String(version) })

/** The state at a version is the present one with all later changes undone. */
const listAt = (from: Collection, version: number): readonly JsonObject[] | "expired" => {
  const later = from.log.since(version)
  if (later === "expired") return "expired"
  from.sortedKeys ??= [...from.objects.keys()].sort()
  if (later.length === 0) return inOrder(from.sortedKeys, from.objects)
  const past = new Map(from.objects)
  for (const change of [...later].reverse()) {
    if (change.before === undefined) past.delete(change.key)
    else past.set(change.key, change.before)
  }
  return inOrder([...past.keys()].sort(), past)
}

const inOrder = (keys: readonly string[], objects: ReadonlyMap<string, JsonObject>): readonly JsonObject[] =>
  keys.map((key) => objects.get(key)).filter((object) => object !== undefined)
