import type { PoolName } from "../cluster/name.ts"
import type { ApiEvent, ApiOutput } from "../kubernetes/http.ts"

export type ControllerInput = ApiEvent | { readonly kind: "wake" } | { readonly kind: "stop" }

/** How much of a pool is in use, in distinct addresses. IPv6 counts stop at 2^63 - 1, as MetalLB's do. */
export type PoolUse = {
  readonly pool: PoolName
  readonly assignedIpv4: number
  readonly assignedIpv6: number
  readonly availableIpv4: number
  readonly availableIpv6: bigint
}

/** Something to tell whoever reads the log: what happened, to what, why, what to do. */
export type Remark = {
  readonly kind: "remark"
  readonly level: "info" | "warn" | "error"
  readonly code: string
  readonly message: string
}

export type ControllerOutput =
  | ApiOutput
  | Remark
  | { readonly kind: "pools"; readonly pools: readonly PoolUse[] }
  /** A reconcile is over; `stale`: something in the configuration could not be read. For the metrics. */
  | { readonly kind: "reconciled"; readonly stale: boolean }
  /** The lease is given away and nothing is under way: the process may end. */
  | { readonly kind: "exit" }
