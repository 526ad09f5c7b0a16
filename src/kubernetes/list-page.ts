import { readFailure, type ApiFailure } from "./api-failure.ts"
import type { ApiEvent, Json } from "./http.ts"
import { field, isList, isObject, textAt } from "./json.ts"
import { readObject, type KubernetesObject } from "./object.ts"
import type { Resource } from "./resource.ts"

/** One page of a list. `next` is the token of the page after it; `version` that of the whole list. */
export type ListPage = {
  readonly kind: "page"
  readonly objects: readonly KubernetesObject[]
  readonly version: string
  readonly next: string | undefined
}

/**
 * Reads the answer to a list request. Items that are no named object of the kind are left out: one bad object never
 * stops the others. An answer that is no list at all is a failure.
 */
export const readPage = (
  event: ApiEvent & { readonly kind: "response" },
  resource: Resource,
): ListPage | { readonly kind: "failure"; readonly failure: ApiFailure } => {
  if (event.status !== 200) return { kind: "failure", failure: readFailure(event.status, event.body, event.retryAfter) }
  const items = field(event.body, "items")
  const version = textAt(event.body, "metadata", "resourceVersion")
  if (
    !isObject(event.body) ||
    !(isList(items) || items === null) ||
    version === undefined ||
    version === "" ||
    version === "0"
  )
    return { kind: "failure", failure: { reason: "broken-answer", message: notList(event.body, resource) } }
  const objects = (items ?? []).map((item) => readObject(item, resource)).filter((object) => object !== undefined)
  const token = textAt(event.body, "metadata", "continue")
  return { kind: "page", objects, version, next: token === "" ? undefined : token }
}

const notList = (body: Json | undefined, resource: Resource): string =>
  body === undefined
    ? `the list of ${resource.plural} was no JSON: is there a proxy in the way?`
    : `the list of ${resource.plural} has no items or no resourceVersion`
