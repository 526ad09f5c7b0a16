import type { ApiEvent } from "../../kubernetes/http.ts"
import type { AnnouncerReport, Move } from "../announcer/report.ts"
import type { HostEvidence } from "./host-watch.ts"
import type { LocalEvidence, ProxyEvidence } from "./readiness.ts"

/** Everything the watcher is told. */
export type WatcherInput =
  | { readonly kind: "api"; readonly event: ApiEvent }
  /** The announcer took the page. */
  | { readonly kind: "acknowledged" }
  | { readonly kind: "moved"; readonly move: Move }
  | { readonly kind: "report"; readonly report: AnnouncerReport }
  /** The answers to `probe-proxy` and `probe-local`. */
  | { readonly kind: "proxy"; readonly evidence: ProxyEvidence }
  | { readonly kind: "local"; readonly port: number; readonly evidence: LocalEvidence }
  /** The answer to `probe-host`. */
  | { readonly kind: "host"; readonly evidence: HostEvidence }
  /** SIGTERM. Answered by `stop`, within half a second. */
  | { readonly kind: "stop" }
  | { readonly kind: "wake" }
