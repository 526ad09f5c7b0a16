import type { Json, JsonObject } from "./http.ts"
import { isList, isObject, listAt, sameJson, withoutField } from "./json.ts"
import type { Patched, PatchFault } from "./patch-json.ts"
import type { Schema } from "./schema.ts"
import { schemaOfField } from "./schema.ts"

const ORDER = "$setElementOrder/"
const DELETE_PRIMITIVES = "$deleteFromPrimitiveList/"
const RETAIN = "$retainKeys"
const DIRECTIVE = "$patch"

/**
 * Kubernetes' strategic merge patch: lists with a merge key are merged by it, and directives (`$patch`,
 * `$setElementOrder/x`, `$deleteFromPrimitiveList/x`, `$retainKeys`) are obeyed and never stored.
 */
export const strategicPatch = (target: Json, patch: Json, schema: Schema): Patched => {
  if (!isObject(patch) || !isObject(target)) return malformed("a strategic merge patch is an object")
  const value = mergeObject(target, patch, schema)
  return value instanceof Fault ? malformed(value.message) : { kind: "patched", value }
}

const malformed = (message: string): PatchFault => ({ kind: "malformed", message })

/** A class, so that no JSON of a client can pass for one. */
class Fault {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

const isDirective = (name: string): boolean =>
  name === DIRECTIVE || name === RETAIN || name.startsWith(ORDER) || name.startsWith(DELETE_PRIMITIVES)

const mergeObject = (target: JsonObject, patch: JsonObject, schema: Schema): JsonObject | Fault => {
  const directive = patch[DIRECTIVE]
  if (directive === "replace") return withoutDirectives(withoutField(patch, DIRECTIVE)) as JsonObject
  if (directive === "delete") return {}
  if (directive !== undefined && directive !== "merge")
    return new Fault(`unknown $patch directive ${JSON.stringify(directive)}: use merge, replace or delete`)
  const out = new Map(Object.entries(retained(target, patch)))
  for (const [name, value] of Object.entries(patch)) {
    if (isDirective(name)) continue
    const merged = value === null ? undefined : mergeField(out.get(name), value, patch, name, schema)
    if (merged === undefined) out.delete(name)
    else if (merged instanceof Fault) return merged
    else out.set(name, merged)
  }
  return onlyDirectives(out, patch, schema)
}

/** `$retainKeys` lists the fields that may stay. */
const retained = (target: JsonObject, patch: JsonObject): JsonObject => {
  const keep = patch[RETAIN]
  if (!isList(keep)) return target
  return Object.fromEntries(Object.entries(target).filter(([name]) => keep.includes(name)))
}

/** Order and deletions of lists that the patch does not otherwise name. */
const onlyDirectives = (out: Map<string, Json>, patch: JsonObject, schema: Schema): JsonObject => {
  for (const name of Object.keys(patch)) {
    const list = name.startsWith(ORDER) ? name.slice(ORDER.length) : name.slice(DELETE_PRIMITIVES.length)
    if (!name.startsWith(ORDER) && !name.startsWith(DELETE_PRIMITIVES)) continue
    const found = out.get(list)
    if (Object.hasOwn(patch, list) || !isList(found)) continue
    out.set(list, arrange(found, found, patch, list, mergeKeyOf(schemaOfField(schema, list))))
  }
  return Object.fromEntries(out)
}

const mergeKeyOf = (schema: Schema | undefined): string | undefined => schema?.["x-kubernetes-patch-merge-key"]
const mergesAsList = (schema: Schema | undefined): boolean =>
  (schema?.["x-kubernetes-patch-strategy"] ?? "").split(",").includes("merge")

const mergeField = (
  found: Json | undefined,
  value: Json,
  patch: JsonObject,
  name: string,
  schema: Schema,
): Json | Fault | undefined => {
  const inner = schemaOfField(schema, name)
  if (isObject(value))
    return isObject(found) ? mergeObject(found, value, inner ?? {}) : mergeObject({}, value, inner ?? {})
  if (!isList(value)) return value
  if (!mergesAsList(inner)) return withoutDirectives(value)
  const key = mergeKeyOf(inner)
  const before = isList(found) ? found : []
  const merged =
    key === undefined ? mergePrimitives(before, value, patch, name) : mergeList(before, value, key, inner?.items ?? {})
  return merged instanceof Fault ? merged : arrange(merged, before, patch, name, key, value)
}

const mergePrimitives = (
  before: readonly Json[],
  added: readonly Json[],
  patch: JsonObject,
  name: string,
): readonly Json[] => {
  const gone = listAt(patch, DELETE_PRIMITIVES + name)
  const kept = before.filter((item) => !gone.some((one) => sameJson(one, item)))
  return [...kept, ...added.map(withoutDirectives).filter((item) => !kept.some((one) => sameJson(one, item)))]
}

const mergeList = (
  before: readonly Json[],
  items: readonly Json[],
  key: string,
  schema: Schema,
): readonly Json[] | Fault => {
  if (items.some((item) => isObject(item) && item[DIRECTIVE] === "replace" && Object.keys(item).length === 1))
    return items.filter((item) => !(isObject(item) && item[DIRECTIVE] === "replace")).map(withoutDirectives)
  let out = [...before]
  for (const item of items) {
    if (!isObject(item) || item[key] === undefined)
      return new Fault(
        `an item of a list merged by ${key} does not name its ${key}: ${JSON.stringify(item).slice(0, 200)}`,
      )
    const index = out.findIndex((one) => isObject(one) && sameJson(one[key], item[key]))
    if (item[DIRECTIVE] === "delete") {
      out = out.filter((one) => !(isObject(one) && sameJson(one[key], item[key])))
      continue
    }
    const old = out[index]
    const merged = mergeObject(isObject(old) ? old : {}, item, schema)
    if (merged instanceof Fault) return merged
    if (index < 0) out.push(merged)
    else out[index] = merged
  }
  return out
}

/**
 * Puts a list into the order the patch wishes in `$setElementOrder`, else into that of what it `said`. Items it does not name keep their place behind those they followed in the
 * list `before`; items new to it come as early as the order allows.
 */
const arrange = (
  items: readonly Json[],
  before: readonly Json[],
  patch: JsonObject,
  name: string,
  key: string | undefined,
  said: readonly Json[] = [],
): readonly Json[] => {
  const gone = key === undefined ? listAt(patch, DELETE_PRIMITIVES + name) : []
  const kept = items.filter((item) => !gone.some((one) => sameJson(one, item)))
  const wished = patch[ORDER + name]
  const order = isList(wished) ? wished : said
  const identity = (item: Json): Json | undefined => (key !== undefined && isObject(item) ? item[key] : item)
  const placeIn = (list: readonly Json[], item: Json): number =>
    list.findIndex((one) => sameJson(identity(one), identity(item)))
  const ranked = kept.filter((item) => placeIn(order, item) >= 0).sort((a, b) => placeIn(order, a) - placeIn(order, b))
  const free = kept.filter((item) => placeIn(order, item) < 0)
  const out: Json[] = []
  for (const item of ranked) {
    while (free[0] !== undefined && placeIn(before, free[0]) < placeIn(before, item)) out.push(...free.splice(0, 1))
    out.push(item)
  }
  return [...out, ...free]
}

const withoutDirectives = (value: Json): Json => {
  if (isList(value)) return value.map(withoutDirectives)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, inner]) => !isDirective(name) && inner !== null)
      .map(([name, inner]) => [name, withoutDirectives(inner)]),
  )
}
