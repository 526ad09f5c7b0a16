import type { Json, JsonObject } from "./http.ts"
import type { Kind, Kinds } from "./kinds.ts"
import { groupVersionKind } from "./kinds.ts"
import { apiVersionOf } from "./resource.ts"

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
const STATUS_VERBS = ["get", "patch", "update"]

/** Groups besides the core one, in the order in which their kinds came. */
const groupsOf = (kinds: Kinds): readonly string[] => [
  ...new Set(kinds.all.map((kind) => kind.group).filter((group) => group !== "")),
]

const versionsOf = (kinds: Kinds, group: string): readonly string[] => [
  ...new Set(kinds.all.filter((kind) => kind.group === group).map((kind) => kind.version)),
]

const served = (kinds: Kinds, group: string, version: string): readonly Kind[] =>
  kinds.all.filter((kind) => kind.group === group && kind.version === version)

/** `GET /api` */
export const coreVersions = (): JsonObject => ({
  kind: "APIVersions",
  versions: ["v1"],
  serverAddressByClientCIDRs: [],
})

/** `GET /apis` */
export const groupList = (kinds: Kinds): JsonObject => ({
  kind: "APIGroupList",
  apiVersion: "v1",
  groups: [...groupsOf(kinds).map((group) => groupOf(kinds, group)), reviewGroup],
})

/** `GET /apis/GROUP`; undefined where nothing of it is served. */
export const groupNamed = (kinds: Kinds, group: string): JsonObject | undefined =>
  groupsOf(kinds).includes(group) ? { kind: "APIGroup", apiVersion: "v1", ...groupOf(kinds, group) } : undefined

const groupOf = (kinds: Kinds, group: string): JsonObject => {
  const versions = versionsOf(kinds, group).map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions, preferredVersion: versions[0] ?? {} }
}

const REVIEW_VERSION = { groupVersion: "authorization.k8s.io/v1", version: "v1" }
const reviewGroup: JsonObject = {
  name: "authorization.k8s.io",
  versions: [REVIEW_VERSION],
  preferredVersion: REVIEW_VERSION,
}

const REVIEW_RESOURCES: readonly Json[] = [
  {
    name: "selfsubjectaccessreviews",
    singularName: "selfsubjectaccessreview",
    namespaced: false,
    kind: "SelfSubjectAccessReview",
    verbs: ["create"],
  },
]

/** `GET /api/v1` and `GET /apis/GROUP/VERSION`; undefined where nothing of it is served. */
export const resourceList = (kinds: Kinds, group: string, version: string): JsonObject | undefined => {
  const resources =
    group === "authorization.k8s.io" ? REVIEW_RESOURCES : served(kinds, group, version).flatMap(resourcesOf)
  const groupVersion = group === "" ? version : `${group}/${version}`
  return resources.length === 0 ? undefined : { kind: "APIResourceList", apiVersion: "v1", groupVersion, resources }
}

const resourcesOf = (kind: Kind): readonly Json[] => {
  const base = { singularName: kind.singular, namespaced: kind.namespaced, kind: kind.kind }
  const names = {
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
  }
  const status = { name: `${kind.plural}/status`, ...base, singularName: "", verbs: STATUS_VERBS }
  return [{ name: kind.plural, ...base, verbs: VERBS, ...names }, ...(kind.status ? [status] : [])]
}

/** The content type that asks for, and answers with, all discovery in one document. */
export const AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

export const wantsAggregated = (accept: string | undefined): boolean =>
  (accept ?? "").split(",").some((clause) => {
    const parts = clause.split(";").map((part) => part.trim())
    return (
      parts[0] === "application/json" &&
      ["g=apidiscovery.k8s.io", "v=v2", "as=APIGroupDiscoveryList"].every((part) => parts.includes(part))
    )
  })

/** `GET /api` and `GET /apis` in the aggregated form (apidiscovery.k8s.io/v2). */
export const aggregatedDiscovery = (kinds: Kinds, core: boolean): JsonObject => ({
  kind: "APIGroupDiscoveryList",
  apiVersion: "apidiscovery.k8s.io/v2",
  metadata: {},
  items: (core ? [""] : groupsOf(kinds)).map((group) => ({
    metadata: { name: group, creationTimestamp: null },
    versions: versionsOf(kinds, group).map((version) => ({
      version,
      freshness: "Current",
      resources: served(kinds, group, version).map(aggregatedResource),
    })),
  })),
})

const aggregatedResource = (kind: Kind): Json => ({
  resource: kind.plural,
  responseKind: groupVersionKind(kind),
  scope: kind.namespaced ? "Namespaced" : "Cluster",
  singularResource: kind.singular,
  verbs: VERBS,
  ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
  ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
  ...(kind.status
    ? { subresources: [{ subresource: "status", responseKind: groupVersionKind(kind), verbs: STATUS_VERBS }] }
    : {}),
})

/** Reported as this release of Kubernetes; kubectl warns where its own is more than one minor away. */
export const KUBERNETES_VERSION = { major: "1", minor: "35", gitVersion: "v1.35.4+porchlight" } as const

/** `GET /version` */
export const versionInfo = (): JsonObject => ({
  ...KUBERNETES_VERSION,
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "none",
  compiler: "none",
  platform: "porchlight/lab",
})

export const groupVersionsOf = (kinds: Kinds): readonly string[] => [...new Set(kinds.all.map(apiVersionOf))]
