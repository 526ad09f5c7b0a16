import type { At } from "../time/instant.ts"
import type { Json, JsonObject } from "./http.ts"
import { withoutField } from "./json.ts"
import type { Kind } from "./kinds.ts"
import { inVersion } from "./kinds.ts"
import { apiVersionOf } from "./resource.ts"
import type { Refusal } from "./store-status.ts"
import { notAcceptable } from "./store-status.ts"
import { tableOf } from "./table.ts"

/** The shape a client asked for in `Accept`. */
export type Format =
  | { readonly kind: "object" }
  | { readonly kind: "metadata" }
  | { readonly kind: "table"; readonly include: "None" | "Metadata" | "Object" }

/** The first clause that can be served wins, as in content negotiation of a real API server. */
export const formatOf = (accept: string | undefined, query: Readonly<Record<string, string>>): Format | Refusal => {
  if (accept === undefined || accept === "") return { kind: "object" }
  for (const clause of accept.split(",")) {
    const [type = "", ...rest] = clause.split(";").map((part) => part.trim())
    if (!["application/json", "application/*", "*/*"].includes(type)) continue
    const as = rest.find((part) => part.startsWith("as="))?.slice(3)
    const found = formatNamed(as, query["includeObject"])
    if (found !== undefined) return found
  }
  return notAcceptable()
}

const formatNamed = (as: string | undefined, include: string | undefined): Format | undefined => {
  if (as === undefined) return { kind: "object" }
  if (as === "Table")
    return { kind: "table", include: include === "None" || include === "Object" ? include : "Metadata" }
  return as.startsWith("PartialObjectMetadata") ? { kind: "metadata" } : undefined
}

const metadataOnly = (object: JsonObject): JsonObject => ({
  kind: "PartialObjectMetadata",
  apiVersion: "meta.k8s.io/v1",
  metadata: object["metadata"] ?? {},
})

/** One object as it is answered. */
export const formatObject = (object: JsonObject, kind: Kind, format: Format, at: At): JsonObject => {
  const shaped = inVersion(object, kind)
  if (format.kind === "metadata") return metadataOnly(shaped)
  if (format.kind === "object") return shaped
  const version = (shaped["metadata"] as JsonObject)["resourceVersion"] ?? ""
  return tableOf(kind, [shaped], { resourceVersion: version }, format.include, at)
}

export type ListMeta = {
  readonly resourceVersion: string
  readonly continue?: string
  readonly remainingItemCount?: number
}

export const formatList = (
  objects: readonly JsonObject[],
  kind: Kind,
  metadata: ListMeta,
  format: Format,
  at: At,
): Json => {
  const shaped = objects.map((object) => inVersion(object, kind))
  if (format.kind === "table") return tableOf(kind, shaped, metadata, format.include, at)
  if (format.kind === "metadata")
    return {
      kind: "PartialObjectMetadataList",
      apiVersion: "meta.k8s.io/v1",
      metadata,
      items: shaped.map(metadataOnly),
    }
  const list = { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind) }
  // A list of custom resources always names its next page, and its items their type; a built-in one does neither.
  if (kind.custom) return { ...list, metadata: { continue: "", ...metadata }, items: shaped }
  return { ...list, metadata, items: shaped.map((object) => withoutField(object, "kind", "apiVersion")) }
}
