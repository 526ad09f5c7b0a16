import { eventConversion } from "./kinds-event.ts"
import { corev1Event, eventsV1Event } from "./kinds-event.ts"
import { crdSchema } from "./kinds-crd.ts"
import type { Kind } from "./kinds.ts"
import { serviceSchema } from "./kinds-service-schema.ts"
import { podSchema } from "./kinds-pod.ts"
import {
  defaulted,
  flag,
  int32,
  intOrText,
  listBy,
  listOf,
  looseCondition,
  mapOf,
  object,
  objectReference,
  openObject,
  setOf,
  text,
  time,
  wholeObject,
} from "./kinds-words.ts"

type Base = Pick<Kind, "kind" | "plural" | "schema"> & Partial<Kind>

const builtin = (base: Base): Kind => ({
  group: "",
  version: "v1",
  singular: base.kind.toLowerCase(),
  shortNames: [],
  categories: [],
  namespaced: true,
  status: false,
  custom: false,
  printerColumns: [],
  generation: false,
  createOnUpdate: false,
  nameRule: "subdomain",
  ...base,
})

const namespaceSchema = wholeObject("A scope for names.", {
  spec: object({ finalizers: listOf(text) }),
  status: object({ phase: text, conditions: listBy("type", looseCondition) }),
})

const nodeSchema = wholeObject("A machine that runs pods.", {
  spec: openObject({
    podCIDR: text,
    podCIDRs: setOf(text),
    providerID: text,
    unschedulable: flag,
    taints: listOf(object({ key: text, value: text, effect: text, timeAdded: time }, ["key", "effect"])),
  }),
  status: openObject({
    capacity: mapOf(intOrText),
    allocatable: mapOf(intOrText),
    conditions: listBy("type", looseCondition),
    addresses: listBy("type", object({ type: text, address: text }, ["type", "address"])),
    nodeInfo: openObject({}),
  }),
})

const endpointSliceSchema = wholeObject(
  "A part of the endpoints of a Service.",
  {
    addressType: { type: "string", enum: ["IPv4", "IPv6", "FQDN"] },
    endpoints: listOf(
      object(
        {
          addresses: { ...listOf(text), minItems: 1, maxItems: 100 },
          conditions: defaulted(object({ ready: flag, serving: flag, terminating: flag }), {}),
          hostname: text,
          targetRef: objectReference,
          deprecatedTopology: mapOf(text),
          nodeName: text,
          zone: text,
          hints: openObject({}),
        },
        ["addresses"],
      ),
    ),
    ports: listOf(
      object({ name: defaulted(text, ""), protocol: defaulted(text, "TCP"), port: int32, appProtocol: text }),
    ),
  },
  ["addressType"],
)

const leaseSchema = wholeObject("Who leads, and until when.", {
  spec: object({
    holderIdentity: text,
    leaseDurationSeconds: int32,
    acquireTime: time,
    renewTime: time,
    leaseTransitions: int32,
    strategy: text,
    preferredHolder: text,
  }),
})

const binary = { type: "string", format: "byte" } as const

export const builtinKinds: readonly Kind[] = [
  builtin({
    kind: "Namespace",
    plural: "namespaces",
    shortNames: ["ns"],
    namespaced: false,
    status: true,
    nameRule: "label",
    schema: namespaceSchema,
  }),
  builtin({
    kind: "Node",
    plural: "nodes",
    shortNames: ["no"],
    namespaced: false,
    status: true,
    schema: nodeSchema,
  }),
  builtin({
    kind: "Service",
    plural: "services",
    shortNames: ["svc"],
    categories: ["all"],
    status: true,
    createOnUpdate: true,
    nameRule: "label-1035",
    schema: serviceSchema,
  }),
  builtin({
    kind: "Pod",
    plural: "pods",
    shortNames: ["po"],
    categories: ["all"],
    status: true,
    generation: true,
    schema: podSchema,
  }),
  builtin({
    kind: "ConfigMap",
    plural: "configmaps",
    shortNames: ["cm"],
    schema: wholeObject("Configuration as keys and values.", {
      data: mapOf(text),
      binaryData: mapOf(binary),
      immutable: flag,
    }),
  }),
  builtin({
    kind: "Secret",
    plural: "secrets",
    schema: wholeObject("Keys and values that few may read.", {
      data: mapOf(binary),
      stringData: mapOf(text),
      type: text,
      immutable: flag,
    }),
  }),
  builtin({
    kind: "Event",
    plural: "events",
    shortNames: ["ev"],
    createOnUpdate: true,
    nameRule: "path-segment",
    schema: corev1Event,
  }),
  builtin({
    group: "events.k8s.io",
    kind: "Event",
    plural: "events",
    shortNames: ["ev"],
    createOnUpdate: true,
    nameRule: "path-segment",
    schema: eventsV1Event,
    conversion: eventConversion,
    storedAs: "events",
  }),
  builtin({
    group: "discovery.k8s.io",
    kind: "EndpointSlice",
    plural: "endpointslices",
    generation: true,
    schema: endpointSliceSchema,
  }),
  builtin({
    group: "coordination.k8s.io",
    kind: "Lease",
    plural: "leases",
    createOnUpdate: true,
    schema: leaseSchema,
  }),
  builtin({
    group: "apiextensions.k8s.io",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    shortNames: ["crd", "crds"],
    categories: ["api-extensions"],
    namespaced: false,
    status: true,
    generation: true,
    schema: crdSchema,
  }),
]
