import type { Schema } from "./schema.ts"
import {
  anything,
  flag,
  int32,
  listBy,
  listOf,
  looseCondition,
  object,
  openObject,
  text,
  wholeObject,
} from "./kinds-words.ts"

const names: Schema = object({
  plural: text,
  singular: text,
  kind: text,
  listKind: text,
  shortNames: listOf(text),
  categories: listOf(text),
})

const column: Schema = object({
  name: text,
  type: text,
  format: text,
  description: text,
  priority: int32,
  jsonPath: text,
})

const version: Schema = object({
  name: text,
  served: flag,
  storage: flag,
  deprecated: flag,
  deprecationWarning: text,
  schema: object({ openAPIV3Schema: anything }),
  subresources: object({ status: anything, scale: anything }),
  additionalPrinterColumns: listOf(column),
  selectableFields: listOf(object({ jsonPath: text })),
})

/** apiextensions.k8s.io/v1 CustomResourceDefinition. */
export const crdSchema: Schema = wholeObject("Defines a kind of object; the server serves it at once.", {
  spec: object({
    group: text,
    names,
    scope: text,
    versions: listOf(version),
    conversion: openObject({ strategy: text }),
    preserveUnknownFields: flag,
  }),
  status: object({
    conditions: listBy("type", looseCondition),
    acceptedNames: names,
    storedVersions: listOf(text),
    observedGeneration: int32,
  }),
})
