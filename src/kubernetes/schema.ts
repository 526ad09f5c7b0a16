import type { Json, JsonObject } from "./http.ts"
import { isList, isObject } from "./json.ts"

/**
 * A structural schema, as `spec.versions[].schema.openAPIV3Schema` of a CustomResourceDefinition spells it. Built-in
 * kinds are described in the same words, so that pruning, defaulting, validation, merging and `explain` are written once.
 */
export type Schema = {
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean"
  readonly description?: string
  readonly format?: string
  readonly nullable?: boolean
  readonly default?: Json
  readonly enum?: readonly Json[]
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: boolean
  readonly exclusiveMaximum?: boolean
  readonly multipleOf?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: boolean
  readonly minProperties?: number
  readonly maxProperties?: number
  readonly required?: readonly string[]
  readonly properties?: { readonly [name: string]: Schema }
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly allOf?: readonly Schema[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly not?: Schema
  readonly "x-kubernetes-int-or-string"?: boolean
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean
  readonly "x-kubernetes-embedded-resource"?: boolean
  readonly "x-kubernetes-list-type"?: "atomic" | "set" | "map"
  readonly "x-kubernetes-list-map-keys"?: readonly string[]
  readonly "x-kubernetes-map-type"?: "atomic" | "granular"
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message?: string }[]
  readonly "x-kubernetes-patch-merge-key"?: string
  readonly "x-kubernetes-patch-strategy"?: string
  readonly "x-kubernetes-group-version-kind"?: Json
}

/** What fits one field of an object: a declared property, else the schema of all others, else nothing. */
export const schemaOfField = (schema: Schema, name: string): Schema | undefined => {
  if (schema.properties !== undefined && Object.hasOwn(schema.properties, name)) return schema.properties[name]
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined
}

const keepsUnknown = (schema: Schema): boolean =>
  schema["x-kubernetes-preserve-unknown-fields"] === true || schema.additionalProperties === true

export type Pruned = { readonly value: Json; readonly unknown: readonly string[] }

/** Drops fields the schema does not know (Kubernetes: pruning) and names each by its path: `spec.foo`. */
export const prune = (value: Json, schema: Schema): Pruned => {
  const unknown: string[] = []
  return { value: pruneInto(value, schema, "", unknown), unknown }
}

const pruneInto = (value: Json, schema: Schema, path: string, unknown: string[]): Json => {
  if (isList(value)) {
    const { items } = schema
    if (items === undefined) return value
    return keepSame(
      value,
      value.map((item, index) => pruneInto(item, items, `${path}[${index}]`, unknown)),
    )
  }
  return isObject(value) ? pruneObject(value, schema, path, unknown) : value
}

const pruneObject = (value: JsonObject, schema: Schema, path: string, unknown: string[]): Json => {
  const kept: (readonly [string, Json])[] = []
  let changed = false
  for (const [name, inner] of Object.entries(value)) {
    const below = path === "" ? name : `${path}.${name}`
    const known = schemaOfField(schema, name)
    const next = known === undefined ? inner : pruneInto(inner, known, below, unknown)
    if (known !== undefined || keepsUnknown(schema) || isEmbeddedMeta(schema, name)) kept.push([name, next])
    else unknown.push(below)
    if (next !== inner) changed = true
  }
  return changed || kept.length < Object.keys(value).length ? Object.fromEntries(kept) : value
}

const isEmbeddedMeta = (schema: Schema, name: string): boolean =>
  schema["x-kubernetes-embedded-resource"] === true && ["apiVersion", "kind", "metadata"].includes(name)

const keepSame = (before: readonly Json[], after: readonly Json[]): readonly Json[] =>
  after.every((item, index) => item === before[index]) ? before : after

/**
 * Fills in defaults (Kubernetes: structural defaulting): a missing field takes its default; an explicit null of a field
 * that is not nullable counts as missing. Defaults apply below defaults.
 */
export const applyDefaults = (value: Json, schema: Schema): Json => {
  if (isList(value)) {
    const { items } = schema
    return items === undefined
      ? value
      : keepSame(
          value,
          value.map((item) => applyDefaults(item, items)),
        )
  }
  return isObject(value) ? defaultObject(value, schema) : value
}

const defaultObject = (value: JsonObject, schema: Schema): JsonObject => {
  const out = new Map(Object.entries(value))
  for (const [name, inner] of Object.entries(schema.properties ?? {})) {
    const found = out.get(name)
    const missing = found === undefined || (found === null && inner.nullable !== true)
    if (missing && inner.default !== undefined) out.set(name, inner.default)
    else if (found === null && missing) out.delete(name)
  }
  for (const [name, found] of out) {
    const known = schemaOfField(schema, name)
    if (known !== undefined) out.set(name, applyDefaults(found, known))
  }
  const unchanged = out.size === Object.keys(value).length && [...out].every(([name, inner]) => value[name] === inner)
  return unchanged ? value : Object.fromEntries(out)
}
