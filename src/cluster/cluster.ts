import type { NonEmpty } from "../net/address.ts"
import type { L2Advertisement } from "./advertisement.ts"
import type { Ledger } from "./ledger.ts"
import type { NodeName, PoolName, ServiceName } from "./name.ts"
import type { Node } from "./node.ts"
import type { Pool } from "./pool.ts"
import type { Problem } from "./problem.ts"
import type { Reservation } from "./reservation.ts"
import type { EndpointView, Service } from "./service.ts"
import type { SpeakerReport } from "./speaker-report.ts"

/** Pools sorted by name, advertisements sorted by name: what could be read of them, each fault reported apart. */
export type Configuration = {
  readonly pools: ReadonlyMap<PoolName, Pool>
  /**
   * Pools that are gone while the ledger still gives addresses of theirs, as they last were. They give nothing; whoever
   * was given such an address is answered for until the ledger frees it. A pool that this process never saw has neither
   * ranges nor labels there: advertisements that name it, or speak of all pools, speak of it.
   */
  readonly retired: ReadonlyMap<PoolName, Pool>
  readonly advertisements: readonly L2Advertisement[]
}

/** Everything that a decision reads. Its maps belong to the snapshot that made it and are good until that is fed again. */
export type Cluster = {
  readonly services: ReadonlyMap<ServiceName, Service>
  readonly endpoints: ReadonlyMap<ServiceName, EndpointView>
  readonly nodes: ReadonlyMap<NodeName, Node>
  readonly speakers: ReadonlyMap<NodeName, SpeakerReport>
  readonly configuration: Configuration
  readonly ledger: Ledger
  readonly reserved: readonly Reservation[]
  readonly problems: readonly Problem[]
}

/** The objects that a snapshot is made of. */
export type KindName =
  | "Service"
  | "Node"
  | "EndpointSlice"
  | "Namespace"
  | "IPAddressPool"
  | "L2Advertisement"
  | "AddressLedger"
  | "Speaker"
  | "Network"

/** What changed since the last look: by name, because a walk over 10,000 Services is what costs. */
export type Touched =
  | { readonly kind: "everything" }
  | { readonly kind: "services"; readonly names: ReadonlySet<ServiceName> }

/** What a look at the snapshot finds changed beside `Touched`, which is what decisions depend on. */
export type News = {
  /** Nodes whose Speaker object changed, in what a decision reads or not (holds, readiness). */
  readonly reports: ReadonlySet<NodeName>
  readonly problems: boolean
}

/** Before the first full list of every kind there is no Cluster to decide on. */
export type Knowledge =
  | { readonly state: "listing"; readonly missing: NonEmpty<KindName> }
  | {
      readonly state: "complete"
      readonly cluster: Cluster
      readonly touched: Touched
      readonly news: News
      /** Seen deleted by a watch while the ledger still names them: their addresses are freed without asking. */
      readonly deleted: ReadonlySet<ServiceName>
    }
