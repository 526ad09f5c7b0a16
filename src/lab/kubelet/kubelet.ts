import { release } from "node:os"
import type { LabApi } from "../api.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, numberAt, textAt } from "../../kubernetes/json.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { reconcileSlices, type SliceChange } from "./endpoint-slices.ts"
import { keyOf } from "./lab-pod.ts"
import { keepNodeLeases } from "./node-leases.ts"
import type { PodRunner } from "./pods.ts"
import { type NodeLife, nodeReport, podReport } from "./status-report.ts"

/**
 * The part of Kubernetes that the lab plays: every node's kubelet, the endpoint slice controller, and the node lifecycle
 * controller that gives up a silent node after a grace time.
 */
export type Kubelet = {
  /** It shuts down in order: its Node says so when this resolves, and its pods take no visitors any more. */
  readonly nodeLeaves: (node: string) => Promise<void>
  readonly nodeDown: (node: string) => void
  readonly nodeUp: (node: string) => void
  readonly close: () => void
}

export type KubeletOptions = {
  readonly api: LabApi
  readonly pods: PodRunner
  readonly nodeGraceMs: number
  readonly complain: (message: string) => void
}

/** Changes that arrive together are looked at together. */
const batchMs = 5
/** A look goes over every Service: with a thousand of them ten looks a second are enough. */
const batchMsPerService = 0.1
const retryMs = 200

/** Of nodes that are not alive. */
type Lives = ReadonlyMap<string, NodeLife>

type Seen = {
  services?: ReadonlyMap<string, JsonObject>
  pods?: ReadonlyMap<string, JsonObject>
  slices?: ReadonlyMap<string, JsonObject>
  nodes?: ReadonlyMap<string, JsonObject>
}

export const startKubelet = ({ api, pods, nodeGraceMs, complain }: KubeletOptions): Kubelet => {
  const seen: Seen = {}
  const lives = new Map<string, NodeLife>()
  const silent = new Set<string>()
  const leases = keepNodeLeases(api)
  const graces = new Map<string, NodeJS.Timeout>()
  let timer: NodeJS.Timeout | undefined
  let busy = false
  let closed = false

  const keepLeases = (): void =>
    leases.keep(
      (listOf(seen.nodes) ?? []).flatMap((node) => {
        const name = textAt(node, "metadata", "name")
        return name === undefined || silent.has(name) ? [] : [name]
      }),
    )
  const look = async (): Promise<void> => {
    if (busy) return schedule(batchMs)
    busy = true
    try {
      await reconcile(api, pods, seen, lives)
    } catch (error) {
      // The API may be away because somebody broke it: the same is tried again until it is back.
      if (!isAway(error)) complain(error instanceof Error ? error.message : String(error))
      schedule(retryMs)
    } finally {
      busy = false
    }
  }
  const schedule = (inMs: number): void => {
    if (closed) return
    timer ??= setTimeout(() => {
      timer = undefined
      void look()
    }, inMs)
  }
  const follow = (path: string, what: keyof Seen): (() => void) =>
    api.follow(path, (objects) => {
      seen[what] = objects
      if (what === "nodes") keepLeases()
      schedule(Math.max(batchMs, (seen.services?.size ?? 0) * batchMsPerService))
    })
  const unfollow = [
    follow("/api/v1/services", "services"),
    follow("/api/v1/pods", "pods"),
    follow("/api/v1/nodes", "nodes"),
    follow("/apis/discovery.k8s.io/v1/endpointslices", "slices"),
  ]
  const forget = (node: string): void => {
    clearTimeout(graces.get(node))
    graces.delete(node)
  }
  return {
    nodeLeaves: async (node) => {
      lives.set(node, "leaving")
      schedule(0)
      const found = (listOf(seen.nodes) ?? []).find((one) => textAt(one, "metadata", "name") === node)
      // Without the API a node shuts down all the same.
      if (found !== undefined) await reportNode(api, found, lives).catch(() => undefined)
    },
    nodeDown: (node) => {
      forget(node)
      silent.add(node)
      keepLeases()
      graces.set(
        node,
        setTimeout(() => {
          lives.set(node, "gone")
          schedule(0)
        }, nodeGraceMs),
      )
    },
    nodeUp: (node) => {
      forget(node)
      lives.delete(node)
      silent.delete(node)
      keepLeases()
      schedule(0)
    },
    close: () => {
      closed = true
      clearTimeout(timer)
      leases.close()
      for (const node of graces.keys()) forget(node)
      for (const stop of unfollow) stop()
    },
  }
}

const isAway = (error: unknown): boolean =>
  error instanceof Error &&
  "code" in error &&
  (error.code === "ECONNREFUSED" || error.code === "ENOENT" || error.code === "ECONNRESET" || error.code === "EPIPE")

const reconcile = async (api: LabApi, runner: PodRunner, seen: Seen, lives: Lives): Promise<void> => {
  const [services, pods, slices, nodes] = [seen.services, seen.pods, seen.slices, seen.nodes].map(listOf)
  if (services === undefined || pods === undefined || slices === undefined || nodes === undefined) return
  const down = new Set(lives.keys())
  await runner.ensure(pods)
  for (const slice of slices) listenForSlice(runner, slice)
  await Promise.all([
    ...pods.map((pod) => reportPod(api, runner, pod, down)),
    ...nodes.map((node) => reportNode(api, node, lives)),
  ])
  for (const change of reconcileSlices(services, pods, slices)) await writeSlice(api, change)
}

const listOf = (objects: ReadonlyMap<string, JsonObject> | undefined): readonly JsonObject[] | undefined =>
  objects === undefined ? undefined : [...objects.values()]

const listenForSlice = (runner: PodRunner, slice: JsonObject): void => {
  for (const endpoint of listAt(slice, "endpoints"))
    for (const port of listAt(slice, "ports")) {
      const pod = `${textAt(slice, "metadata", "namespace")}/${textAt(endpoint, "targetRef", "name")}`
      runner.listen(pod, textAt(port, "protocol") === "UDP" ? "UDP" : "TCP", numberAt(port, "port") ?? 0)
    }
}

const mergePatch = "application/merge-patch+json"

const reportPod = async (api: LabApi, runner: PodRunner, pod: JsonObject, down: ReadonlySet<string>): Promise<void> => {
  const status = podReport(pod, runner.addressesOf(keyOf(pod)), down)
  if (status === undefined) return
  const [namespace, name] = keyOf(pod).split("/")
  await api.request("PATCH", `/api/v1/namespaces/${namespace}/pods/${name}/status`, { status }, mergePatch)
}

const reportNode = async (api: LabApi, node: JsonObject, lives: Lives): Promise<void> => {
  const life = lives.get(textAt(node, "metadata", "name") ?? "") ?? "alive"
  const status = nodeReport(node, life, release(), printTimestamp(Date.now() / 1000))
  if (status === undefined) return
  await api.request("PATCH", `/api/v1/nodes/${textAt(node, "metadata", "name")}/status`, { status }, mergePatch)
}

const slicesPath = (namespace: string): string => `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`

const writeSlice = async (api: LabApi, change: SliceChange): Promise<void> => {
  if (change.kind === "delete")
    return void (await api.request("DELETE", `${slicesPath(change.namespace)}/${change.name}`))
  const collection = slicesPath(textAt(change.slice, "metadata", "namespace") ?? "")
  const create = change.kind === "create"
  const path = create ? collection : `${collection}/${textAt(change.slice, "metadata", "name")}`
  await api.request(create ? "POST" : "PUT", path, change.slice)
}
