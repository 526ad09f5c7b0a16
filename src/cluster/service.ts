import type { Address, Family, NonEmpty } from "../net/address.ts"
import type { Labels, NodeName, PoolName, ServiceName, SharingKey } from "./name.ts"

export type ServicePort = { readonly protocol: "TCP" | "UDP" | "SCTP"; readonly port: number }

/** What a Service asks of the allocator, from its annotations and `spec.loadBalancerIP`. */
export type Wish =
  | { readonly kind: "any" }
  | { readonly kind: "pool"; readonly pool: PoolName }
  | { readonly kind: "addresses"; readonly addresses: NonEmpty<Address>; readonly pool: PoolName | undefined }
  /** Two fields that exclude each other are both set. */
  | { readonly kind: "contradiction"; readonly fields: readonly [string, string] }
  /** Text that is no address, or two addresses of one family. */
  | { readonly kind: "malformed"; readonly field: string; readonly value: string; readonly because: string }

export type Exposure =
  | { readonly kind: "inside" | "node-port" }
  | { readonly kind: "other-class"; readonly class: string | undefined }
  | { readonly kind: "ours"; readonly wish: Wish; readonly sharingKey: SharingKey | undefined }

export type Service = {
  readonly name: ServiceName
  /** Empty where the object has none (a file). */
  readonly uid: string
  /** RFC 3339 in UTC, as the API server writes it: only ever compared. */
  readonly createdAt: string
  readonly exposure: Exposure
  /** Addresses in `status.loadBalancer.ingress`, in its order: a report, which anybody with the right may have forged. */
  readonly reported: readonly Address[]
  /** `metallb.io/ip-allocated-from-pool`: a report like `reported`. */
  readonly reportedPool: PoolName | undefined
  readonly policy: "Cluster" | "Local"
  /** Distinct, sorted. */
  readonly ports: readonly ServicePort[]
  readonly selector: Labels
  readonly labels: Labels
  /** `clusterIPs`: they, not `ipFamilies`, say which families the Service has. Empty for a headless one. */
  readonly clusterAddresses: readonly Address[]
  /** `ipFamilies[0]`, which decides only where one family of two can be had. */
  readonly primaryFamily: Family | undefined
  /** `ipFamilyPolicy`: SingleStack, PreferDualStack, RequireDualStack. */
  readonly secondFamily: "never" | "if-possible" | "required"
  /** Has the annotation `metallb.io/allow-shared-ip` with any value: excludes `serviceSelectors` of an advertisement. */
  readonly hasSharingAnnotation: boolean
  /**
   * Annotation `porchlight.dev/move-to`: a node's name; behind a blank anything that makes the wish a new one. Acted on
   * once a value, by the holder.
   */
  readonly moveTo: string | undefined
}

/** Endpoints that can serve (ready, unknown, or serving while terminating). Pods of both families count once. */
export type EndpointView = {
  readonly serving: ReadonlyMap<NodeName, number>
  /** Those of `serving` where every endpoint terminates: its traffic ends soon. */
  readonly terminating: ReadonlySet<NodeName>
  /** Serving endpoints that no node is named for. */
  readonly unplaced: number
}
