import type { Json, JsonObject } from "./http.ts"
import { isObject, textAt, withoutField } from "./json.ts"
import { apiVersionOf, type Resource } from "./resource.ts"

/** An object of the API with its name known. Every other field is still to be read with suspicion (`json.ts`). */
export type KubernetesObject = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly [field: string]: Json }
  readonly [field: string]: Json
}

/** `namespace/name`, or `name` where the kind has no namespace. Neither half can contain a slash. */
export type ObjectKey = string

export const keyOf = (object: KubernetesObject): ObjectKey => objectKey(object.metadata.name, namespaceOf(object))

export const objectKey = (name: string, namespace?: string): ObjectKey =>
  namespace === undefined ? name : `${namespace}/${name}`

export const namespaceOf = (object: JsonObject): string | undefined => textAt(object, "metadata", "namespace")
export const uidOf = (object: JsonObject): string | undefined => textAt(object, "metadata", "uid")
export const resourceVersionOf = (object: JsonObject): string | undefined =>
  textAt(object, "metadata", "resourceVersion")

/**
 * One item of a list or of a watch. Items of a built-in kind's list carry no `kind`: it is filled in. `managedFields` is
 * left out: it is up to half of an object's bytes and nobody here reads it. Undefined for anything that is no named
 * object of this kind.
 */
export const readObject = (value: Json | undefined, resource: Resource): KubernetesObject | undefined => {
  if (!isObject(value)) return undefined
  const kind = textAt(value, "kind") ?? resource.kind
  const name = textAt(value, "metadata", "name")
  const metadata = value["metadata"]
  if (kind !== resource.kind || name === undefined || name === "" || !isObject(metadata)) return undefined
  return {
    ...value,
    apiVersion: textAt(value, "apiVersion") ?? apiVersionOf(resource),
    kind,
    metadata: { ...withoutField(metadata, "managedFields"), name },
  }
}

/**
 * How two resource versions of one kind stand to each other: numbers are compared (Kubernetes promises that order since
 * 1.35); anything else is `unknown`.
 */
export const compareVersions = (
  a: string | undefined,
  b: string | undefined,
): "older" | "same" | "newer" | "unknown" => {
  if (a === undefined || b === undefined) return "unknown"
  if (a === b) return "same"
  if (!isNumber(a) || !isNumber(b)) return "unknown"
  if (a.length !== b.length) return a.length < b.length ? "older" : "newer"
  return a < b ? "older" : "newer"
}

const isNumber = (text: string): boolean => /^[1-9][0-9]*$/.test(text)
