import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, objectAt, textAt } from "../../kubernetes/json.ts"
import { isReady } from "./endpoint-slices.ts"

/** A Pod with this annotation `"false"` counts as not ready: the way to take a pod out of its Services in the lab. */
export const readyAnnotation = "lab.porchlight.dev/ready"

/** The status that says that the pod runs and is ready, or that its node is `down`; undefined where it says so already. */
export const podReport = (
  pod: JsonObject,
  addresses: readonly string[],
  down: ReadonlySet<string>,
): JsonObject | undefined => {
  const [first] = addresses
  if (first === undefined) return undefined
  const lost = down.has(textAt(pod, "spec", "nodeName") ?? "")
  const ready = !lost && textAt(pod, "metadata", "annotations", readyAnnotation) !== "false"
  if (isReady(pod) === ready && listAt(pod, "status", "containerStatuses").length > 0) return undefined
  const startedAt = textAt(pod, "metadata", "creationTimestamp") ?? ""
  return {
    startTime: startedAt,
    containerStatuses: listAt(pod, "spec", "containers").map((container) => ({
      name: textAt(container, "name") ?? "",
      image: textAt(container, "image") ?? "",
      imageID: "",
      ready,
      started: true,
      restartCount: 0,
      state: { running: { startedAt } },
    })),
    phase: "Running",
    podIP: first,
    podIPs: addresses.map((ip) => ({ ip })),
    conditions: [{ type: "Ready", status: ready ? "True" : "False" }],
  }
}

/** What `kubectl get nodes` shows; the version is that of the API this lab serves. */
const nodeInfo = {
  kubeletVersion: "v1.35.0",
  operatingSystem: "linux",
  osImage: "network namespace",
  containerRuntimeVersion: "porchlight-lab",
}

/** A small machine's; what a Node object names itself it keeps. */
const capacity = { cpu: "2", memory: "4Gi", pods: "110" }

/** `leaving`: its kubelet shuts it down in order. `gone`: nobody has heard of it for the grace time. */
export type NodeLife = "alive" | "leaving" | "gone"

/** The same for a node; `now` is an RFC 3339 time. A node that is gone is unknown in every regard, as in Kubernetes. */
export const nodeReport = (
  node: JsonObject,
  life: NodeLife,
  kernelVersion: string,
  now: string,
): JsonObject | undefined => {
  const isGone = life === "gone"
  const known = textAt(node, "status", "nodeInfo", "kubeletVersion") !== undefined
  const before = listAt(node, "status", "conditions")
  const readiness = before.find((one) => textAt(one, "type") === "Ready")
  const wanted = conditions[life].find(({ type }) => type === "Ready")
  if (known && textAt(readiness, "status") === wanted?.status) return undefined
  const reported = conditions[life].map((condition) => {
    const former = before.find((one) => textAt(one, "type") === condition.type)
    const since = textAt(former, "status") === condition.status ? textAt(former, "lastTransitionTime") : undefined
    // Who is gone has sent its last sign of life before.
    const heardAt = isGone ? textAt(former, "lastHeartbeatTime") : undefined
    return { ...condition, lastHeartbeatTime: heardAt ?? now, lastTransitionTime: since ?? now }
  })
  const others = before.filter((one) => aliveConditions.every(({ type }) => type !== textAt(one, "type")))
  return {
    conditions: [...others, ...reported],
    nodeInfo: {
      ...nodeInfo,
      kernelVersion,
      architecture: textAt(node, "metadata", "labels", "kubernetes.io/arch") ?? "amd64",
    },
    capacity: { ...capacity, ...objectAt(node, "status", "capacity") },
    allocatable: { ...capacity, ...objectAt(node, "status", "allocatable") },
  }
}

type Condition = {
  readonly type: string
  readonly status: string
  readonly reason: string
  readonly message: string
}

const lacksNothing = (type: string, reason: string, what: string): Condition => ({
  type,
  status: "False",
  reason,
  message: `kubelet has ${what}`,
})

const aliveConditions: readonly Condition[] = [
  lacksNothing("MemoryPressure", "KubeletHasSufficientMemory", "sufficient memory available"),
  lacksNothing("DiskPressure", "KubeletHasNoDiskPressure", "no disk pressure"),
  lacksNothing("PIDPressure", "KubeletHasSufficientPID", "sufficient PID available"),
  { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" },
]

/** kubelet's own words: who waits for a shutdown looks for them. */
const shuttingDown: Condition = {
  type: "Ready",
  status: "False",
  reason: "KubeletNotReady",
  message: "node is shutting down",
}

const conditions: Readonly<Record<NodeLife, readonly Condition[]>> = {
  alive: aliveConditions,
  leaving: aliveConditions.map((condition) => (condition.type === "Ready" ? shuttingDown : condition)),
  gone: aliveConditions.map(({ type }) => ({
    type,
    status: "Unknown",
    reason: "NodeStatusUnknown",
    message: "Kubelet stopped posting node status.",
  })),
}
