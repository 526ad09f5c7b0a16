import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { field, listAt, textAt } from "../../kubernetes/json.ts"
import { type NodeName, type ServiceName, serviceName } from "../name.ts"
import type { EndpointView } from "../service.ts"

/** What one slice adds: serving endpoints by what they are (a pod's uid, or an address), each with its node. */
export type ReadSlice = {
  readonly service: ServiceName
  readonly serving: ReadonlyMap<string, NodeName | undefined>
}

/** Undefined for slices of no Service (they carry no label `kubernetes.io/service-name`). */
export const readEndpointSlice = (object: JsonObject): ReadSlice | undefined => {
  const namespace = textAt(object, "metadata", "namespace")
  const name = textAt(object, "metadata", "labels", "kubernetes.io/service-name")
  if (namespace === undefined || name === undefined || name === "") return undefined
  const serving = new Map<string, NodeName | undefined>()
  for (const endpoint of listAt(object, "endpoints")) {
    if (!canServe(endpoint)) continue
    const address = listAt(endpoint, "addresses").find((item) => typeof item === "string")
    const identity = textAt(endpoint, "targetRef", "uid") ?? textAt(endpoint, "targetRef", "name") ?? address
    if (identity === undefined) continue
    serving.set(identity, textAt(endpoint, "nodeName") as NodeName | undefined)
  }
  return { service: serviceName(namespace, name), serving }
}

/** MetalLB's rule: ready, or ready unknown, or still serving while it terminates. */
const canServe = (endpoint: Json): boolean => {
  const ready = field(endpoint, "conditions", "ready")
  return ready === undefined || ready === null || ready === true || field(endpoint, "conditions", "serving") === true
}

/** All slices of one Service together; a pod that is in two (one a family) counts once. */
export const endpointView = (slices: Iterable<ReadSlice>): EndpointView => {
  const places = new Map<string, NodeName | undefined>()
  for (const slice of slices) for (const [identity, node] of slice.serving) places.set(identity, node)
  const serving = new Map<NodeName, number>()
  let unplaced = 0
  for (const node of places.values()) {
    if (node === undefined) unplaced++
    else serving.set(node, (serving.get(node) ?? 0) + 1)
  }
  return { serving, unplaced }
}
