import type { Json } from "./http.ts"
import type { Schema } from "./schema.ts"

/** Short words for the schemas of built-in kinds. */
export const text: Schema = { type: "string" }
export const time: Schema = { type: "string", format: "date-time", nullable: true }
export const flag: Schema = { type: "boolean" }
export const int32: Schema = { type: "integer", format: "int32" }
export const int64: Schema = { type: "integer", format: "int64" }
export const intOrText: Schema = { "x-kubernetes-int-or-string": true }
/** Anything at all. */
export const anything: Schema = { "x-kubernetes-preserve-unknown-fields": true }

type Fields = { readonly [name: string]: Schema }

export const object = (properties: Fields, required: readonly string[] = []): Schema =>
  required.length === 0 ? { type: "object", properties } : { type: "object", properties, required }

/** An object of which only some fields are described; the others are kept as they come. */
export const openObject = (properties: Fields): Schema => ({
  type: "object",
  properties,
  "x-kubernetes-preserve-unknown-fields": true,
})

export const mapOf = (values: Schema): Schema => ({ type: "object", additionalProperties: values })
export const listOf = (items: Schema): Schema => ({ type: "array", items, "x-kubernetes-list-type": "atomic" })
/** A list whose items are known by one field; a strategic patch merges it by that field. */
export const listBy = (mergeKey: string, items: Schema): Schema => ({
  type: "array",
  items,
  "x-kubernetes-patch-merge-key": mergeKey,
  "x-kubernetes-patch-strategy": "merge",
})
/** A list of plain values to which a strategic patch adds. */
export const setOf = (items: Schema): Schema => ({ type: "array", items, "x-kubernetes-patch-strategy": "merge" })
/** metav1.Condition: a real server writes the fields it requires even where nobody gave them. */
export const condition: Schema = object({
  type: text,
  status: text,
  observedGeneration: int64,
  lastTransitionTime: { ...time, default: null },
  reason: { ...text, default: "" },
  message: { ...text, default: "" },
})
export const defaulted = (schema: Schema, value: Json): Schema => ({ ...schema, default: value })

export const ownerReference: Schema = object({
  apiVersion: text,
  kind: text,
  name: text,
  uid: text,
  controller: flag,
  blockOwnerDeletion: flag,
})

export const objectMeta: Schema = object({
  name: text,
  generateName: text,
  namespace: text,
  selfLink: text,
  uid: text,
  resourceVersion: text,
  generation: int64,
  creationTimestamp: time,
  deletionTimestamp: time,
  deletionGracePeriodSeconds: int64,
  labels: mapOf(text),
  annotations: mapOf(text),
  ownerReferences: listBy("uid", ownerReference),
  finalizers: setOf(text),
  managedFields: listOf(anything),
})

export const objectReference: Schema = object({
  kind: text,
  namespace: text,
  name: text,
  uid: text,
  apiVersion: text,
  resourceVersion: text,
  fieldPath: text,
})

/** Names that both kinds of conditions, old and new, use. */
export const looseCondition: Schema = openObject({ type: text, status: text, reason: text, message: text })

/** The schema of a whole object: type, metadata, and its own fields. */
export const wholeObject = (description: string, properties: Fields, required: readonly string[] = []): Schema => ({
  ...object({ apiVersion: text, kind: text, metadata: objectMeta, ...properties }, required),
  description,
})
