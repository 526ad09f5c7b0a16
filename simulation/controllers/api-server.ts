import type { ApiRequest, Json, JsonObject } from "../../src/kubernetes/http.ts"
import { isObject, listAt, objectAt, textAt } from "../../src/kubernetes/json.ts"
import { mergePatch } from "../../src/kubernetes/merge.ts"
import { printTimestamp } from "../../src/kubernetes/timestamp.ts"
import type { Etcd } from "./etcd.ts"

/** The part of a request's path that says what it is about. */
export type Target = {
  /** Plural, which tells the kinds of this world apart. */
  readonly resource: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly isStatus: boolean
}

export type Answer = { readonly status: number; readonly body: Json | undefined; readonly retryAfter?: string }

/** The kinds of this world and their prefix; the kinds of definitions may go. */
const apiVersions: Readonly<Record<string, string>> = {
  services: "v1",
  nodes: "v1",
  namespaces: "v1",
  events: "v1",
  endpointslices: "discovery.k8s.io/v1",
  leases: "coordination.k8s.io/v1",
  ipaddresspools: "metallb.io/v1beta1",
  l2advertisements: "metallb.io/v1beta1",
  addressledgers: "porchlight.dev/v1alpha1",
  speakers: "porchlight.dev/v1alpha1",
  networks: "porchlight.dev/v1alpha1",
}

const isCustom = (resource: string): boolean => (apiVersions[resource] ?? "").includes(".dev") || isMetallbs(resource)
const isMetallbs = (resource: string): boolean => (apiVersions[resource] ?? "").startsWith("metallb.io")
const hasStatus = (resource: string): boolean => resource === "services" || isCustom(resource)

const targets = new Map<string, Target>()

/** Reads `/api/v1/...` and `/apis/GROUP/VERSION/...`. */
export const targetOf = (path: string): Target => {
  const known = targets.get(path)
  if (known !== undefined) return known
  const parts = path.split("/").slice(1)
  const rest = parts.slice(parts[0] === "api" ? 2 : 3)
  const isInside = rest[0] === "namespaces" && rest.length > 2
  const [resource = "", name, below] = isInside ? rest.slice(2) : rest
  const target = { resource, namespace: isInside ? rest[1] : undefined, name, isStatus: below === "status" }
  targets.set(path, target)
  return target
}

const refuse = (code: number, reason: string, message = reason): Answer => ({
  status: code,
  body: { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message },
})

/** What an API server makes of everything but a watch. `now` in seconds is what it stamps objects with. */
export const answer = (etcd: Etcd, target: Target, request: ApiRequest, wallSeconds: number): Answer => {
  const { resource, name, namespace } = target
  if (name === undefined && request.method === "GET") return list(etcd, target)
  if (name === undefined) return create(etcd, target, request.body, wallSeconds)
  const key = namespace === undefined ? name : `${namespace}/${name}`
  const before = etcd.get(resource, key)
  if (before === undefined) return refuse(404, "NotFound", `${resource} "${name}" not found`)
  switch (request.method) {
    case "GET":
      return { status: 200, body: before }
    case "DELETE":
      etcd.remove(resource, key)
      return { status: 200, body: before }
    case "PUT":
      return update(etcd, target, key, before, request.body)
    case "PATCH":
    case "POST":
      return update(etcd, target, key, before, patched(before, request))
  }
}

const list = (etcd: Etcd, { resource, namespace }: Target): Answer => ({
  status: 200,
  body: {
    kind: "List",
    apiVersion: apiVersions[resource] ?? "v1",
    metadata: { resourceVersion: String(etcd.version()) },
    items: [...etcd.all(resource).values()].filter(
      (object) => namespace === undefined || textAt(object, "metadata", "namespace") === namespace,
    ),
  },
})

const create = (etcd: Etcd, { resource, namespace }: Target, body: Json | undefined, wallSeconds: number): Answer => {
  const name = textAt(body, "metadata", "name")
  if (!isObject(body) || name === undefined) return refuse(422, "Invalid")
  const key = namespace === undefined ? name : `${namespace}/${name}`
  if (etcd.get(resource, key) !== undefined) return refuse(409, "AlreadyExists", `${resource} "${name}" already exists`)
  const metadata = {
    ...objectAt(body, "metadata"),
    ...(namespace === undefined ? {} : { namespace }),
    uid: `${resource}-${etcd.serial()}`,
    creationTimestamp: printTimestamp(wallSeconds),
  }
  return { status: 201, body: etcd.put(resource, key, { ...body, metadata }) }
}

const update = (etcd: Etcd, target: Target, key: string, before: JsonObject, body: Json | undefined): Answer => {
  const { resource, isStatus } = target
  if (!isObject(body)) return refuse(400, "BadRequest")
  const version = textAt(body, "metadata", "resourceVersion") ?? ""
  if (version === "" && isCustom(resource)) return refuse(422, "Invalid", "metadata.resourceVersion must be specified")
  if (version !== "" && version !== textAt(before, "metadata", "resourceVersion"))
    return refuse(409, "Conflict", "the object has been modified")
  const uid = textAt(body, "metadata", "uid") ?? ""
  if (uid !== "" && uid !== textAt(before, "metadata", "uid"))
    return refuse(409, "Conflict", "Precondition failed: UID")
  const metadata = { ...objectAt(body, "metadata"), ...kept(before) }
  const { status } = isStatus ? body : before
  const after: JsonObject = isStatus
    ? { ...before, metadata: isCustom(resource) ? objectAt(before, "metadata") : metadata }
    : { ...body, metadata }
  const { status: _, ...bare } = after
  const next = !hasStatus(resource) ? { ...body, metadata } : status === undefined ? bare : { ...bare, status }
  return { status: 200, body: etcd.put(resource, key, next) }
}

/** Metadata that no client changes. */
const kept = (object: JsonObject): JsonObject => {
  const { name, namespace, uid, creationTimestamp, resourceVersion } = objectAt(object, "metadata")
  return {
    name: name ?? "",
    ...(namespace === undefined ? {} : { namespace }),
    uid: uid ?? "",
    creationTimestamp: creationTimestamp ?? "",
    resourceVersion: resourceVersion ?? "",
  }
}

/** A merge patch, or of a Service a strategic one: its conditions are merged by type. */
const patched = (before: JsonObject, { body, contentType }: ApiRequest): Json => {
  if (contentType !== "application/strategic-merge-patch+json") return mergePatch(before, body ?? null)
  const conditions = listAt(body, "status", "conditions")
  const after = mergePatch(before, body ?? null)
  if (!isObject(after) || conditions.length === 0) return after
  const byType = new Map(listAt(before, "status", "conditions").map((one) => [textAt(one, "type"), one]))
  for (const one of conditions) {
    if (textAt(one, "$patch") === "delete") byType.delete(textAt(one, "type"))
    else byType.set(textAt(one, "type"), mergePatch(byType.get(textAt(one, "type")), one))
  }
  return { ...after, status: { ...objectAt(after, "status"), conditions: [...byType.values()] } }
}

/** A frame of a watch. */
export const frameOf = (before: JsonObject | undefined, after: JsonObject | undefined, version: number): Json => {
  if (after !== undefined) return { type: before === undefined ? "ADDED" : "MODIFIED", object: after }
  const metadata = { ...objectAt(before, "metadata"), resourceVersion: String(version) }
  return { type: "DELETED", object: { ...before, metadata } }
}

export const expiredFrame: Json = {
  type: "ERROR",
  object: { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" },
}

export const refusals: Readonly<Record<string, Answer>> = {
  conflict: refuse(409, "Conflict", "the object has been modified"),
  throttled: { ...refuse(429, "TooManyRequests"), retryAfter: "2" },
  html: { status: 502, body: undefined },
  unavailable: { status: 503, body: undefined, retryAfter: "1" },
  broken: refuse(500, "InternalError", "etcdserver: request timed out"),
  forbidden: refuse(403, "Forbidden"),
  missing: { status: 404, body: undefined },
  expired: refuse(410, "Expired", "too old resource version"),
  "too-large": refuse(504, "Timeout", "Too large resource version: 9, current: 8"),
}

export type Refusal =
  | "conflict"
  | "throttled"
  | "html"
  | "unavailable"
  | "broken"
  | "forbidden"
  | "missing"
  | "expired"
  | "too-large"
