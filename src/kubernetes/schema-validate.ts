import type { Json, JsonObject } from "./http.ts"
import { isList, isObject, sameJson } from "./json.ts"
import type { Schema } from "./schema.ts"
import { schemaOfField } from "./schema.ts"

/** One reason why an object is refused, as `details.causes` of a Status carries it. */
export type Cause = { readonly reason: CauseReason; readonly field: string; readonly message: string }
export type CauseReason =
  | "FieldValueRequired"
  | "FieldValueInvalid"
  | "FieldValueNotSupported"
  | "FieldValueDuplicate"
  | "FieldValueForbidden"
  | "FieldValueTypeInvalid"
  | "FieldValueTooMany"
  | "FieldValueTooLong"
  | "ResourceVersionTooLarge"

export const required = (path: string, detail?: string): Cause =>
  cause("FieldValueRequired", path, `Required value${detail === undefined ? "" : `: ${detail}`}`)
export const invalid = (path: string, value: Json, detail: string): Cause =>
  cause("FieldValueInvalid", path, `Invalid value: ${shown(value)}: ${detail}`)
export const forbidden = (path: string, detail: string): Cause =>
  cause("FieldValueForbidden", path, `Forbidden: ${detail}`)
export const duplicate = (path: string, value: Json): Cause =>
  cause("FieldValueDuplicate", path, `Duplicate value: ${shown(value)}`)
export const unsupported = (path: string, value: Json, supported: readonly Json[]): Cause =>
  cause(
    "FieldValueNotSupported",
    path,
    `Unsupported value: ${shown(value)}: supported values: ${supported.map(shown).join(", ")}`,
  )

const cause = (reason: CauseReason, field: string, message: string): Cause => ({ reason, field, message })

/** Longest part of a refused value that a message repeats. */
const SHOWN_CHARS_MAX = 200
const shown = (value: Json): string => {
  const text = JSON.stringify(value)
  return text.length > SHOWN_CHARS_MAX ? `${text.slice(0, SHOWN_CHARS_MAX)}...` : text
}

/** A refusal lists at most this many causes, so that one hostile object cannot make a boundless answer. */
const CAUSES_MAX = 100

/**
 * Checks a value against a structural schema, in the words of a real API server. CEL rules
 * (`x-kubernetes-validations`) are not evaluated, but for `self == oldSelf`: a field that may not change.
 */
export const validate = (value: Json, schema: Schema, path: string, before?: Json): readonly Cause[] => {
  const found: Cause[] = []
  check(value, schema, path, found, before)
  return found.slice(0, CAUSES_MAX)
}

const check = (value: Json, schema: Schema, path: string, found: Cause[], before?: Json): void => {
  if (found.length >= CAUSES_MAX || (value === null && schema.nullable === true)) return
  if (!hasType(value, schema)) {
    found.push(wrongType(value, schema, path))
    return
  }
  if (schema.enum !== undefined && !schema.enum.some((one) => sameJson(one, value)))
    found.push(unsupported(path, value, schema.enum))
  if (typeof value === "string") checkText(value, schema, path, found)
  else if (typeof value === "number") checkNumber(value, schema, path, found)
  else if (isList(value)) checkList(value, schema, path, found, before)
  else if (isObject(value)) checkObject(value, schema, path, found, before)
  checkCombinations(value, schema, path, found)
  if (before !== undefined && isImmutable(schema) && !sameJson(value, before))
    found.push(invalid(path, value, immutableMessage(schema)))
}

const rulesOf = (schema: Schema): readonly { readonly rule: string; readonly message?: string }[] =>
  schema["x-kubernetes-validations"] ?? []
const isImmutable = (schema: Schema): boolean => rulesOf(schema).some(({ rule }) => rule.trim() === "self == oldSelf")
const immutableMessage = (schema: Schema): string =>
  rulesOf(schema).find(({ rule }) => rule.trim() === "self == oldSelf")?.message ?? "failed rule: self == oldSelf"

const hasType = (value: Json, schema: Schema): boolean => {
  if (schema["x-kubernetes-int-or-string"] === true) return typeof value === "string" || Number.isInteger(value)
  switch (schema.type) {
    case "object":
      return isObject(value)
    case "array":
      return isList(value)
    case "integer":
      return Number.isInteger(value)
    case "string":
    case "number":
    case "boolean":
      return typeof value === schema.type
    case undefined:
      return true
    default:
      return true
  }
}

const wrongType = (value: Json, schema: Schema, path: string): Cause => {
  const wanted = schema["x-kubernetes-int-or-string"] === true ? "integer,string" : (schema.type ?? "")
  const got = typeOf(value)
  return cause(
    "FieldValueTypeInvalid",
    path,
    `Invalid value: ${JSON.stringify(got)}: ${path} in body must be of type ${wanted}: ${JSON.stringify(got)}`,
  )
}

const typeOf = (value: Json): string => {
  if (value === null) return "null"
  if (isList(value)) return "array"
  return Number.isInteger(value) ? "integer" : typeof value
}

const checkText = (value: string, schema: Schema, path: string, found: Cause[]): void => {
  const { minLength, maxLength, pattern } = schema
  if (minLength !== undefined && value.length < minLength)
    found.push(invalid(path, value, `${path} in body should be at least ${minLength} chars long`))
  if (maxLength !== undefined && value.length > maxLength)
    found.push(cause("FieldValueTooLong", path, `Too long: may not be more than ${maxLength} bytes`))
  if (pattern !== undefined && patternOf(pattern)?.test(value) === false)
    found.push(invalid(path, value, `${path} in body should match '${pattern}'`))
  const form = schema.format === undefined ? undefined : FORMATS.get(schema.format)
  if (form?.test(value) === false) {
    const said = `${path} in body must be of type ${schema.format}: ${JSON.stringify(value)}`
    found.push({ ...invalid(path, value, said), reason: "FieldValueTypeInvalid" })
  }
}

const FORMATS: ReadonlyMap<string, RegExp> = new Map([
  ["date-time", /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/],
  ["byte", /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/],
])

/** A pattern that this engine cannot read is no reason to refuse objects: undefined, checked when the CRD is written. */
export const patternOf = (pattern: string): RegExp | undefined => {
  try {
    return new RegExp(pattern)
  } catch {
    return undefined
  }
}

const checkNumber = (value: number, schema: Schema, path: string, found: Cause[]): void => {
  const { minimum, maximum, multipleOf } = schema
  const bound = (than: string, limit: number): void => {
    found.push(invalid(path, value, `${path} in body should be ${than} ${limit}`))
  }
  if (minimum !== undefined && schema.exclusiveMinimum === true && value <= minimum) bound("greater than", minimum)
  else if (minimum !== undefined && value < minimum) bound("greater than or equal to", minimum)
  if (maximum !== undefined && schema.exclusiveMaximum === true && value >= maximum) bound("less than", maximum)
  else if (maximum !== undefined && value > maximum) bound("less than or equal to", maximum)
  if (multipleOf !== undefined && value % multipleOf !== 0) bound("a multiple of", multipleOf)
  const bits = schema.format === "int32" ? 2 ** 31 : Number.POSITIVE_INFINITY
  if (value >= bits || value < -bits) found.push(invalid(path, value, `${path} in body must be of type int32`))
}

const checkList = (
  value: readonly Json[],
  schema: Schema,
  path: string,
  found: Cause[],
  before: Json | undefined,
): void => {
  const { minItems, maxItems, items } = schema
  if (minItems !== undefined && value.length < minItems)
    found.push(invalid(path, value.length, `${path} in body should have at least ${minItems} items`))
  if (maxItems !== undefined && value.length > maxItems)
    found.push(cause("FieldValueTooMany", path, `Too many: ${value.length}: must have at most ${maxItems} items`))
  if (items !== undefined) checkItems(value, items, schema, path, found, before)
  checkDistinct(value, schema, path, found)
}

const checkItems = (
  value: readonly Json[],
  items: Schema,
  schema: Schema,
  path: string,
  found: Cause[],
  before: Json | undefined,
): void => {
  const old = beforeByKey(schema, before)
  value.forEach((item, index) => check(item, items, `${path}[${index}]`, found, old?.get(keyOf(item, schema))))
}

const checkDistinct = (value: readonly Json[], schema: Schema, path: string, found: Cause[]): void => {
  const kind = schema["x-kubernetes-list-type"]
  if (kind !== "set" && kind !== "map" && schema.uniqueItems !== true) return
  const seen = new Set<string>()
  value.forEach((item, index) => {
    const key = keyOf(item, schema)
    if (seen.has(key)) found.push(duplicate(`${path}[${index}]`, JSON.parse(key) as Json))
    seen.add(key)
  })
}

/** What tells one item of a list from another: its map keys, else all of it. */
const keyOf = (item: Json, schema: Schema): string => {
  const keys = schema["x-kubernetes-list-map-keys"]
  if (keys === undefined || !isObject(item)) return JSON.stringify(item)
  return JSON.stringify(
    Object.fromEntries(keys.map((key) => [key, item[key] ?? schema.items?.properties?.[key]?.default ?? null])),
  )
}

const beforeByKey = (schema: Schema, before: Json | undefined): ReadonlyMap<string, Json> | undefined =>
  isList(before) && schema["x-kubernetes-list-type"] === "map"
    ? new Map(before.map((item) => [keyOf(item, schema), item]))
    : undefined

const checkObject = (
  value: JsonObject,
  schema: Schema,
  path: string,
  found: Cause[],
  before: Json | undefined,
): void => {
  const names = Object.keys(value)
  const below = (name: string): string => (path === "" ? name : `${path}.${name}`)
  for (const name of schema.required ?? []) if (!Object.hasOwn(value, name)) found.push(required(below(name)))
  if (schema.minProperties !== undefined && names.length < schema.minProperties)
    found.push(invalid(path, names.length, `${path} in body should have at least ${schema.minProperties} properties`))
  if (schema.maxProperties !== undefined && names.length > schema.maxProperties)
    found.push(
      cause("FieldValueTooMany", path, `Too many: ${names.length}: must have at most ${schema.maxProperties} items`),
    )
  for (const name of names) {
    const known = schemaOfField(schema, name)
    const inner = value[name]
    const old = isObject(before) && Object.hasOwn(before, name) ? before[name] : undefined
    if (known !== undefined && inner !== undefined) check(inner, known, below(name), found, old)
  }
}

const checkCombinations = (value: Json, schema: Schema, path: string, found: Cause[]): void => {
  const fits = (one: Schema): boolean => validate(value, one, path).length === 0
  for (const one of schema.allOf ?? []) check(value, one, path, found)
  if (schema.anyOf !== undefined && !schema.anyOf.some(fits))
    found.push(invalid(path, value, `${path} in body must validate at least one schema (anyOf)`))
  if (schema.oneOf !== undefined && schema.oneOf.filter(fits).length !== 1)
    found.push(invalid(path, value, `${path} in body must validate one and only one schema (oneOf)`))
  if (schema.not !== undefined && fits(schema.not))
    found.push(invalid(path, value, `${path} in body must not validate the schema (not)`))
}
