import { compareVersions, keyOf, resourceVersionOf, uidOf, type KubernetesObject, type ObjectKey } from "./object.ts"

/** What became of an object, as far as versions allow to say. */
export type ObjectEvent =
  | { readonly kind: "upserted"; readonly key: ObjectKey; readonly object: KubernetesObject }
  /** Seen deleted in a watch: somebody deleted it. */
  | { readonly kind: "deleted"; readonly key: ObjectKey; readonly uid: string | undefined }
  /** Missing from a later whole list: deleted while nobody looked, or a server that lost its data. */
  | { readonly kind: "vanished"; readonly key: ObjectKey; readonly uid: string | undefined }

type Known = { readonly uid: string | undefined; readonly version: string | undefined }

/** Deletions remembered so that an event from before one does not bring its object back. */
const tombstonesMax = 1024

/** The versions of one kind's objects: tells news from repetition, and what a list no longer has. */
export type KnownObjects = {
  readonly size: () => number
  readonly beginList: () => void
  /** The server's versions went back (etcd was restored): an equal version may be another object. */
  readonly forgetVersions: () => void
  readonly listed: (object: KubernetesObject) => ObjectEvent | undefined
  /** The list is whole: what it did not have has vanished. */
  readonly endList: () => readonly ObjectEvent[]
  readonly watched: (object: KubernetesObject) => ObjectEvent | undefined
  readonly watchedDeletion: (object: KubernetesObject) => ObjectEvent | undefined
}

export const createKnownObjects = (): KnownObjects => {
  const known = new Map<ObjectKey, Known>()
  const tombstones = new Map<ObjectKey, string>()
  let seen = new Set<ObjectKey>()

  const keep = (key: ObjectKey, object: KubernetesObject): ObjectEvent => {
    known.set(key, { uid: uidOf(object), version: resourceVersionOf(object) })
    tombstones.delete(key)
    return { kind: "upserted", key, object }
  }

  const bury = (key: ObjectKey, version: string | undefined): void => {
    if (version === undefined) return
    tombstones.delete(key)
    tombstones.set(key, version)
    const oldest = tombstones.size > tombstonesMax ? tombstones.keys().next().value : undefined
    if (oldest !== undefined) tombstones.delete(oldest)
  }

  return {
    size: () => known.size,

    beginList: () => {
      seen = new Set()
      tombstones.clear()
    },

    forgetVersions: () => {
      for (const [key, { uid }] of known) known.set(key, { uid, version: undefined })
    },

    /** A whole list is the truth, even where its versions are lower than ours: etcd may have been restored. */
    listed: (object) => {
      const key = keyOf(object)
      const before = known.get(key)
      const again = seen.has(key)
      seen.add(key)
      const order = compareVersions(resourceVersionOf(object), before?.version)
      if (before?.uid === uidOf(object) && order === "same") return undefined
      return again && order === "older" ? undefined : keep(key, object)
    },

    endList: () => {
      const gone = [...known].filter(([key]) => !seen.has(key))
      for (const [key] of gone) known.delete(key)
      seen = new Set()
      return gone.map(([key, { uid }]) => ({ kind: "vanished", key, uid }))
    },

    watched: (object) => {
      const key = keyOf(object)
      const last = known.get(key)?.version ?? tombstones.get(key)
      const order = compareVersions(resourceVersionOf(object), last)
      return order === "older" || order === "same" ? undefined : keep(key, object)
    },

    watchedDeletion: (object) => {
      const key = keyOf(object)
      const before = known.get(key)
      const version = resourceVersionOf(object)
      if (before === undefined || compareVersions(version, before.version) === "older") return undefined
      known.delete(key)
      bury(key, version)
      return { kind: "deleted", key, uid: before.uid }
    },
  }
}
