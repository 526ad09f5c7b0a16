import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { field, listAt, textAt } from "../../kubernetes/json.ts"
import { type NodeName, type ServiceName, serviceName } from "../name.ts"
import type { EndpointView } from "../service.ts"

type Endpoint = { readonly node: NodeName | undefined; readonly ready: boolean }

/** What one slice adds: serving endpoints by what they are: a pod's uid, or an address. */
export type ReadSlice = {
  readonly service: ServiceName
  readonly serving: ReadonlyMap<string, Endpoint>
}

/** Undefined for slices of no Service (they carry no label `kubernetes.io/service-name`). */
export const readEndpointSlice = (object: JsonObject): ReadSlice | undefined => {
  const namespace = textAt(object, "metadata", "namespace")
  const name = textAt(object, "metadata", "labels", "kubernetes.io/service-name")
  if (namespace === undefined || name === undefined || name === "") return undefined
  const serving = new Map<string, Endpoint>()
  for (const endpoint of listAt(object, "endpoints")) {
    const ready = isReady(endpoint)
    if (!ready && field(endpoint, "conditions", "serving") !== true) continue
    const address = listAt(endpoint, "addresses").find((item) => typeof item === "string")
    const identity = textAt(endpoint, "targetRef", "uid") ?? textAt(endpoint, "targetRef", "name") ?? address
    if (identity === undefined) continue
    serving.set(identity, { node: textAt(endpoint, "nodeName") as NodeName | undefined, ready })
  }
  return { service: serviceName(namespace, name), serving }
}

/** Unknown counts as ready. What is not, but serves, terminates. */
const isReady = (endpoint: Json): boolean => {
  const ready = field(endpoint, "conditions", "ready")
  return ready === undefined || ready === null || ready === true
}

/** All slices of one Service together; a pod that is in two (one a family) counts once. */
export const endpointView = (slices: Iterable<ReadSlice>): EndpointView => {
  const endpoints = new Map<string, Endpoint>()
  for (const slice of slices) for (const [identity, endpoint] of slice.serving) endpoints.set(identity, endpoint)
  const serving = new Map<NodeName, number>()
  const ready = new Set<NodeName>()
  let unplaced = 0
  for (const { node, ready: isOneReady } of endpoints.values()) {
    if (node === undefined) unplaced++
    else serving.set(node, (serving.get(node) ?? 0) + 1)
    if (node !== undefined && isOneReady) ready.add(node)
  }
  return { serving, terminating: new Set([...serving.keys()].filter((node) => !ready.has(node))), unplaced }
}
