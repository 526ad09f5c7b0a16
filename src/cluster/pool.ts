import type { AddressRange } from "../net/range.ts"
import type { Labels, PoolName } from "./name.ts"
import type { Selector } from "./selector.ts"

/** `serviceAllocation`: such a pool is tried before the general ones, and only for those it names. */
export type PoolRestriction = {
  /** Lower first; 0 comes last. */
  readonly priority: number
  /** Namespaces named or selected; undefined: any. Empty: a selector was given and selects none. */
  readonly namespaces: ReadonlySet<string> | undefined
  /** One of them must select the Service's labels; empty: any Service. */
  readonly services: readonly Selector[]
}

export type Pool = {
  readonly name: PoolName
  readonly labels: Labels
  readonly createdAt: string
  /** As written, in that order, disjoint from each other and from every other pool's. Never enumerated: `/64` is usual. */
  readonly ranges: readonly AddressRange[]
  readonly autoAssign: boolean
  /** Never give IPv4 addresses that end in .0 or .255. */
  readonly avoidsBuggyAddresses: boolean
  readonly onlyFor: PoolRestriction | undefined
  /**
   * What could not be read of it. `addresses`: an entry is left out, the others work. `rules`: whom it is for is
   * unknown, so it gives nothing new. Either way what the ledger says was given from it stays given.
   */
  readonly fault: "none" | "addresses" | "rules"
}
