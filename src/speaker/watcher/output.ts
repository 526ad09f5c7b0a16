import type { ApiOutput, JsonObject } from "../../kubernetes/http.ts"
import type { Intent, Surroundings } from "../intent.ts"
import type { LeaveReason } from "./leaving.ts"

/** What the world performs for the watcher. */
export type WatcherOutput =
  | ApiOutput
  | { readonly kind: "surroundings"; readonly surroundings: Surroundings }
  /** At most one page is under way; the next comes when it is acknowledged. */
  | { readonly kind: "intents"; readonly page: readonly Intent[]; readonly complete: boolean }
  /** Ask kube-proxy on this node when it last wrote its rules. */
  | { readonly kind: "probe-proxy" }
  /** Ask the Service's healthCheckNodePort on this node whether it counts an endpoint. */
  | { readonly kind: "probe-local"; readonly port: number }
  /** Ask this node's kernel how full its connection table is, and what a CPU limit took. */
  | { readonly kind: "probe-host" }
  | { readonly kind: "stop"; readonly how: "restarting" | "leaving"; readonly because: LeaveReason }
  | {
      readonly kind: "log"
      readonly severity: "debug" | "info" | "warn" | "error"
      readonly reason: string
      readonly message: string
      readonly facts: JsonObject
    }
