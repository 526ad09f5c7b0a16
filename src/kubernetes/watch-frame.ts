import { readFailure, type ApiFailure } from "./api-failure.ts"
import type { Json } from "./http.ts"
import { field, numberAt, textAt } from "./json.ts"
import { readObject, resourceVersionOf, type KubernetesObject } from "./object.ts"
import type { Resource } from "./resource.ts"

/** One line of a watch, understood. */
export type WatchFrame =
  | { readonly kind: "upserted" | "deleted"; readonly object: KubernetesObject; readonly version: string | undefined }
  | { readonly kind: "bookmark"; readonly version: string | undefined }
  | { readonly kind: "error"; readonly failure: ApiFailure }

/**
 * An event of an unknown type, or about an object of another kind, makes the whole stream untrustworthy: it is read as
 * an error, as is a line that is no JSON.
 */
export const readFrame = (frame: Json, resource: Resource): WatchFrame => {
  const type = textAt(frame, "type")
  const content = field(frame, "object")
  if (type === "ERROR")
    return { kind: "error", failure: readFailure(numberAt(content, "code") ?? 500, content, undefined) }
  if (type === "BOOKMARK") return { kind: "bookmark", version: textAt(content, "metadata", "resourceVersion") }
  const kind = type === "ADDED" || type === "MODIFIED" ? "upserted" : type === "DELETED" ? "deleted" : undefined
  const object = readObject(content, resource)
  if (kind === undefined || object === undefined) return { kind: "error", failure: nonsense(type, content, resource) }
  return { kind, object, version: resourceVersionOf(object) }
}

const nonsense = (type: string | undefined, content: Json | undefined, resource: Resource): ApiFailure => ({
  reason: "broken-answer",
  message: `a watch of ${resource.plural} sent an event of type ${type ?? "none"} about ${textAt(content, "kind") ?? "nothing"}`,
})
