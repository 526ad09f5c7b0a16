import type { PoolName } from "./name.ts"
import type { Selector } from "./selector.ts"

export type Preference = { readonly weight: number; readonly selector: Selector }

/** An L2Advertisement with its pool selectors resolved. */
export type L2Advertisement = {
  readonly name: string
  /** "all" where neither pools nor pool selectors are given; a selector that selects none leaves it unattached. */
  readonly pools: "all" | ReadonlySet<PoolName>
  /** Empty: all nodes. */
  readonly nodes: readonly Selector[]
  /** Empty: all Services. */
  readonly services: readonly Selector[]
  /** Exact names; empty: all interfaces. */
  readonly interfaces: readonly string[]
  readonly preferences: readonly Preference[]
}
