/**
 * What the service proxy of this node says of itself (kube-proxy's metrics on 127.0.0.1:10249). Seconds since 1970, with
 * fractions, of the clock that this speaker reads too. Its /healthz is no evidence: it is 200 before the first sync.
 */
export type ProxyEvidence =
  /** Nothing listens there, as with Cilium or in `nftables` of somebody else: there is nobody to ask. */
  | { readonly is: "absent" }
  /** `kubeproxy_sync_proxy_rules_last_timestamp_seconds`, and `..._last_queued_timestamp_seconds` where it is known. */
  | { readonly is: "synced"; readonly syncedAt: number; readonly queuedAt: number | undefined }
  /** It listens, but has not synced once, or does not answer. */
  | { readonly is: "not-synced" | "unreadable" }

/** Local: kube-proxy's answer on the Service's healthCheckNodePort; it follows the rules. */
export type LocalEvidence = "endpoints" | "no-endpoints" | "absent"

export type Readiness =
  | { readonly ready: true; readonly because: "proxy-absent" | "proxy-synced" | "change-not-proxied" }
  | { readonly ready: false; readonly because: "proxy-behind" | "proxy-not-synced" | "no-local-endpoint" }

/** The proxy may have seen a change this much before us: both watch the same API server. */
const earlierSeconds = 0.5
/** What the proxy queued may be a change that it saw this much after us; older ones are in the rules of its last sync. */
const laterSeconds = 2
/** A proxy that is idle this long after a change has nothing to do for it. kube-proxy syncs at least once a second when asked to. */
const unproxiedAfterSeconds = 5

/** Work waits for the proxy: whose, it does not say. In a busy cluster there is always some. */
export const hasQueued = (proxy: ProxyEvidence): boolean =>
  proxy.is === "synced" && proxy.queuedAt !== undefined && proxy.queuedAt > proxy.syncedAt

/**
 * Whether packets for a Service that changed at `changedAt` find rules on this node. It never excludes a node: one that
 * is not ready claims later, and a holder that is not ready keeps its addresses until another is (fail open).
 *
 * @param local undefined for policy Cluster, or before the first answer
 * @param hangs work has been queued for long, and no sync came
 */
export const judgeReadiness = (
  proxy: ProxyEvidence,
  local: LocalEvidence | undefined,
  changedAt: number,
  wallSeconds: number,
  hangs: boolean,
): Readiness => {
  if (local === "no-endpoints") return { ready: false, because: "no-local-endpoint" }
  if (proxy.is === "absent") return { ready: true, because: "proxy-absent" }
  if (proxy.is !== "synced") return { ready: false, because: "proxy-not-synced" }
  if (hangs) return { ready: false, because: "proxy-behind" }
  const pending = hasQueued(proxy) && proxy.syncedAt < changedAt + laterSeconds
  if (proxy.syncedAt >= changedAt - earlierSeconds && !pending) return { ready: true, because: "proxy-synced" }
  if (!pending && wallSeconds >= changedAt + unproxiedAfterSeconds)
    return { ready: true, because: "change-not-proxied" }
  return { ready: false, because: "proxy-behind" }
}
