import type { At } from "../time/instant.ts"
import type { JsonObject } from "./http.ts"
import { isObject, numberAt, objectAt, textAt, withField, withoutField } from "./json.ts"
import { base64OfText } from "./base64.ts"
import { prepareCrd, validateCrd } from "./kinds-custom.ts"
import type { Kind } from "./kinds.ts"
import { storageName } from "./kinds.ts"
import type { Cause } from "./schema-validate.ts"
import { forbidden, invalid } from "./schema-validate.ts"
import type { ServiceAllocations } from "./service-allocate.ts"
import { defaultService } from "./service-defaults.ts"
import { dropForType } from "./service-defaults.ts"
import { validateService, validateServiceStatus } from "./service-validate.ts"

/** What rules need to know of a write. */
export type Writing = { readonly subresource: string | undefined; readonly at: At }

/** What only one kind does to an object before it is checked, and how it is checked beyond its schema. */
export type KindRules = {
  readonly prepare: (object: JsonObject, before: JsonObject | undefined, write: Writing) => JsonObject
  readonly validate: (object: JsonObject, before: JsonObject | undefined) => readonly Cause[]
  /** Gives out what the server chooses (addresses, ports), or says why it cannot. Only for what passed `validate`. */
  readonly allocate: (object: JsonObject, before: JsonObject | undefined) => JsonObject | readonly Cause[]
}

const NOTHING: KindRules = {
  prepare: (object) => object,
  validate: () => [],
  allocate: (object) => object,
}

export const rulesOf = (kind: Kind, services: ServiceAllocations): KindRules => {
  switch (storageName(kind)) {
    case "services":
      return serviceRules(services)
    case "secrets":
      return { ...NOTHING, prepare: prepareSecret, validate: validateSecret }
    case "configmaps":
      return { ...NOTHING, validate: validateImmutable }
    case "namespaces":
      return { ...NOTHING, prepare: prepareNamespace }
    case "events":
      return { ...NOTHING, validate: validateEvent }
    case "leases.coordination.k8s.io":
      return { ...NOTHING, validate: validateLease }
    case "pods":
      return { ...NOTHING, prepare: preparePod }
    case "customresourcedefinitions.apiextensions.k8s.io":
      return { ...NOTHING, prepare: (crd, before, { at }) => prepareCrd(crd, before, at), validate: validateCrd }
    default:
      return NOTHING
  }
}

const serviceRules = (services: ServiceAllocations): KindRules => ({
  prepare: (service, before, { subresource }) =>
    defaultService(before === undefined || subresource === "status" ? service : dropForType(service, before)),
  validate: (service, before) => [...validateService(service, before), ...validateServiceStatus(service)],
  allocate: (service, before) => services.allocate(service, before),
})

/** `stringData` is write-only: its values go into `data`. */
const prepareSecret = (secret: JsonObject): JsonObject => {
  const plain = Object.entries(objectAt(secret, "stringData")).map(
    ([key, value]) => [key, base64OfText(typeof value === "string" ? value : "")] as const,
  )
  const data = { ...objectAt(secret, "data"), ...Object.fromEntries(plain) }
  const typed = textAt(secret, "type") === undefined ? { ...secret, type: "Opaque" } : secret
  return plain.length === 0 ? typed : { ...withoutField(typed, "stringData"), data }
}

const validateSecret = (secret: JsonObject, before: JsonObject | undefined): readonly Cause[] => [
  ...(before !== undefined && before["type"] !== secret["type"]
    ? [invalid("type", secret["type"] ?? null, "field is immutable")]
    : []),
  ...validateImmutable(secret, before),
]

const validateImmutable = (object: JsonObject, before: JsonObject | undefined): readonly Cause[] => {
  if (before?.["immutable"] !== true) return []
  const changed = ["data", "binaryData", "immutable"].filter(
    (name) => JSON.stringify(object[name]) !== JSON.stringify(before[name]),
  )
  return changed.map((name) => forbidden(name, "field is immutable when `immutable` is set"))
}

/** An Event lies where the object lies that it is about. */
const validateEvent = (event: JsonObject): readonly Cause[] => {
  const about = textAt(event, "involvedObject", "namespace") ?? ""
  const namespace = textAt(event, "metadata", "namespace") ?? ""
  if (about === namespace || (about === "" && namespace === "default")) return []
  return [invalid("involvedObject.namespace", about, "does not match event.namespace")]
}

const validateLease = (lease: JsonObject): readonly Cause[] => {
  const seconds = numberAt(lease, "spec", "leaseDurationSeconds") ?? 1
  const transitions = numberAt(lease, "spec", "leaseTransitions") ?? 0
  return [
    ...(seconds > 0 ? [] : [invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")]),
    ...(transitions >= 0 ? [] : [invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0")]),
  ]
}

const prepareNamespace = (namespace: JsonObject, before: JsonObject | undefined): JsonObject => {
  const name = textAt(namespace, "metadata", "name") ?? ""
  const labels = { ...objectAt(namespace, "metadata", "labels"), "kubernetes.io/metadata.name": name }
  const labelled = withField(namespace, ["metadata", "labels"], labels)
  if (before !== undefined) return labelled
  return { ...labelled, spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } }
}

const preparePod = (pod: JsonObject, before: JsonObject | undefined): JsonObject => {
  if (before !== undefined || isObject(pod["status"])) return pod
  return { ...pod, status: { phase: "Pending", qosClass: "BestEffort" } }
}
