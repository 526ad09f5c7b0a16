import type { Json, JsonObject } from "./http.ts"
import { groupVersionsOf } from "./discovery.ts"
import type { Kind, Kinds } from "./kinds.ts"
import { groupVersionKind } from "./kinds.ts"
import { apiVersionOf } from "./resource.ts"

const rootOf = (groupVersion: string): string =>
  groupVersion.includes("/") ? `apis/${groupVersion}` : `api/${groupVersion}`

/** `GET /openapi/v3`: where each group version's document is. `revision` changes when served kinds do. */
export const openApiIndex = (kinds: Kinds, revision: number): JsonObject => ({
  paths: Object.fromEntries(
    groupVersionsOf(kinds)
      .map(rootOf)
      .map((root) => [root, { serverRelativeURL: `/openapi/v3/${root}?hash=${revision}` }] as const),
  ),
})

/** A group version's document: enough for kubectl's validation, its merge keys and `explain`. */
export const openApiDocument = (kinds: Kinds, group: string, version: string): JsonObject | undefined => {
  const served = kinds.all.filter((kind) => kind.group === group && kind.version === version)
  if (served.length === 0) return undefined
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes API as Porchlight's lab serves it", version: "v1.35" },
    paths: Object.fromEntries(served.flatMap(pathsOf)),
    components: { schemas: Object.fromEntries(served.map((kind) => [schemaName(kind), schemaOf(kind)])) },
  }
}

const schemaName = (kind: Kind): string => {
  const group = kind.group === "" ? "core" : kind.group.split(".").toReversed().join(".")
  return `${group}.${kind.version}.${kind.kind}`
}

const schemaOf = (kind: Kind): Json => ({
  ...(kind.schema as unknown as JsonObject),
  "x-kubernetes-group-version-kind": [groupVersionKind(kind)],
})

const pathsOf = (kind: Kind): readonly (readonly [string, Json])[] => {
  const root = `/${rootOf(apiVersionOf(kind))}${kind.namespaced ? "/namespaces/{namespace}" : ""}/${kind.plural}`
  const operation = (action: string): Json => ({
    ...answer(kind),
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": groupVersionKind(kind),
  })
  const writing = (action: string): Json => ({ ...(operation(action) as JsonObject), parameters: WRITE_PARAMETERS })
  const parameters = kind.namespaced ? [NAMESPACE_PARAMETER] : []
  const one = { get: operation("get"), put: writing("put"), patch: writing("patch"), delete: writing("delete") }
  return [
    [root, { get: operation("list"), post: writing("post"), parameters }],
    [`${root}/{name}`, { ...one, parameters: [...parameters, NAME_PARAMETER] }],
  ]
}

const answer = (kind: Kind): JsonObject => ({
  responses: {
    "200": {
      description: "OK",
      content: { "application/json": { schema: { $ref: `#/components/schemas/${schemaName(kind)}` } } },
    },
  },
})

const inQuery = (name: string): Json => ({ name, in: "query", schema: { type: "string", uniqueItems: true } })
const WRITE_PARAMETERS: readonly Json[] = ["dryRun", "fieldManager", "fieldValidation"].map(inQuery)
const inPath = (name: string): Json => ({ name, in: "path", required: true, schema: { type: "string" } })
const NAMESPACE_PARAMETER = inPath("namespace")
const NAME_PARAMETER = inPath("name")

export const OPENAPI_V2_TYPE = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"

/** kubectl names the type with an `@` before its version, others with a dot. */
export const wantsOpenApiProtobuf = (accept: string | undefined): boolean =>
  (accept ?? "").includes("application/com.github.proto-openapi.spec.v2")

/** `GET /openapi/v2` for whoever does not ask for protobuf. */
export const openApiV2Json = (): JsonObject => ({
  swagger: "2.0",
  info: { title: "Kubernetes", version: "v1.35" },
  paths: {},
  definitions: {},
})

/**
 * `GET /openapi/v2`: a document of no kinds, in protobuf (all of whose bytes are ASCII). kubectl looks up `v1 List` here
 * and nowhere else; what it does not find it does not check, and leaves to the server.
 */
export const openApiV2 = (): string => {
  const field = (number: number, content: string): string =>
    String.fromCharCode((number << 3) | 2, content.length) + content
  return field(1, "2.0") + field(2, field(1, "Kubernetes") + field(2, "v1.35")) + field(8, "")
}
