import type { Json } from "../../kubernetes/http.ts"
import { field, listAt, objectAt, textAt } from "../../kubernetes/json.ts"

/** How long the two questions to the API may take together. Longer would eat the time in which addresses can move. */
export const leavingBudgetMs = 500

const excludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers"
const drainAnnotation = "porchlight.dev/drain"

/** What the API said about one object: `silent` where it did not answer in time. */
export type Answer =
  | { readonly is: "found"; readonly object: Json }
  | { readonly is: "missing" | "silent" | "not-asked" }

/**
 * Why this speaker is told to stop, as far as Kubernetes shows. `restart` moves nothing, for established connections
 * break when an address moves and none notices a responder away for three seconds; the others hand over.
 */
export type LeaveReason =
  | "restart"
  | "node-deleted"
  | "node-excluded"
  | "node-drained"
  | "node-shutting-down"
  | "pod-terminated-by-kubelet"
  | "api-silent"

/** Judges own Node and own Pod, read once at SIGTERM. A process that has no Pod asks for its Node only. */
export const judgeLeaving = (node: Answer, pod: Answer): LeaveReason => {
  if (node.is === "missing") return "node-deleted"
  if (node.is === "found") {
    const because = judgeNode(node.object)
    if (because !== undefined) return because
  }
  if (pod.is === "found" && terminatedByKubelet(pod.object)) return "pod-terminated-by-kubelet"
  return node.is === "silent" || pod.is === "silent" ? "api-silent" : "restart"
}

const judgeNode = (node: Json): LeaveReason | undefined => {
  if (textAt(node, "metadata", "deletionTimestamp") !== undefined) return "node-deleted"
  if (Object.hasOwn(objectAt(node, "metadata", "labels"), excludeLabel)) return "node-excluded"
  if (textAt(node, "metadata", "annotations", drainAnnotation) === "true") return "node-drained"
  return listAt(node, "status", "conditions").some(saysShutdown) ? "node-shutting-down" : undefined
}

/** kubelet's graceful shutdown sets Ready to false with this message before it ends any pod. */
const saysShutdown = (condition: Json): boolean =>
  textAt(condition, "type") === "Ready" &&
  textAt(condition, "status") === "False" &&
  (textAt(condition, "message") ?? "").includes("node is shutting down")

const terminatedByKubelet = (pod: Json): boolean =>
  listAt(pod, "status", "conditions").some(
    (condition) =>
      field(condition, "type") === "DisruptionTarget" && field(condition, "reason") === "TerminationByKubelet",
  )
