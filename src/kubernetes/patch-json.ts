import type { Json } from "./http.ts"
import { isList, isObject, nestsDeeper, sameJson, textAt, withoutField } from "./json.ts"
import { NESTING_LEVELS_MAX } from "./store-status.ts"

export type Patched = { readonly kind: "patched"; readonly value: Json } | PatchFault
/** `malformed`: no patch at all (400); `unfit`: a good patch that does not fit this object (422). */
export type PatchFault = { readonly kind: "malformed" | "unfit"; readonly message: string }

/** Kubernetes: more operations than this are refused. */
export const OPERATIONS_MAX = 10_000
/** Of all copies of one patch, as in Kubernetes: each may double what the next one copies. */
export const COPIED_CHARACTERS_MAX: number = 3 * 1024 * 1024

/** JSON patch (RFC 6902). All operations apply, or none. */
export const jsonPatch = (target: Json, patch: Json): Patched => {
  if (!isList(patch)) return { kind: "malformed", message: "a JSON patch is a list of operations" }
  if (patch.length > OPERATIONS_MAX)
    return { kind: "malformed", message: `at most ${OPERATIONS_MAX} operations are allowed in a JSON patch` }
  let value = target
  let copied = 0
  for (const operation of patch) {
    copied += copiedBy(value, operation)
    if (copied > COPIED_CHARACTERS_MAX)
      return { kind: "unfit", message: `its copies are more than ${COPIED_CHARACTERS_MAX} characters together` }
    const next = applyOperation(value, operation)
    if (next.kind !== "patched") return next
    value = next.value
  }
  return { kind: "patched", value }
}

const copiedBy = (value: Json, operation: Json): number => {
  if (textAt(operation, "op") !== "copy") return 0
  const found = valueAt(value, parsePointer(textAt(operation, "from")) ?? [])
  if (found === undefined) return 0
  return nestsDeeper(found, NESTING_LEVELS_MAX) ? Number.POSITIVE_INFINITY : JSON.stringify(found).length
}

const applyOperation = (value: Json, operation: Json): Patched => {
  const op = textAt(operation, "op") ?? ""
  const path = parsePointer(textAt(operation, "path"))
  if (path === undefined || !isObject(operation))
    return { kind: "malformed", message: `operation ${JSON.stringify(op)} needs a path like /spec/ports/0` }
  const given = operation["value"]
  switch (op) {
    case "add":
    case "replace":
    case "test":
      return given === undefined ? missing(op, "value") : withValue(op, value, path, given)
    case "remove":
      return edit(value, path, { kind: "remove" })
    case "move":
    case "copy":
      return relocate(op, value, path, parsePointer(textAt(operation, "from")))
    default:
      return { kind: "unfit", message: `unknown operation ${JSON.stringify(op)}` }
  }
}

const missing = (op: string, what: string): PatchFault => ({
  kind: "malformed",
  message: `operation ${op} needs a ${what}`,
})

/** RFC 6901: `~1` is a slash, `~0` a tilde. */
const parsePointer = (pointer: string | undefined): readonly string[] | undefined => {
  if (pointer === undefined || (pointer !== "" && !pointer.startsWith("/"))) return undefined
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
}

const withValue = (op: "add" | "replace" | "test", value: Json, path: readonly string[], given: Json): Patched => {
  if (op !== "test") return edit(value, path, { kind: op, value: given })
  const found = valueAt(value, path)
  return found !== undefined && sameJson(found, given)
    ? { kind: "patched", value }
    : { kind: "unfit", message: `testing value ${printPointer(path)} failed` }
}

const relocate = (
  op: "move" | "copy",
  value: Json,
  path: readonly string[],
  from: readonly string[] | undefined,
): Patched => {
  if (from === undefined) return missing(op, "from")
  const found = valueAt(value, from)
  if (found === undefined) return nothingAt(from)
  const within = from.length < path.length && from.every((part, index) => part === path[index])
  if (op === "move" && within) return { kind: "unfit", message: "a value cannot be moved into itself" }
  const taken: Patched = op === "move" ? edit(value, from, { kind: "remove" }) : { kind: "patched", value }
  return taken.kind === "patched" ? edit(taken.value, path, { kind: "add", value: found }) : taken
}

const valueAt = (value: Json, path: readonly string[]): Json | undefined => {
  let at: Json | undefined = value
  for (const part of path) {
    if (isList(at)) at = at[listIndex(part, at.length - 1) ?? -1]
    else if (isObject(at) && Object.hasOwn(at, part)) at = at[part]
    else return undefined
  }
  return at
}

const listIndex = (part: string, last: number): number | undefined =>
  /^(0|[1-9]\d{0,8})$/.test(part) && Number(part) <= last ? Number(part) : undefined

type Edit = { readonly kind: "add" | "replace"; readonly value: Json } | { readonly kind: "remove" }

/** Names the whole path up to where it ends, as RFC 6901 writes it. */
const nothingAt = (path: readonly string[]): PatchFault => ({
  kind: "unfit",
  message: `there is nothing at ${printPointer(path)}`,
})

const printPointer = (path: readonly string[]): string =>
  path.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")

/** `depth` parts of the path lie behind: `value` is what they lead to. */
const edit = (value: Json, path: readonly string[], change: Edit, depth = 0): Patched => {
  const part = path[depth]
  if (part === undefined) return change.kind === "remove" ? nothingAt(path) : { kind: "patched", value: change.value }
  const here = path.slice(0, depth + 1)
  if (here.length === path.length) return editHere(value, here, part, change)
  const inner = valueAt(value, [part])
  if (inner === undefined) return nothingAt(here)
  const next = edit(inner, path, change, depth + 1)
  return next.kind === "patched" ? editHere(value, here, part, { kind: "replace", value: next.value }) : next
}

const editHere = (value: Json, path: readonly string[], part: string, change: Edit): Patched => {
  if (isList(value)) return editList(value, path, part, change)
  if (!isObject(value)) return nothingAt(path)
  if (change.kind !== "add" && !Object.hasOwn(value, part)) return nothingAt(path)
  if (change.kind === "remove") return { kind: "patched", value: withoutField(value, part) }
  return { kind: "patched", value: { ...value, [part]: change.value } }
}

const editList = (value: readonly Json[], path: readonly string[], part: string, change: Edit): Patched => {
  const last = change.kind === "add" ? value.length : value.length - 1
  const index = part === "-" && change.kind === "add" ? value.length : listIndex(part, last)
  if (index === undefined) return nothingAt(path)
  const added = change.kind === "remove" ? [] : [change.value]
  return { kind: "patched", value: value.toSpliced(index, change.kind === "add" ? 0 : 1, ...added) }
}
