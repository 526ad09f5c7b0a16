import type { Json, JsonObject } from "./http.ts"
import { isObject, sameJson } from "./json.ts"

/**
 * The RFC 7396 merge patch that makes `wanted` of `before`; undefined where nothing differs. Fields of `before` that
 * `wanted` lacks are removed (null in the patch), so hand in only the part of an object that is ours. Lists are replaced
 * whole. A merge patch cannot write a null: nulls in `wanted` count as absent.
 */
export const mergeDifference = (before: JsonObject, wanted: JsonObject): JsonObject | undefined => {
  const patch: [string, Json][] = []
  for (const name of new Set([...Object.keys(before), ...Object.keys(wanted)])) {
    const change = fieldDifference(own(before, name), own(wanted, name))
    if (change !== undefined) patch.push([name, change])
  }
  return patch.length === 0 ? undefined : Object.fromEntries(patch)
}

const fieldDifference = (before: Json | undefined, wanted: Json | undefined): Json | undefined => {
  if (wanted === undefined) return before === undefined ? undefined : null
  if (isObject(wanted) && isObject(before)) return mergeDifference(before, wanted)
  const whole = isObject(wanted) ? withoutNulls(wanted) : wanted
  return sameJson(before, whole) ? undefined : whole
}

/** An absent field and a null one are the same to a merge patch. */
const own = (object: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(object, name) ? (object[name] ?? undefined) : undefined

const withoutNulls = (object: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(object).flatMap(([name, value]) =>
      value === null ? [] : [[name, isObject(value) ? withoutNulls(value) : value]],
    ),
  )
