import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, textAt } from "../../kubernetes/json.ts"
import { isReady } from "./endpoint-slices.ts"

/** A Pod with this annotation `"false"` counts as not ready: the way to take a pod out of its Services in the lab. */
export const readyAnnotation = "lab.porchlight.dev/ready"

/** The status that says that the pod runs and is ready, or that its node is gone; undefined where it says so already. */
export const podReport = (
  pod: JsonObject,
  addresses: readonly string[],
  gone: ReadonlySet<string>,
): JsonObject | undefined => {
  const [first] = addresses
  if (first === undefined) return undefined
  const lost = gone.has(textAt(pod, "spec", "nodeName") ?? "")
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

/** The same for a node. */
export const nodeReport = (
  node: JsonObject,
  gone: ReadonlySet<string>,
  kernelVersion: string,
): JsonObject | undefined => {
  const isGone = gone.has(textAt(node, "metadata", "name") ?? "")
  const known = textAt(node, "status", "nodeInfo", "kubeletVersion") !== undefined
  if (isReady(node) === !isGone && known) return undefined
  const others = listAt(node, "status", "conditions").filter((condition) => textAt(condition, "type") !== "Ready")
  const ready = isGone
    ? { type: "Ready", status: "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." }
    : { type: "Ready", status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" }
  return { conditions: [...others, ready], nodeInfo: { ...nodeInfo, kernelVersion } }
}
