import type { Json, JsonObject } from "./http.ts"

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/** The value of an own field; `constructor` and `__proto__` of a hostile object are fields like any other. */
export const field = (value: Json | undefined, ...path: readonly string[]): Json | undefined => {
  let at = value
  for (const name of path) {
    if (!isObject(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return at
}

export const textAt = (value: Json | undefined, ...path: readonly string[]): string | undefined => {
  const found = field(value, ...path)
  return typeof found === "string" ? found : undefined
}

export const numberAt = (value: Json | undefined, ...path: readonly string[]): number | undefined => {
  const found = field(value, ...path)
  return typeof found === "number" ? found : undefined
}

export const listAt = (value: Json | undefined, ...path: readonly string[]): readonly Json[] => {
  const found = field(value, ...path)
  return isList(found) ? found : []
}

export const objectAt = (value: Json | undefined, ...path: readonly string[]): JsonObject => {
  const found = field(value, ...path)
  return isObject(found) ? found : {}
}

export const textsAt = (value: Json | undefined, ...path: readonly string[]): readonly string[] =>
  listAt(value, ...path).filter((item) => typeof item === "string")

/** A copy with one field replaced, or removed where `value` is undefined. Parents that are missing are made. */
export const withField = (object: JsonObject, path: readonly string[], value: Json | undefined): JsonObject => {
  const [name, ...rest] = path
  if (name === undefined) return object
  const inner = rest.length === 0 ? value : withField(objectAt(object, name), rest, value)
  if (inner !== undefined) return { ...object, [name]: inner }
  return withoutField(object, name)
}

export const withoutField = (object: JsonObject, ...names: readonly string[]): JsonObject =>
  names.some((name) => Object.hasOwn(object, name))
    ? Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
    : object

/** Equality of JSON values; the order of an object's fields does not matter. */
export const sameJson = (a: Json | undefined, b: Json | undefined): boolean => {
  if (a === b) return true
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]))
  if (!isObject(a) || !isObject(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameJson(a[name], b[name]))
  )
}

/** Whether lists and objects lie in one another more than `levels` deep. */
export const nestsDeeper = (value: Json, levels: number): boolean => {
  if (typeof value !== "object" || value === null) return false
  return levels <= 0 || Object.values(value).some((inner) => nestsDeeper(inner, levels - 1))
}

/** A value in a message: a text as it is, anything else as JSON. */
export const plainText = (value: Json | undefined): string =>
  typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value)
