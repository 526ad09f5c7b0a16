/** A field by its number in Kubernetes' `generated.proto`. */
export type MessageField = {
  readonly name: string
  readonly type: "text" | "int" | "flag" | "time" | "int-or-text" | "text-map" | "bytes-map" | "message"
  readonly of?: Message
  readonly many?: boolean
  /** A pointer in Go: zero was meant, where other fields write zero for nothing. */
  readonly keepZero?: boolean
}
export type Message = { readonly [number: number]: MessageField }

/** The messages kubectl sends in protobuf (it does not fall back to JSON when refused). */
export const messageOf = (apiVersion: string, kind: string): Message | undefined => {
  if (kind === "DeleteOptions") return deleteOptions
  return MESSAGES.get(`${apiVersion}/${kind}`)
}

const text = (name: string): MessageField => ({ name, type: "text" })
const texts = (name: string): MessageField => ({ name, type: "text", many: true })
const int = (name: string): MessageField => ({ name, type: "int" })
const flag = (name: string): MessageField => ({ name, type: "flag" })
const kept = (field: MessageField): MessageField => ({ ...field, keepZero: true })
const time = (name: string): MessageField => ({ name, type: "time" })
const textMap = (name: string): MessageField => ({ name, type: "text-map" })
const bytesMap = (name: string): MessageField => ({ name, type: "bytes-map" })
const message = (name: string, of: Message): MessageField => ({ name, type: "message", of })
const messages = (name: string, of: Message): MessageField => ({ name, type: "message", of, many: true })

const ownerReference: Message = {
  1: text("kind"),
  3: text("name"),
  4: text("uid"),
  5: text("apiVersion"),
  6: kept(flag("controller")),
  7: kept(flag("blockOwnerDeletion")),
}

const metadata = message("metadata", {
  1: text("name"),
  2: text("generateName"),
  3: text("namespace"),
  5: text("uid"),
  6: text("resourceVersion"),
  7: int("generation"),
  8: time("creationTimestamp"),
  9: time("deletionTimestamp"),
  11: textMap("labels"),
  12: textMap("annotations"),
  13: messages("ownerReferences", ownerReference),
  14: texts("finalizers"),
})

const namespace: Message = { 1: metadata, 2: message("spec", { 1: texts("finalizers") }) }

const configMap: Message = { 1: metadata, 2: textMap("data"), 3: bytesMap("binaryData"), 4: kept(flag("immutable")) }

const secret: Message = {
  1: metadata,
  2: bytesMap("data"),
  3: text("type"),
  4: textMap("stringData"),
  5: kept(flag("immutable")),
}

const servicePort: Message = {
  1: text("name"),
  2: text("protocol"),
  3: int("port"),
  4: { name: "targetPort", type: "int-or-text" },
  5: int("nodePort"),
  6: kept(text("appProtocol")),
}

const affinity: Message = { 1: message("clientIP", { 1: kept(int("timeoutSeconds")) }) }

const serviceSpec: Message = {
  1: messages("ports", servicePort),
  2: textMap("selector"),
  3: text("clusterIP"),
  4: text("type"),
  5: texts("externalIPs"),
  7: text("sessionAffinity"),
  8: text("loadBalancerIP"),
  9: texts("loadBalancerSourceRanges"),
  10: text("externalName"),
  11: text("externalTrafficPolicy"),
  12: int("healthCheckNodePort"),
  13: flag("publishNotReadyAddresses"),
  14: message("sessionAffinityConfig", affinity),
  17: text("ipFamilyPolicy"),
  18: texts("clusterIPs"),
  19: texts("ipFamilies"),
  20: kept(flag("allocateLoadBalancerNodePorts")),
  21: text("loadBalancerClass"),
  22: text("internalTrafficPolicy"),
  23: text("trafficDistribution"),
}

const deleteOptions: Message = {
  1: kept(int("gracePeriodSeconds")),
  2: message("preconditions", { 1: text("uid"), 2: text("resourceVersion") }),
  4: text("propagationPolicy"),
  5: texts("dryRun"),
}

const resourceAttributes: Message = {
  1: text("namespace"),
  2: text("verb"),
  3: text("group"),
  4: text("version"),
  5: text("resource"),
  6: text("subresource"),
  7: text("name"),
}

const accessReview: Message = {
  1: metadata,
  2: message("spec", {
    1: message("resourceAttributes", resourceAttributes),
    2: message("nonResourceAttributes", { 1: text("path"), 2: text("verb") }),
  }),
}

const MESSAGES: ReadonlyMap<string, Message> = new Map([
  ["v1/Namespace", namespace],
  ["v1/ConfigMap", configMap],
  ["v1/Secret", secret],
  ["v1/Service", { 1: metadata, 2: message("spec", serviceSpec) }],
  ["authorization.k8s.io/v1/SelfSubjectAccessReview", accessReview],
  ["authorization.k8s.io/v1/SelfSubjectRulesReview", { 1: metadata, 2: message("spec", { 1: text("namespace") }) }],
  ["authentication.k8s.io/v1/SelfSubjectReview", { 1: metadata }],
])
