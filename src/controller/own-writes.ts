import type { KindName } from "../cluster/cluster.ts"
import type { JsonObject } from "../kubernetes/http.ts"
import { compareVersions, type ObjectKey, resourceVersionOf, uidOf } from "../kubernetes/object.ts"
import { after, type Instant } from "../time/instant.ts"

/** A mute watch is noticed within 15 s; one that lives and still has not told of our write will not. */
const toldWithinMs = 30_000

/** The kinds that this program writes, by what the keys of their writes begin with. */
export const kindOfKey: Readonly<Record<string, KindName>> = {
  ledger: "AddressLedger",
  status: "Service",
  pool: "IPAddressPool",
}

export const isWritten: ReadonlySet<KindName> = new Set(Object.values(kindOfKey))

/**
 * What this program wrote and no watch has told of yet. The answer to a write is read at once; a watch tells of earlier
 * writes later, and must not take us back. A write that no watch ever tells of was answered and then lost (etcd was
 * restored, a proxy lied): all of that kind is to be listed again.
 */
export type OwnWrites = {
  /** A write of it is to be sent. */
  readonly asked: (kind: KindName, key: ObjectKey) => void
  /** The answer to a write may come after what others wrote since it was asked for. */
  readonly wrote: (kind: KindName, key: ObjectKey, object: JsonObject, now: Instant) => Reading
  /** The server told of it, or of the end of the one with that uid. */
  readonly told: (kind: KindName, key: ObjectKey, object: JsonObject | undefined, endedUid?: string) => Reading
  /** A list of that kind was asked for: it will be newer than all we wrote until now, whatever its versions. */
  readonly listing: (kind: KindName) => void
  /** A list of that kind is in, which says the last word of the writes that it was asked for: those it lacks are gone. */
  readonly listed: (kind: KindName) => readonly ObjectKey[]
  /** Kinds of which a write was not told of in time: each write asks once. */
  readonly overdue: (now: Instant) => ReadonlySet<KindName>
  readonly dueAt: () => Instant | undefined
}

/** `went-back`: news, though older than what we know: etcd was restored, or a server that lags listed. */
export type Reading = "news" | "old" | "went-back"

type OwnWrite = {
  readonly kind: KindName
  readonly version: string
  readonly uid: string | undefined
  readonly dueAt: Instant
  isListed: boolean
  isAsked: boolean
}

export const createOwnWrites = (): OwnWrites => {
  /** Oldest first. */
  const untold = new Map<string, OwnWrite>()
  /** What the server told of last, of the kinds that this program writes. */
  const versions = new Map<string, string>()

  /** The version last told of when the last write was asked for. */
  const toldAtAsking = new Map<string, string | undefined>()

  return {
    asked: (kind, key) => void toldAtAsking.set(`${kind} ${key}`, versions.get(`${kind} ${key}`)),
    wrote: (kind, key, object, now) => {
      const version = resourceVersionOf(object)
      const id = `${kind} ${key}`
      const told = versions.get(id)
      const order = compareVersions(version, untold.get(id)?.version ?? told)
      // Nothing newer was told since it was asked for, and yet it is older: the server went back.
      const wentBack = order === "older" && toldAtAsking.get(id) === told
      if (version === undefined || order === "same" || (order === "older" && !wentBack)) return "old"
      if (wentBack) versions.set(id, version)
      untold.delete(id)
      untold.set(id, {
        kind,
        version,
        uid: uidOf(object),
        dueAt: after(now, toldWithinMs),
        isListed: false,
        isAsked: false,
      })
      return wentBack ? "went-back" : "news"
    },
    told: (kind, key, object, endedUid) => {
      const id = `${kind} ${key}`
      const version = resourceVersionOf(object ?? {})
      const own = untold.get(id)
      if (own !== undefined && !own.isListed && compareVersions(version, own.version) === "older") return "old"
      // A watch that comes late tells of the end of a former object of that name.
      if (own !== undefined && object === undefined && endedUid !== undefined && own.uid !== endedUid) return "old"
      const known = own?.version ?? versions.get(id)
      untold.delete(id)
      if (version !== undefined) versions.set(id, version)
      else {
        versions.delete(id)
        toldAtAsking.delete(id)
      }
      return compareVersions(version, known) === "older" ? "went-back" : "news"
    },
    listing: (kind) => {
      for (const own of untold.values()) if (own.kind === kind) own.isListed = true
    },
    listed: (kind) => {
      const gone: ObjectKey[] = []
      for (const [id, own] of untold) {
        if (own.kind !== kind || !own.isListed || !own.isAsked) continue
        untold.delete(id)
        gone.push(id.slice(kind.length + 1))
      }
      return gone
    },
    overdue: (now) => {
      const kinds = new Set<KindName>()
      for (const own of untold.values()) {
        if (own.dueAt > now || own.isAsked) continue
        own.isAsked = true
        kinds.add(own.kind)
      }
      return kinds
    },
    dueAt: () => {
      for (const own of untold.values()) if (!own.isAsked) return own.dueAt
      return undefined
    },
  }
}
