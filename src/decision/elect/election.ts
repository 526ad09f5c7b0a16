import type { Address, NonEmpty } from "../../net/address.ts"
import type { NodeName, PoolName, ServiceName } from "../../cluster/name.ts"

/** The connected set of Services that share an address, with both families of each. One node answers for all of it. */
export type AddressGroup = {
  /** Printed ballot: stable as long as the oldest Service and its first address are. */
  readonly key: string
  /** Oldest first. */
  readonly services: NonEmpty<ServiceName>
  /** The first is the ballot: MetalLB's first ingress address of the oldest Service. */
  readonly addresses: NonEmpty<Address>
  /** The highest grant of its addresses; 0 where no ledger gave them. */
  readonly grant: number
  /** The wish of its oldest Service that has one (`porchlight.dev/move-to`), whether or not that node may. */
  readonly moveTo: string | undefined
}

/** `score`: the sum of preferences; equal scores stand in order of subnet, Wi-Fi last, then of MetalLB's hash. */
export type Candidate = { readonly node: NodeName; readonly score: number }

/** Why nobody may answer for a group. */
export type SilentReason =
  /** Its pool is not (or no longer) for this Service. */
  | { readonly code: "pool-not-for-it"; readonly service: ServiceName }
  /** The ledger gives it from a pool that is gone and that this process never saw, and no advertisement names that. */
  | { readonly code: "pool-gone"; readonly service: ServiceName; readonly pool: PoolName }
  /** The ledger gives it, but no status names it (yet, or somebody wiped it): the service proxy has no rules for it. */
  | { readonly code: "not-in-status"; readonly service: ServiceName }
  /** It is a node's own address, whose kernel answers for it. */
  | { readonly code: "node-address"; readonly service: ServiceName; readonly node: NodeName }
  | { readonly code: "no-endpoints"; readonly service: ServiceName }
  | { readonly code: "no-advertisement"; readonly service: ServiceName; readonly pool: PoolName }
  /** The pool is advertised, but `serviceSelectors` leave this Service out. */
  | { readonly code: "not-advertised"; readonly service: ServiceName; readonly pool: PoolName }
  | { readonly code: "shared-with-service-selectors"; readonly service: ServiceName; readonly advertisement: string }
  /** Each Service has candidates, but these two have none in common. */
  | { readonly code: "candidates-disjoint"; readonly services: readonly [ServiceName, ServiceName] }
  | { readonly code: "no-candidate"; readonly service: ServiceName }

export type Election = {
  readonly group: AddressGroup
  readonly outcome:
    | { readonly kind: "ordered"; readonly order: NonEmpty<Candidate> }
    | { readonly kind: "nobody"; readonly because: NonEmpty<SilentReason> }
}

/** Why a node may not answer for a group: derived for one group when somebody asks. */
export type Bar =
  | { readonly code: "unknown-node" | "excluded" | "network-unavailable" | "leaving" }
  | { readonly code: "no-local-endpoint"; readonly service: ServiceName }
  | { readonly code: "not-selected"; readonly service: ServiceName; readonly advertisements: NonEmpty<string> }
  /** None of the interfaces it may use is there. `wanted` empty: any would do. */
  | { readonly code: "no-interface"; readonly wanted: readonly string[] }
  | { readonly code: "interface-down"; readonly interfaces: NonEmpty<string> }
  | { readonly code: "interface-enslaved"; readonly interface: string; readonly master: string }

/** Why a node that may answer stands behind another. */
export type Behind = { readonly node: NodeName; readonly by: "preference" | "subnet" | "cable" | "hash" }

export type WhyNot =
  | { readonly kind: "barred"; readonly bars: NonEmpty<Bar> }
  | { readonly kind: "behind"; readonly behind: Behind }
  | { readonly kind: "group-silent"; readonly because: NonEmpty<SilentReason> }
  | { readonly kind: "first" }
