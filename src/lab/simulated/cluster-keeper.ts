import type { JsonObject } from "../../kubernetes/http.ts"
import { textAt } from "../../kubernetes/json.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { reconcileSlices, type SliceChange } from "../kubelet/endpoint-slices.ts"
import { keyOf, labPod, nodeOf } from "../kubelet/lab-pod.ts"
import { type NodeLife, nodeReport, podReport } from "../kubelet/status-report.ts"
import type { NodeShare } from "../topology/layout.ts"
import type { SimulatedApi } from "./api-server.ts"
import { type Cancel, wallSecondsAtStart, type World } from "./world.ts"

/** The part of Kubernetes that a lab plays: kubelets, endpoint slices, and nodes that are given up after a grace time. */
export type ClusterKeeper = {
  /** It shuts down in order: its Node says so from now on, and its pods take no visitors any more. */
  readonly nodeLeaves: (node: string) => void
  readonly nodeDown: (node: string) => void
  readonly nodeUp: (node: string) => void
}

/** Changes that arrive together are looked at together. */
const batchMs = 5

export const keepCluster = (
  world: World,
  api: SimulatedApi,
  shares: ReadonlyMap<string, NodeShare>,
  nodeGraceMs: number,
): ClusterKeeper => {
  const lives = new Map<string, NodeLife>()
  const graces = new Map<string, Cancel>()
  const addresses = new Map<string, readonly string[]>()
  let looking = false

  const addressesOf = (pod: JsonObject): readonly string[] => {
    const share = shares.get(nodeOf(pod))
    if (share === undefined) return []
    const known = addresses.get(keyOf(pod)) ?? labPod(pod, share, [...addresses.values()].flat()).addresses
    addresses.set(keyOf(pod), known)
    return known
  }
  const reportPods = (pods: readonly JsonObject[]): void => {
    const down = new Set(lives.keys())
    for (const pod of pods) {
      const status = podReport(pod, addressesOf(pod), down)
      const [namespace, name] = keyOf(pod).split("/")
      if (status !== undefined)
        api.request("PATCH", `/api/v1/namespaces/${namespace}/pods/${name}/status`, { status }, mergePatch)
    }
  }
  const reportNodes = (): void => {
    for (const node of api.list("/api/v1/nodes")) {
      const now = printTimestamp(wallSecondsAtStart + world.now() / 1000)
      const name = textAt(node, "metadata", "name")
      const status = nodeReport(node, lives.get(name ?? "") ?? "alive", "simulated", now)
      if (status !== undefined) api.request("PATCH", `/api/v1/nodes/${name}/status`, { status }, mergePatch)
    }
  }
  const look = (): void => {
    const pods = api.list("/api/v1/pods")
    const keys = new Set(pods.map(keyOf))
    for (const key of addresses.keys()) if (!keys.has(key)) addresses.delete(key)
    reportPods(pods)
    reportNodes()
    const services = api.list("/api/v1/services")
    const slices = api.list(slicesPath)
    for (const change of reconcileSlices(services, api.list("/api/v1/pods"), slices)) writeSlice(api, change)
    looking = false
  }
  const schedule = (): void => {
    if (looking) return
    looking = true
    world.later(batchMs, look)
  }
  const forget = (node: string): void => {
    graces.get(node)?.()
    graces.delete(node)
  }
  api.onChange(schedule)
  schedule()
  return {
    nodeLeaves: (node) => {
      lives.set(node, "leaving")
      reportNodes()
      schedule()
    },
    nodeDown: (node) => {
      forget(node)
      const giveUp = (): void => {
        lives.set(node, "gone")
        schedule()
      }
      graces.set(node, world.later(nodeGraceMs, giveUp))
    },
    nodeUp: (node) => {
      forget(node)
      lives.delete(node)
      schedule()
    },
  }
}

const mergePatch = "application/merge-patch+json"
const slicesPath = "/apis/discovery.k8s.io/v1/endpointslices"

const writeSlice = (api: SimulatedApi, change: SliceChange): void => {
  const namespace = change.kind === "delete" ? change.namespace : textAt(change.slice, "metadata", "namespace")
  const collection = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`
  if (change.kind === "delete") api.request("DELETE", `${collection}/${change.name}`)
  else if (change.kind === "create") api.request("POST", collection, change.slice)
  else api.request("PUT", `${collection}/${textAt(change.slice, "metadata", "name")}`, change.slice)
}
