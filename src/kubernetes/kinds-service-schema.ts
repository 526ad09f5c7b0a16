import type { Schema } from "./schema.ts"
import {
  condition,
  flag,
  int32,
  intOrText,
  listBy,
  listOf,
  mapOf,
  object,
  openObject,
  text,
  wholeObject,
} from "./kinds-words.ts"

const port: Schema = object({
  name: text,
  protocol: text,
  appProtocol: text,
  port: int32,
  targetPort: intOrText,
  nodePort: int32,
})

const ingress: Schema = object({
  ip: text,
  hostname: text,
  ipMode: text,
  ports: listOf(object({ port: int32, protocol: text, error: text })),
})

/** core/v1 Service. */
export const serviceSchema: Schema = wholeObject("A name and addresses for a set of pods.", {
  spec: object({
    type: text,
    selector: { ...mapOf(text), "x-kubernetes-map-type": "atomic" },
    ports: listBy("port", port),
    clusterIP: text,
    clusterIPs: listOf(text),
    ipFamilies: listOf(text),
    ipFamilyPolicy: text,
    externalIPs: listOf(text),
    externalName: text,
    externalTrafficPolicy: text,
    internalTrafficPolicy: text,
    healthCheckNodePort: int32,
    loadBalancerIP: text,
    loadBalancerClass: text,
    loadBalancerSourceRanges: listOf(text),
    allocateLoadBalancerNodePorts: flag,
    publishNotReadyAddresses: flag,
    sessionAffinity: text,
    sessionAffinityConfig: openObject({ clientIP: openObject({ timeoutSeconds: int32 }) }),
    trafficDistribution: text,
  }),
  status: object({
    loadBalancer: object({ ingress: listOf(ingress) }),
    conditions: listBy("type", condition),
  }),
})
