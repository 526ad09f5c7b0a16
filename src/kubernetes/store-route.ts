import type { Kind, Kinds } from "./kinds.ts"

/** What a path of the API names. */
export type Route =
  | {
      readonly to: "objects"
      readonly kind: Kind
      readonly namespace: string | undefined
      readonly name: string | undefined
      readonly subresource: string | undefined
    }
  /** What a kubelet would do in a pod's containers. */
  | {
      readonly to: "container"
      readonly kind: Kind
      readonly namespace: string
      readonly name: string
      readonly subresource: string
    }
  | { readonly to: "health" | "version" | "core-versions" | "groups" | "openapi-index" | "openapi-v2" }
  | { readonly to: "group"; readonly group: string }
  | { readonly to: "resources" | "openapi"; readonly group: string; readonly version: string }
  | { readonly to: "review"; readonly plural: string }
  /** Nothing there, in a group version that is served. */
  | { readonly to: "nowhere" }
  /** Not even the group version: a real server's answer is plain text then. */
  | { readonly to: "unknown" }

const HEALTH = new Set(["healthz", "livez", "readyz"])
const IN_CONTAINERS = new Set(["attach", "exec", "log", "portforward"])
const REVIEWS = new Set(["selfsubjectaccessreviews", "selfsubjectreviews", "selfsubjectrulesreviews"])

/** Reads a path without its query; `nowhere` is answered 404. */
export const routeOf = (path: string, kinds: Kinds): Route => {
  const parts = decodeSegments(path)
  const [first, second, third, ...rest] = parts ?? []
  if (first === undefined) return { to: "unknown" }
  if (HEALTH.has(first)) return { to: "health" }
  if (first === "version" && second === undefined) return { to: "version" }
  if (first === "openapi" && second === "v2") return { to: "openapi-v2" }
  if (first === "openapi" && second === "v3") return openApiRoute(third, rest)
  if (first === "api") return second === undefined ? { to: "core-versions" } : inGroup("", second, kinds, third, rest)
  if (first !== "apis") return { to: "unknown" }
  if (second === undefined) return { to: "groups" }
  if (third === undefined) return { to: "group", group: second }
  return inGroup(second, third, kinds, rest[0], rest.slice(1))
}

const decodeSegments = (path: string): readonly string[] | undefined => {
  try {
    return path
      .split("/")
      .filter((part) => part !== "")
      .map(decodeURIComponent)
  } catch {
    return undefined
  }
}

const openApiRoute = (root: string | undefined, [first, second]: readonly string[]): Route => {
  if (root === undefined) return { to: "openapi-index" }
  if (root === "api" && first !== undefined) return { to: "openapi", group: "", version: first }
  if (root === "apis" && first !== undefined && second !== undefined)
    return { to: "openapi", group: first, version: second }
  return { to: "nowhere" }
}

const inGroup = (
  group: string,
  version: string,
  kinds: Kinds,
  first: string | undefined,
  rest: readonly string[],
): Route => {
  if (first === undefined) return { to: "resources", group, version }
  if (["authorization.k8s.io", "authentication.k8s.io"].includes(group) && REVIEWS.has(first))
    return { to: "review", plural: first }
  if (!kinds.hasGroupVersion(group, version)) return { to: "unknown" }
  const [name, below, ...more] = rest
  const namespaced = first === "namespaces" && name !== undefined && below !== undefined
  if (namespaced && !["status", "finalize"].includes(below)) {
    const kind = kinds.find(group, version, below)
    return kind?.namespaced === true ? objectRoute(kind, name, more) : { to: "nowhere" }
  }
  const kind = kinds.find(group, version, first)
  if (kind === undefined || (kind.namespaced && name !== undefined)) return { to: "nowhere" }
  return objectRoute(kind, undefined, rest)
}

const objectRoute = (
  kind: Kind,
  namespace: string | undefined,
  [name, subresource, ...more]: readonly string[],
): Route => {
  if (more.length > 0) return { to: "nowhere" }
  if (kind.group === "" && kind.plural === "pods" && namespace !== undefined && name !== undefined)
    if (subresource !== undefined && IN_CONTAINERS.has(subresource))
      return { to: "container", kind, namespace, name, subresource }
  if (subresource !== undefined && !(subresource === "status" && kind.status)) return { to: "nowhere" }
  return { to: "objects", kind, namespace, name, subresource }
}
