import type { Json, JsonObject } from "./http.ts"
import type { Resource } from "./resource.ts"
import { apiVersionOf } from "./resource.ts"
import type { Schema } from "./schema.ts"

/** One served version of a kind of object: what discovery, tables, validation and storage need to know of it. */
export type Kind = Resource & {
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  /** Whether `/status` exists; then plain writes leave `status` alone. */
  readonly status: boolean
  /** Of the whole object, `metadata` included. */
  readonly schema: Schema
  /** Defined by a CustomResourceDefinition: no strategic merge, PUT needs a resourceVersion. */
  readonly custom: boolean
  readonly printerColumns: readonly PrinterColumn[]
  /** `metadata.generation` counts changes of everything but metadata and status. */
  readonly generation: boolean
  /** PUT of an object that is not there makes it. */
  readonly createOnUpdate: boolean
  readonly nameRule: NameRule
  /** Said in a `Warning` header on every use of a deprecated version. */
  readonly warning?: string
  /** Where this version's objects are stored in another shape (events.k8s.io). */
  readonly conversion?: Conversion
  /** Whose objects it shows, where not its own (events.k8s.io shows core events). */
  readonly storedAs?: string
}

/** RFC 1123 subdomain or label, RFC 1035 label, or what only must not hold a slash. */
export type NameRule = "subdomain" | "label" | "label-1035" | "path-segment"

export type Conversion = {
  readonly toStored: (object: JsonObject) => JsonObject
  readonly fromStored: (object: JsonObject) => JsonObject
}

export type PrinterColumn = {
  readonly name: string
  readonly type: string
  readonly format?: string
  readonly description?: string
  readonly priority?: number
  readonly jsonPath: string
}

/** Versions of one kind share their objects: `services`, `ipaddresspools.metallb.io`. */
export const resourceName = (kind: Pick<Kind, "group" | "plural">): string =>
  kind.group === "" ? kind.plural : `${kind.plural}.${kind.group}`

export const storageName = (kind: Kind): string => kind.storedAs ?? resourceName(kind)

/** All kinds served at this moment. Made anew when a CustomResourceDefinition comes, changes or goes. */
export type Kinds = {
  readonly all: readonly Kind[]
  readonly find: (group: string, version: string, plural: string) => Kind | undefined
  readonly hasGroupVersion: (group: string, version: string) => boolean
}

export const kindsOf = (all: readonly Kind[]): Kinds => {
  const byPath = new Map(all.map((kind) => [`${apiVersionOf(kind)}/${kind.plural}`, kind]))
  const groupVersions = new Set(all.map(apiVersionOf))
  const groupVersion = (group: string, version: string): string => (group === "" ? version : `${group}/${version}`)
  return {
    all,
    find: (group, version, plural) => byPath.get(`${groupVersion(group, version)}/${plural}`),
    hasGroupVersion: (group, version) => groupVersions.has(groupVersion(group, version)),
  }
}

/** The object with the kind and version it is asked for in. */
export const inVersion = (object: JsonObject, kind: Kind): JsonObject => {
  const shaped = kind.conversion === undefined ? object : kind.conversion.fromStored(object)
  const apiVersion = apiVersionOf(kind)
  return shaped["apiVersion"] === apiVersion && shaped["kind"] === kind.kind
    ? shaped
    : { ...shaped, apiVersion, kind: kind.kind }
}

export const groupVersionKind = (kind: Kind): Json => ({ group: kind.group, version: kind.version, kind: kind.kind })
