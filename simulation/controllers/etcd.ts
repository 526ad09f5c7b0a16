import type { JsonObject } from "../../src/kubernetes/http.ts"
import { objectAt, sameJson } from "../../src/kubernetes/json.ts"

/** A write that was carried out; `after` undefined: the object is gone. */
export type Change = {
  readonly version: number
  readonly atMs: number
  readonly resource: string
  readonly key: string
  readonly before: JsonObject | undefined
  readonly after: JsonObject | undefined
}

export type Backup = {
  readonly version: number
  readonly objects: ReadonlyMap<string, ReadonlyMap<string, JsonObject>>
}

/** What is true. Every API server reads here, some of them late. Objects are never changed, only replaced. */
export type Etcd = {
  readonly version: () => number
  readonly get: (resource: string, key: string) => JsonObject | undefined
  readonly all: (resource: string) => ReadonlyMap<string, JsonObject>
  /** The same under a new version; the object itself where nothing differs. */
  readonly put: (resource: string, key: string, object: JsonObject) => JsonObject
  readonly remove: (resource: string, key: string) => void
  /** Everything that happened after a version, or undefined where that is forgotten. */
  readonly since: (version: number) => readonly Change[] | undefined
  readonly forgottenTo: () => number
  readonly compact: () => void
  readonly backup: () => Backup
  /** Everything is as it was then, the version too. */
  readonly restore: (backup: Backup) => void
  /** Writes of kinds that nobody here looks at. */
  readonly skip: (versions: number) => void
  /** A number that nobody had before, whatever was restored: uids are made of it. */
  readonly serial: () => number
}

export const createEtcd = (now: () => number, onChange: (change: Change) => void): Etcd => {
  let version = 100
  let objects = new Map<string, Map<string, JsonObject>>()
  let log: Change[] = []
  let forgottenTo = version
  let serial = 0

  const collection = (resource: string): Map<string, JsonObject> => {
    const found = objects.get(resource) ?? new Map<string, JsonObject>()
    objects.set(resource, found)
    return found
  }
  const note = (resource: string, key: string, before: JsonObject | undefined, after: JsonObject | undefined): void => {
    const change = { version, atMs: now(), resource, key, before, after }
    log.push(change)
    onChange(change)
  }

  return {
    version: () => version,
    get: (resource, key) => objects.get(resource)?.get(key),
    all: collection,
    put: (resource, key, object) => {
      const before = collection(resource).get(key)
      if (before !== undefined && sameJson(before, object)) return before
      version += 1
      const metadata = { ...objectAt(object, "metadata"), resourceVersion: String(version) }
      const after = { ...object, metadata }
      collection(resource).set(key, after)
      note(resource, key, before, after)
      return after
    },
    remove: (resource, key) => {
      const before = collection(resource).get(key)
      if (before === undefined) return
      version += 1
      collection(resource).delete(key)
      note(resource, key, before, undefined)
    },
    since: (from) => (from < forgottenTo ? undefined : log.slice(firstAfter(log, from))),
    forgottenTo: () => forgottenTo,
    compact: () => {
      log = []
      forgottenTo = version
    },
    backup: () => ({ version, objects: new Map([...objects].map(([name, of]) => [name, new Map(of)])) }),
    restore: (backup) => {
      version = backup.version
      forgottenTo = version
      log = []
      objects = new Map([...backup.objects].map(([name, of]) => [name, new Map(of)]))
    },
    skip: (versions) => {
      version += versions
    },
    serial: () => ++serial,
  }
}

const firstAfter = (log: readonly Change[], version: number): number => {
  let at = log.length
  while (at > 0 && log[at - 1]!.version > version) at -= 1
  return at
}

/** What a server that is late reads: the state at an earlier moment. It is written to as if it were not late. */
export const lateView = (etcd: Etcd, untilMs: number): Etcd => {
  const later = (etcd.since(etcd.forgottenTo()) ?? []).filter(({ atMs }) => atMs > untilMs)
  const version = later.length === 0 ? etcd.version() : later[0]!.version - 1
  const all = (resource: string): ReadonlyMap<string, JsonObject> => {
    const past = new Map(etcd.all(resource))
    for (const change of later.toReversed())
      if (change.resource === resource && change.before === undefined) past.delete(change.key)
      else if (change.resource === resource && change.before !== undefined) past.set(change.key, change.before)
    return past
  }
  return { ...etcd, version: () => version, all, get: (resource, key) => all(resource).get(key) }
}

/** Answers writes as if they were carried out, and forgets them. */
export const forgetful = (etcd: Etcd): Etcd => ({
  ...etcd,
  put: (_resource, _key, object) => ({
    ...object,
    metadata: { ...objectAt(object, "metadata"), resourceVersion: String(etcd.version() + 1) },
  }),
  remove: () => undefined,
})
