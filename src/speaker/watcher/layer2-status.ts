import { namespaceOf, type NodeName, type ServiceName } from "../../cluster/name.ts"
import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { field, sameJson, textAt } from "../../kubernetes/json.ts"
import { type KubernetesObject, uidOf } from "../../kubernetes/object.ts"
import { type Call, createCall, deleteCall, mergePatchCall, type Place } from "../../kubernetes/request.ts"
import type { Resource } from "../../kubernetes/resource.ts"
import { sha256 } from "../../net/sha256.ts"
import { utf8Bytes } from "../../net/utf8.ts"

export const serviceL2Statuses: Resource = {
  group: "metallb.io",
  version: "v1beta1",
  plural: "servicel2statuses",
  kind: "ServiceL2Status",
}

/** Whose word it is: objects live in MetalLB's namespace and belong to this speaker's Pod where it has one. */
export type Reporter = {
  readonly node: NodeName
  readonly namespace: string
  readonly pod: { readonly name: string; readonly uid: string } | undefined
}

/** A Service this node answers for; `interfaces` empty: on all of them, as MetalLB writes it. */
export type AnnouncedService = { readonly service: ServiceName; readonly interfaces: readonly string[] }

/**
 * The next writes that make the ServiceL2Status objects tell what this node announces: one object a Service, written by
 * its announcer, who also removes those of earlier ones. A status cannot be set on creation (a Kubernetes rule for the
 * subresource): an object without one is patched when it is seen.
 */
export const layer2StatusWrites = (
  announced: ReadonlyMap<ServiceName, AnnouncedService>,
  observed: Iterable<KubernetesObject>,
  reporter: Reporter,
): readonly Call[] => {
  const writes: Call[] = []
  const missing = new Map(announced)
  for (const object of observed) {
    const service = serviceOf(object)
    const wanted = service === undefined ? undefined : announced.get(service)
    if (labelOf(object, "node") !== reporter.node) {
      if (wanted !== undefined) writes.push(removal(object, reporter))
      continue
    }
    if (wanted === undefined || !missing.delete(wanted.service)) writes.push(removal(object, reporter))
    else if (!sameJson(field(object, "status"), statusOf(wanted, reporter)))
      writes.push(mergePatchCall({ ...placeOf(object, reporter), subresource: "status" }, patchOf(wanted, reporter)))
  }
  for (const wanted of missing.values()) writes.push(createCall(serviceL2Statuses, objectOf(wanted, reporter)))
  return writes
}

const labelOf = (object: KubernetesObject, name: string): string | undefined =>
  textAt(object, "metadata", "labels", `metallb.io/${name}`)

const serviceOf = (object: KubernetesObject): ServiceName | undefined => {
  const [namespace, name] = [labelOf(object, "service-namespace"), labelOf(object, "service-name")]
  return namespace === undefined || name === undefined ? undefined : (`${namespace}/${name}` as ServiceName)
}

const placeOf = (object: KubernetesObject, reporter: Reporter): Place => ({
  resource: serviceL2Statuses,
  name: object.metadata.name,
  namespace: reporter.namespace,
})

const removal = (object: KubernetesObject, reporter: Reporter): Call =>
  deleteCall(placeOf(object, reporter), uidOf(object))

const nameOf = (service: ServiceName): string => service.slice(service.indexOf("/") + 1)

const statusOf = (announced: AnnouncedService, reporter: Reporter): JsonObject => ({
  node: reporter.node,
  serviceName: nameOf(announced.service),
  serviceNamespace: namespaceOf(announced.service),
  ...(announced.interfaces.length > 0 && { interfaces: announced.interfaces.map((name) => ({ name })) }),
})

/** A merge patch removes `interfaces` only if told so. */
const patchOf = (announced: AnnouncedService, reporter: Reporter): JsonObject => ({
  status: { interfaces: null, ...statusOf(announced, reporter) },
})

const objectOf = (announced: AnnouncedService, reporter: Reporter): KubernetesObject => ({
  apiVersion: "metallb.io/v1beta1",
  kind: serviceL2Statuses.kind,
  metadata: {
    name: `l2-${hash(`${reporter.node} ${announced.service}`)}`,
    namespace: reporter.namespace,
    labels: {
      "metallb.io/node": reporter.node,
      "metallb.io/service-name": nameOf(announced.service),
      "metallb.io/service-namespace": namespaceOf(announced.service),
    },
    ...(reporter.pod !== undefined && { ownerReferences: [ownerOf(reporter.pod)] }),
  },
  spec: {},
})

const ownerOf = (pod: NonNullable<Reporter["pod"]>): Json => ({
  apiVersion: "v1",
  kind: "Pod",
  name: pod.name,
  uid: pod.uid,
})

/** A name that depends on node and Service only, so that a repeated creation is refused instead of doubled. */
const hash = (text: string): string =>
  Array.from(sha256(utf8Bytes(text)).slice(0, 5), (byte) => byte.toString(16).padStart(2, "0")).join("")
