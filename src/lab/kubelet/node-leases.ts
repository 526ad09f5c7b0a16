import { printMicroTimestamp } from "../../kubernetes/timestamp.ts"
import type { LabApi } from "../api.ts"

/** The kubelets' signs of life in `kube-node-lease`, which `kubectl describe node` shows. */
export type NodeLeases = {
  /** These nodes have power and renew their leases from now on; the leases of others stay as they are. */
  readonly keep: (nodes: readonly string[]) => void
  readonly close: () => void
}

/** Kubernetes' own: a lease holds 40 s and is renewed four times within. */
const leaseSeconds = 40
const renewEveryMs = 10_000

export const keepNodeLeases = (api: LabApi): NodeLeases => {
  let kept: readonly string[] = []
  // Who is away now is asked again in ten seconds.
  const renew = (nodes: readonly string[]): void =>
    nodes.forEach((node) => void renewLease(api, node).catch(() => undefined))
  const timer = setInterval(() => renew(kept), renewEveryMs)
  return {
    keep: (nodes) => {
      renew(nodes.filter((node) => !kept.includes(node)))
      kept = nodes
    },
    close: () => clearInterval(timer),
  }
}

const leasesPath = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"

const renewLease = async (api: LabApi, node: string): Promise<void> => {
  const spec = {
    holderIdentity: node,
    leaseDurationSeconds: leaseSeconds,
    renewTime: printMicroTimestamp(Date.now() / 1000),
  }
  const renewed = await api.request("PATCH", `${leasesPath}/${node}`, { spec }, "application/merge-patch+json")
  if (renewed.status !== 404) return
  const metadata = { name: node, namespace: "kube-node-lease" }
  await api.request("POST", leasesPath, { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec })
}
