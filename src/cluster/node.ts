import type { Address } from "../net/address.ts"
import type { Prefix } from "../net/prefix.ts"
import type { Labels, NodeName } from "./name.ts"

/**
 * `excluded`: label `node.kubernetes.io/exclude-from-external-load-balancers`. `network-unavailable`: that condition is
 * True. `leaving`: annotation `porchlight.dev/drain=true`. Readiness and cordons are no marks: nothing moves for them.
 */
export type NodeMark = "excluded" | "network-unavailable" | "leaving"

/** Only what a decision reads, so that a heartbeat yields an equal Node. */
export type Node = {
  readonly name: NodeName
  readonly uid: string
  readonly labels: Labels
  /** Of type InternalIP. */
  readonly addresses: readonly Address[]
  readonly podPrefixes: readonly Prefix[]
  readonly marks: ReadonlySet<NodeMark>
}
