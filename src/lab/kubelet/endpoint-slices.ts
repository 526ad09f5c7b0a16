import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { field, listAt, numberAt, objectAt, sameJson, textAt, textsAt } from "../../kubernetes/json.ts"

/** What the endpoint controller writes. */
export type SliceChange =
  | { readonly kind: "create" | "update"; readonly slice: JsonObject }
  | { readonly kind: "delete"; readonly namespace: string; readonly name: string }

const managedBy = "endpointslice.kubernetes.io/managed-by"
const controller = "endpointslice-controller.k8s.io"
const ofService = "kubernetes.io/service-name"

/**
 * What has to be written so that every Service with a selector has one EndpointSlice a family with exactly its pods, as
 * the endpoint slice controller of Kubernetes would. Slices that other people manage are left alone.
 */
export const reconcileSlices = (
  services: readonly JsonObject[],
  pods: readonly JsonObject[],
  slices: readonly JsonObject[],
): SliceChange[] => {
  const ours = slices.filter((slice) => field(slice, "metadata", "labels", managedBy) === controller)
  const ofFamily = new Map(ours.toReversed().map((slice) => [familyKey(slice), slice]))
  const wanted = services.flatMap((service) => wantedSlices(service, pods, ofFamily))
  const wantedNames = new Set(wanted.map(nameOf))
  const present = new Map(ours.map((slice) => [nameOf(slice), slice]))
  return [
    ...wanted.flatMap((slice): SliceChange[] => {
      const before = present.get(nameOf(slice))
      if (before === undefined) return [{ kind: "create", slice }]
      const same = sameJson(content(before), content(slice))
      return same
        ? []
        : [
            {
              kind: "update",
              slice: { ...slice, metadata: { ...objectAt(before, "metadata"), ...objectAt(slice, "metadata") } },
            },
          ]
    }),
    ...ours
      .filter((slice) => !wantedNames.has(nameOf(slice)))
      .map((slice): SliceChange => ({
        kind: "delete",
        namespace: textAt(slice, "metadata", "namespace") ?? "",
        name: textAt(slice, "metadata", "name") ?? "",
      })),
  ]
}

/** Namespace, Service and address family: what there is one slice of. */
const familyKey = (slice: JsonObject): string =>
  `${textAt(slice, "metadata", "namespace")}/${textAt(slice, "metadata", "labels", ofService)}/${textAt(slice, "addressType")}`

const nameOf = (object: JsonObject): string =>
  `${textAt(object, "metadata", "namespace")}/${textAt(object, "metadata", "name")}`

/** What makes two slices differ; the order of endpoints does not. */
const content = (slice: JsonObject): Json => ({
  addressType: textAt(slice, "addressType") ?? "",
  ports: listAt(slice, "ports"),
  endpoints: [...listAt(slice, "endpoints")].map(plainEndpoint).sort((a, b) => (a.address < b.address ? -1 : 1)),
})

const plainEndpoint = (endpoint: Json) => ({
  address: textsAt(endpoint, "addresses")[0] ?? "",
  node: textAt(endpoint, "nodeName") ?? "",
  conditions: objectAt(endpoint, "conditions"),
})

const wantedSlices = (
  service: JsonObject,
  pods: readonly JsonObject[],
  present: ReadonlyMap<string, JsonObject>,
): JsonObject[] => {
  const selector = Object.entries(objectAt(service, "spec", "selector"))
  if (selector.length === 0) return []
  const namespace = textAt(service, "metadata", "namespace") ?? ""
  const mine = pods.filter(
    (pod) =>
      textAt(pod, "metadata", "namespace") === namespace &&
      selector.every(([name, value]) => field(pod, "metadata", "labels", name) === value),
  )
  const families = textsAt(service, "spec", "ipFamilies")
  return (families.length > 0 ? families : ["IPv4"]).map((family) => wantedSlice(service, mine, family, present))
}

const wantedSlice = (
  service: JsonObject,
  pods: readonly JsonObject[],
  family: string,
  present: ReadonlyMap<string, JsonObject>,
): JsonObject => {
  const namespace = textAt(service, "metadata", "namespace") ?? ""
  const name = textAt(service, "metadata", "name") ?? ""
  const before = present.get(`${namespace}/${name}/${family}`)
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      namespace,
      name: textAt(before, "metadata", "name") ?? `${name}-${family.toLowerCase()}`,
      labels: { [ofService]: name, [managedBy]: controller },
    },
    addressType: family,
    ports: listAt(service, "spec", "ports").flatMap((port) => slicePort(port, pods)),
    endpoints: pods.flatMap((pod) => endpointOf(pod, family)),
  }
}

const slicePort = (port: Json, pods: readonly JsonObject[]): JsonObject[] => {
  const number = targetNumber(port, pods)
  return number === undefined
    ? []
    : [{ name: textAt(port, "name") ?? "", port: number, protocol: textAt(port, "protocol") ?? "TCP" }]
}

/** A named target port means the number that the pods give it; where they differ, the first pod's. */
const targetNumber = (port: Json, pods: readonly JsonObject[]): number | undefined => {
  const name = textAt(port, "targetPort")
  if (name === undefined) return numberAt(port, "targetPort") ?? numberAt(port, "port")
  return pods
    .flatMap((pod) => listAt(pod, "spec", "containers"))
    .flatMap((container) => listAt(container, "ports"))
    .flatMap((candidate) => (textAt(candidate, "name") === name ? [numberAt(candidate, "containerPort")] : []))[0]
}

const endpointOf = (pod: JsonObject, family: string): JsonObject[] => {
  const addresses = [
    ...listAt(pod, "status", "podIPs").map((entry) => textAt(entry, "ip")),
    textAt(pod, "status", "podIP"),
  ]
  const address = addresses.find((text) => text !== undefined && text.includes(":") === (family === "IPv6"))
  const node = textAt(pod, "spec", "nodeName")
  if (address === undefined || node === undefined || textAt(pod, "status", "phase") !== "Running") return []
  const ready = isReady(pod)
  const terminating = textAt(pod, "metadata", "deletionTimestamp") !== undefined
  return [
    {
      addresses: [address],
      nodeName: node,
      targetRef: {
        kind: "Pod",
        namespace: textAt(pod, "metadata", "namespace") ?? "",
        name: textAt(pod, "metadata", "name") ?? "",
      },
      conditions: { ready: ready && !terminating, serving: ready, terminating },
    },
  ]
}

export const isReady = (object: JsonObject): boolean =>
  listAt(object, "status", "conditions").some(
    (condition) => textAt(condition, "type") === "Ready" && textAt(condition, "status") === "True",
  )
