import type { ApiRequest, Json, JsonObject } from "./http.ts"
import { textAt } from "./json.ts"
import { namespaceOf, resourceVersionOf, type KubernetesObject } from "./object.ts"
import { collectionPath, objectPath, type Resource } from "./resource.ts"

/** A request without what only its sender knows: number, deadline, and whether it streams. */
export type Call = Omit<ApiRequest, "id" | "stream" | "timeoutMs">

/** The numbers of a program's requests: one for all its machines, so that an answer belongs to one of them. */
export type RequestIds = { readonly next: () => number }

export const createRequestIds = (): RequestIds => {
  let last = 0
  return { next: () => ++last }
}

export const plainRequest = (id: number, call: Call, timeoutMs: number): ApiRequest => ({
  ...call,
  id,
  stream: false,
  timeoutMs,
})

/** Where an object lives. `subresource` is `status` for kinds whose status is written apart. */
export type Place = {
  readonly resource: Resource
  readonly name: string
  readonly namespace?: string
  readonly subresource?: "status"
}

const pathOf = ({ resource, name, namespace, subresource }: Place): string =>
  objectPath(resource, name, namespace) + (subresource === undefined ? "" : `/${subresource}`)

export const getCall = (place: Place): Call => ({ method: "GET", path: pathOf(place), query: {} })

/** Creates a named object. Never with `generateName`: a repeated request must not make a second object. */
export const createCall = (resource: Resource, object: KubernetesObject): Call => ({
  method: "POST",
  path: collectionPath(resource, namespaceOf(object)),
  query: {},
  contentType: "application/json",
  body: object,
})

/** Replaces a whole object. With a resourceVersion in it the server refuses (409) what was written meanwhile. */
export const replaceCall = (resource: Resource, object: KubernetesObject, subresource?: "status"): Call => ({
  method: "PUT",
  path: pathOf(withNamespace({ resource, name: object.metadata.name, ...(subresource && { subresource }) }, object)),
  query: {},
  contentType: "application/json",
  body: object,
})

const withNamespace = (place: Place, object: JsonObject): Place => {
  const namespace = namespaceOf(object)
  return namespace === undefined ? place : { ...place, namespace }
}

/**
 * RFC 7396 merge patch. A `metadata.resourceVersion` inside makes it conditional. On a Service's `status` subresource
 * metadata may be changed with the same patch (a Kubernetes rule for built-in kinds; custom resources ignore it there).
 */
export const mergePatchCall = (place: Place, patch: JsonObject): Call => ({
  method: "PATCH",
  path: pathOf(place),
  query: {},
  contentType: "application/merge-patch+json",
  body: patch,
})

/**
 * A patch of a built-in kind whose lists are merged by key (conditions by `type`), so that entries of others stay.
 * Custom resources refuse it with 415.
 */
export const strategicPatchCall = (place: Place, patch: JsonObject): Call => ({
  ...mergePatchCall(place, patch),
  contentType: "application/strategic-merge-patch+json",
})

/** Deletes an object, and with a uid that very object, not a namesake created since. */
export const deleteCall = (place: Place, uid?: string): Call => ({
  method: "DELETE",
  path: pathOf(place),
  query: {},
  ...(uid === undefined ? {} : { contentType: "application/json", body: deleteOptions(uid) }),
})

const deleteOptions = (uid: string): Json => ({ apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid } })

export const listCall = (resource: Resource, query: Readonly<Record<string, string>>, namespace?: string): Call => ({
  method: "GET",
  path: collectionPath(resource, namespace),
  query,
})

/** Creates the object, or replaces the one that is there: conditional on the version that was read. */
export const saveCall = (resource: Resource, wanted: KubernetesObject, before: JsonObject | undefined): Call => {
  if (before === undefined) return createCall(resource, wanted)
  const resourceVersion = resourceVersionOf(before)
  const metadata = { ...wanted.metadata, ...(resourceVersion !== undefined && { resourceVersion }) }
  return replaceCall(resource, { ...wanted, metadata })
}

/** Reads the object that a write was about, after it conflicted. */
export const refetchCall = (write: Call): Call => {
  const name = write.method === "POST" ? textAt(write.body, "metadata", "name") : undefined
  const path = name === undefined ? write.path.replace(/\/status$/, "") : `${write.path}/${encodeURIComponent(name)}`
  return { method: "GET", path, query: {} }
}
