import type { KindName } from "../cluster/cluster.ts"
import type { LedgerOwner } from "../cluster/ledger.ts"
import type { ServiceName } from "../cluster/name.ts"
import type { LedgerChange } from "../decision/allocate/ledger-change.ts"
import { withoutExchange } from "../decision/allocate/release-brake.ts"
import type { Address } from "../net/address.ts"

/** An address is lost because its Service is gone, or because no pool of that Service's namespace holds it any more. */
const kindsThatTakeAway: readonly KindName[] = ["Service", "IPAddressPool", "Namespace"]

/**
 * Keeps a controller from taking an address away on hearsay. The ledger may be newer than what is known of Services and
 * pools: a follower whose watch was mute takes over, or two lead after a pause that no clock shows. Who never saw a
 * Service have its address by right lists Services and pools again before it takes it.
 */
export type LossWitness = {
  /** That Service has that address, by all that we know ourselves. */
  readonly saw: (uid: string, address: Address) => void
  /** The changes that may be made now, and the Services whose change waits for lists. */
  readonly sift: (changes: readonly LedgerChange[]) => {
    readonly changes: readonly LedgerChange[]
    readonly waiting: ReadonlySet<ServiceName>
  }
  /** Kinds to list again; none where nothing waits, or where they were asked for already. */
  readonly toList: () => ReadonlySet<KindName>
  /** A list of that kind is in; answers whether it was the last that something waited for. */
  readonly listed: (kind: KindName) => boolean
}

/** Forgetting one costs a list. */
const shownMax = 20_000

export const createLossWitness = (): LossWitness => {
  const seen = new Set<string>()
  /** Losses that nobody here saw come, those that lists were asked for, and those that lists have shown to be true. */
  let heard = new Set<string>()
  let asked = new Set<string>()
  const shown = new Set<string>()
  let listing = new Set<KindName>()

  const isKnown = (id: string): boolean => seen.has(id) || shown.has(id)

  return {
    saw: (uid, address) => void seen.add(idOf(uid, address)),
    sift: (changes) => {
      const waiting = new Set<ServiceName>()
      for (const { address, loses } of changes)
        for (const { service, uid } of loses) {
          const id = idOf(uid, address)
          if (uid === "" || isKnown(id)) continue
          waiting.add(service)
          if (!asked.has(id)) heard.add(id)
        }
      if (waiting.size === 0) return { changes, waiting }
      const isSure = (change: LedgerChange): boolean => change.loses.every((owner) => isSureOf(owner, change.address))
      const isSureOf = ({ uid }: LedgerOwner, address: Address): boolean => uid === "" || isKnown(idOf(uid, address))
      return { changes: changes.filter(isSure).flatMap((change) => withoutExchange(change, waiting)), waiting }
    },
    toList: () => {
      if (heard.size === 0 || listing.size > 0) return new Set()
      asked = heard
      heard = new Set()
      listing = new Set(kindsThatTakeAway)
      return listing
    },
    listed: (kind) => {
      if (!listing.delete(kind) || listing.size > 0) return false
      if (shown.size > shownMax) shown.clear()
      for (const id of asked) shown.add(id)
      asked = new Set()
      return true
    },
  }
}

const idOf = (uid: string, address: Address): string => `${uid} ${address}`
