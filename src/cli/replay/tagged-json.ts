import type { Json } from "../../kubernetes/http.ts"
import { isList, isObject } from "../../kubernetes/json.ts"

/** The field that marks a value which JSON has no word for. */
const tag = "$"

/**
 * Any plain value as JSON and exactly back: bytes, bigints, maps, sets, `undefined` and the numbers that JSON lacks.
 * Whatever has an identity (a class, a function) is none.
 */
export const toTagged = (value: unknown): Json => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : tagged("number", numberText(value))
    case "bigint":
      return tagged("bigint", String(value))
    case "undefined":
      return tagged("undefined", null)
    case "object":
      return value === null ? null : objectToTagged(value)
    case "function":
    case "symbol":
      throw new TypeError(`a ${typeof value} cannot be recorded`)
  }
}

const tagged = (kind: string, value: Json): Json => ({ [tag]: kind, value })

const numberText = (value: number): string => (Object.is(value, -0) ? "-0" : String(value))

const objectToTagged = (value: object): Json => {
  if (Array.isArray(value)) return value.map(toTagged)
  if (value instanceof Uint8Array) return tagged("bytes", Buffer.from(value).toString("base64"))
  if (value instanceof Map) return tagged("map", [...value].map(pairToTagged))
  if (value instanceof Set) return tagged("set", [...value].map(toTagged))
  const fields = Object.entries(value)
  // A field named like the tag, and `__proto__`, which a literal would not make a field.
  if (fields.some(([name]) => name === tag || name === "__proto__")) return tagged("object", fields.map(pairToTagged))
  return Object.fromEntries(fields.map(([name, item]) => [name, toTagged(item)]))
}

const pairToTagged = ([key, item]: readonly [unknown, unknown]): Json => [toTagged(key), toTagged(item)]

/** @throws TypeError where a tag is none that `toTagged` writes */
export const fromTagged = (json: Json): unknown => {
  if (isList(json)) return json.map(fromTagged)
  if (!isObject(json)) return json
  const kind = json[tag]
  if (kind === undefined)
    return Object.fromEntries(Object.entries(json).map(([name, item]) => [name, fromTagged(item)]))
  const value = json["value"] ?? null
  if (kind === "undefined") return undefined
  if (kind === "number" && typeof value === "string") return Number(value)
  if (kind === "bigint" && typeof value === "string") return BigInt(value)
  if (kind === "bytes" && typeof value === "string") return new Uint8Array(Buffer.from(value, "base64"))
  if (kind === "set" && isList(value)) return new Set(value.map(fromTagged))
  if (kind === "map" && isList(value)) return new Map(value.map(pairFromTagged))
  if (kind === "object" && isList(value)) return Object.fromEntries(value.map(pairFromTagged))
  throw new TypeError(`no recorded value is tagged ${JSON.stringify(kind)}`)
}

const pairFromTagged = (pair: Json): readonly [string, unknown] => {
  if (!isList(pair) || pair.length !== 2) throw new TypeError("a recorded pair has two parts")
  return [fromTagged(pair[0]!) as string, fromTagged(pair[1]!)]
}
