import type { Address } from "../net/address.ts"
import type { Cluster, Touched } from "../cluster/cluster.ts"
import type { LedgerEntry } from "../cluster/ledger.ts"
import type { ServiceName } from "../cluster/name.ts"
import type { EndpointView, Service } from "../cluster/service.ts"

/**
 * Names the Services that differ from the last look where somebody only says that something did. Readers keep equal
 * objects, so identity tells; comparing 10,000 of them costs a tenth of deciding them.
 */
export type ChangeFinder = {
  /** Undefined: all of them, for there was no look before, or a ledger object came or went (it ends adoption in its block). */
  readonly find: (cluster: Cluster, touched: Touched) => ReadonlySet<ServiceName> | undefined
}

export const createChangeFinder = (): ChangeFinder => {
  const services = new Map<ServiceName, Service>()
  const endpoints = new Map<ServiceName, EndpointView>()
  const entries = new Map<Address, LedgerEntry>()
  let objects: ReadonlySet<string> | undefined

  const compareAll = (cluster: Cluster): ReadonlySet<ServiceName> => {
    const changed = new Set<ServiceName>()
    catchUp(services, cluster.services, (name) => changed.add(name))
    catchUp(endpoints, cluster.endpoints, (name) => changed.add(name))
    catchUp(entries, cluster.ledger.entries, (_, before, now) => {
      for (const entry of [before, now]) for (const { service } of entry?.owners ?? []) changed.add(service)
    })
    return changed
  }

  const note = (cluster: Cluster, names: ReadonlySet<ServiceName>): void => {
    for (const name of names) {
      copyOne(services, cluster.services, name)
      copyOne(endpoints, cluster.endpoints, name)
      for (const address of cluster.ledger.addressesOf.get(name) ?? [])
        copyOne(entries, cluster.ledger.entries, address)
    }
  }

  return {
    find: (cluster, touched) => {
      const sameObjects =
        objects?.size === cluster.ledger.objects.size &&
        [...cluster.ledger.objects.keys()].every((name) => objects?.has(name))
      objects = new Set(cluster.ledger.objects.keys())
      if (touched.kind === "everything" || !sameObjects) {
        const changed = compareAll(cluster)
        return sameObjects ? changed : undefined
      }
      note(cluster, touched.names)
      return touched.names
    },
  }
}

/** Makes `mine` equal to `theirs` and tells each difference. */
const catchUp = <K, V>(
  mine: Map<K, V>,
  theirs: ReadonlyMap<K, V>,
  differs: (key: K, before: V | undefined, now: V | undefined) => void,
): void => {
  for (const [key, now] of theirs) {
    const before = mine.get(key)
    if (before === now) continue
    differs(key, before, now)
    mine.set(key, now)
  }
  if (mine.size === theirs.size) return
  for (const [key, before] of mine) {
    if (theirs.has(key)) continue
    differs(key, before, undefined)
    mine.delete(key)
  }
}

const copyOne = <K, V>(mine: Map<K, V>, theirs: ReadonlyMap<K, V>, key: K): void => {
  const now = theirs.get(key)
  if (now === undefined) mine.delete(key)
  else mine.set(key, now)
}
