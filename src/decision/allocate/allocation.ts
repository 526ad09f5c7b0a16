import type { Address, Family, NonEmpty } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import type { Labels, NodeName, PoolName, ServiceName, SharingKey } from "../../cluster/name.ts"
import type { GivenBy } from "../../cluster/ledger.ts"
import type { Reservation } from "../../cluster/reservation.ts"
import type { ServicePort } from "../../cluster/service.ts"

/** Which of MetalLB's four sharing rules fails, for one pair of Services. */
export type SharingRefusal =
  | { readonly rule: "key-missing"; readonly on: "this" | "other" | "both" }
  | { readonly rule: "key-differs"; readonly ours: SharingKey; readonly theirs: SharingKey }
  /** Local Services share only with the same pods; undefined: that one is Cluster. */
  | { readonly rule: "pods-differ"; readonly ours: Labels | undefined; readonly theirs: Labels | undefined }
  | { readonly rule: "port-taken"; readonly port: ServicePort }

export type AllocationReason =
  | { readonly code: "no-pools" }
  | { readonly code: "no-cluster-address" }
  | { readonly code: "unclear-families"; readonly clusterAddresses: readonly Address[] }
  | { readonly code: "second-family-missing"; readonly clusterAddresses: readonly Address[] }
  | { readonly code: "contradicting-wishes"; readonly fields: readonly [string, string] }
  | { readonly code: "malformed-wish"; readonly field: string; readonly value: string; readonly because: string }
  | { readonly code: "wished-families-differ"; readonly wished: NonEmpty<Address>; readonly families: NonEmpty<Family> }
  | { readonly code: "unknown-pool"; readonly pool: PoolName; readonly nearest: PoolName | undefined }
  | { readonly code: "outside-every-pool"; readonly address: Address; readonly nearest: PoolName | undefined }
  | {
      readonly code: "outside-wished-pool"
      readonly address: Address
      readonly wished: PoolName
      readonly pool: PoolName
    }
  | { readonly code: "of-two-pools"; readonly addresses: NonEmpty<Address>; readonly pools: NonEmpty<PoolName> }
  | {
      readonly code: "pool-not-for-service"
      readonly pool: PoolName
      readonly rule: "auto-assign-off" | "namespace" | "selector"
    }
  | { readonly code: "pool-unreadable"; readonly pool: PoolName }
  | { readonly code: "pool-lacks-family"; readonly pool: PoolName; readonly family: Family }
  | {
      readonly code: "pool-full"
      readonly pool: PoolName
      readonly family: Family
      readonly capacity: number | bigint
      readonly taken: number
      readonly reserved: number | bigint
    }
  | { readonly code: "buggy-address"; readonly address: Address; readonly pool: PoolName }
  | { readonly code: "reserved"; readonly address: Address; readonly by: Reservation }
  | { readonly code: "contested"; readonly address: Address; readonly mac: Mac; readonly seenBy: NodeName }
  | {
      readonly code: "sharing-refused"
      readonly address: Address
      readonly with: ServiceName
      readonly refusal: SharingRefusal
    }
  /** To be its own once a person confirms the release that takes it from those who have it. */
  | {
      readonly code: "release-awaited"
      readonly address: Address
      readonly from: NonEmpty<ServiceName>
      readonly confirmation: string
    }
  /** What it had is no longer what it asks for, or no longer of its families. */
  | { readonly code: "wish-changed"; readonly address: Address }
  | { readonly code: "family-changed"; readonly address: Address }
  /** The Service's status names it, but the ledger does not give it to this Service. */
  | { readonly code: "not-in-ledger"; readonly address: Address }

/** Addresses the Service had and may not keep, with why. */
export type Loss = { readonly addresses: NonEmpty<Address>; readonly because: NonEmpty<AllocationReason> }

export type Allocation =
  /** It had these, and they are still valid. */
  | {
      readonly kind: "kept"
      readonly addresses: NonEmpty<Address>
      readonly pool: PoolName
      /** Addresses that joined those it had (PreferDualStack). */
      readonly added: readonly Address[]
      /** Why and when (seconds since 1970) it was given the first of them; undefined where the ledger does not say. */
      readonly giving: { readonly by: GivenBy; readonly since: number } | undefined
      /** Also a wish that cannot be understood: what it has stays (MetalLB's LoadBalancerFailed). */
      readonly passedOver: readonly AllocationReason[]
      readonly lost: Loss | undefined
    }
  | {
      readonly kind: "given"
      /** `wish`: asked for by address. `former`: it had it before. `choice`: the lowest that is free or may be shared. */
      readonly by: "wish" | "former" | "choice"
      readonly addresses: NonEmpty<Address>
      readonly pool: PoolName
      readonly passedOver: readonly AllocationReason[]
      readonly lost: Loss | undefined
    }
  | { readonly kind: "pending"; readonly because: NonEmpty<AllocationReason>; readonly lost: Loss | undefined }
  /** No load balancer (any more): what a controller of ours wrote in its status goes. Services of another class have no Allocation. */
  | { readonly kind: "released"; readonly lost: NonEmpty<Address> | undefined }
