import type { At } from "../time/instant.ts"
import type { Json, JsonObject } from "./http.ts"
import { textAt } from "./json.ts"
import type { Kind } from "./kinds.ts"
import { storageName } from "./kinds.ts"
import { objectKey } from "./object.ts"
import type { Format, ListMeta } from "./store-format.ts"
import { formatList } from "./store-format.ts"
import type { StoreObjects } from "./store-objects.ts"
import type { Selection } from "./store-selection.ts"
import { isSelected } from "./store-selection.ts"
import { badRequest, expired, Refusal, versionTooLarge } from "./store-status.ts"

export type ListRequest = {
  readonly kind: Kind
  readonly selection: Selection
  readonly format: Format
  readonly query: Readonly<Record<string, string>>
}

/** A list, whole or in pages; all pages of one list show the state of its first page. */
export const listObjects = (objects: StoreObjects, request: ListRequest, at: At): Json | Refusal => {
  const token = readToken(request.query["continue"])
  if (token === undefined)
    return badRequest("invalid continue token: continue key is not valid: start the list again without it")
  const version = token === "first" ? askedVersion(objects, request.query) : token.version
  if (version instanceof Refusal) return version
  const state = objects.list(storageName(request.kind), version)
  if (state === "expired") return expired(tokenExpired(token === "first"))
  const rest = token === "first" ? state : state.slice(firstAfter(state, token.after))
  const { page, metadata } = pageOf(rest, request, version)
  return formatList(page, request.kind, metadata, request.format, at)
}

/** Index of the first object behind a key, by bisection. */
const firstAfter = (state: readonly JsonObject[], after: string): number => {
  let low = 0
  let high = state.length
  while (low < high) {
    const middle = (low + high) >> 1
    const object = state[middle]
    if (object !== undefined && keyOfObject(object) <= after) low = middle + 1
    else high = middle
  }
  return low
}

const tokenExpired = (first: boolean): string =>
  first
    ? "The resourceVersion for the provided list is too old."
    : "The provided continue parameter is too old to display a consistent list result. Start a new list without the continue parameter."

const keyOfObject = (object: JsonObject): string =>
  objectKey(textAt(object, "metadata", "name") ?? "", textAt(object, "metadata", "namespace"))

/** `resourceVersion` of a list: exactly that state, or anything not older, which is the present one. */
const askedVersion = (objects: StoreObjects, query: Readonly<Record<string, string>>): number | Refusal => {
  const asked = query["resourceVersion"] ?? ""
  const match = query["resourceVersionMatch"] ?? ""
  if (asked === "") return objects.version()
  const version = parseVersion(asked)
  if (version === undefined)
    return badRequest(`resourceVersion: Invalid value: "${asked}": it is a number this server gave`)
  if (version > objects.version()) return versionTooLarge(version, objects.version())
  return match === "Exact" ? version : objects.version()
}

export const parseVersion = (said: string): number | undefined => (/^\d{1,15}$/.test(said) ? Number(said) : undefined)

type Token = { readonly version: number; readonly after: string }

const readToken = (said: string | undefined): Token | "first" | undefined => {
  if (said === undefined || said === "") return "first"
  const [, version, after] = /^(\d{1,15}):(.+)$/s.exec(said) ?? []
  return version === undefined || after === undefined ? undefined : { version: Number(version), after }
}

/** The first `limit` objects that are selected; the others are counted only where nothing else selects them. */
const pageOf = (
  rest: readonly JsonObject[],
  { query, selection }: ListRequest,
  version: number,
): { readonly page: readonly JsonObject[]; readonly metadata: ListMeta } => {
  const limit = Number(query["limit"] ?? 0)
  const most = limit > 0 ? limit : Number.POSITIVE_INFINITY
  const page: JsonObject[] = []
  let next = 0
  for (; next < rest.length; next += 1) {
    const object = rest[next]
    if (object === undefined || !isSelected(selection, object)) continue
    if (page.length === most) break
    page.push(object)
  }
  const resourceVersion = String(version)
  const last = page.at(-1)
  if (last === undefined || next >= rest.length) return { page, metadata: { resourceVersion } }
  const more = { resourceVersion, continue: `${version}:${keyOfObject(last)}` }
  if (selection.labels.length > 0 || selection.fields.length > 0) return { page, metadata: more }
  const left = selection.namespace === undefined ? rest.length - next : countSelected(rest.slice(next), selection)
  return { page, metadata: { ...more, remainingItemCount: left } }
}

const countSelected = (objects: readonly JsonObject[], selection: Selection): number =>
  objects.reduce((count, object) => count + (isSelected(selection, object) ? 1 : 0), 0)
