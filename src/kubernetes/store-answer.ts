import type { At } from "../time/instant.ts"
import { AGGREGATED_TYPE, aggregatedDiscovery, coreVersions, groupList, groupNamed } from "./discovery.ts"
import { resourceList, versionInfo, wantsAggregated } from "./discovery.ts"
import type { ApiRequest, Json, JsonObject } from "./http.ts"
import { textAt } from "./json.ts"
import { unevaluatedRules } from "./kinds-custom.ts"
import type { Kind, Kinds } from "./kinds.ts"
import { storageName } from "./kinds.ts"
import { objectKey } from "./object.ts"
import { OPENAPI_V2_TYPE, openApiDocument, openApiIndex, openApiV2, openApiV2Json } from "./openapi.ts"
import { wantsOpenApiProtobuf } from "./openapi.ts"
import { deleteObject, sweep } from "./store-delete.ts"
import { formatList, formatObject, formatOf } from "./store-format.ts"
import { patchObject } from "./store-patch.ts"
import { listObjects } from "./store-read.ts"
import { answerReview } from "./store-review.ts"
import type { Route } from "./store-route.ts"
import { isSelected, selectionOf } from "./store-selection.ts"
import { badRequest, methodNotAllowed, nestingFault, noSuchPath, notFound, Refusal, statusOf } from "./store-status.ts"
import type { Write, WriteWorld, Written } from "./store-write.ts"
import { createObject, updateObject } from "./store-write.ts"

export type StoreAnswer = {
  readonly code: number
  readonly body: Json
  readonly contentType?: string
  /** Instead of JSON; then `body` is null. */
  readonly text?: string
  /** Texts for `Warning` headers. */
  readonly warnings: readonly string[]
}

export type StoreWorld = WriteWorld & {
  readonly kinds: () => Kinds
  /** Counts changes of the served kinds. */
  readonly revision: () => number
}

export type ObjectRoute = Extract<Route, { to: "objects" }>

export const refuse = (refusal: Refusal): StoreAnswer => ({
  code: refusal.code,
  body: statusOf(refusal),
  warnings: [],
})

const plain = (code: number, text: string, contentType = "text/plain; charset=utf-8"): StoreAnswer => ({
  code,
  body: null,
  text,
  contentType,
  warnings: [],
})

const ok = (body: Json, code = 200, warnings: readonly string[] = []): StoreAnswer => ({ code, body, warnings })
const found = (body: JsonObject | undefined): StoreAnswer =>
  body === undefined ? plain(404, "404 page not found\n") : ok(body)

/** Everything but a watch. */
export const answerRequest = (world: StoreWorld, route: Route, request: ApiRequest, at: At): StoreAnswer => {
  if (route.to === "objects") return answerObjects(world, route, request, at)
  if (route.to === "unknown" || route.to === "container") return answerAbout(world, route, request)
  if (route.to === "review")
    return request.method === "POST" ? ok(answerReview(route.plural, request.body), 201) : refuse(methodNotAllowed())
  return request.method === "GET" ? answerAbout(world, route, request) : refuse(methodNotAllowed())
}

/** What the server says about itself. */
const answerAbout = (
  world: StoreWorld,
  route: Exclude<Route, { to: "objects" | "review" }>,
  request: ApiRequest,
): StoreAnswer => {
  const kinds = world.kinds()
  switch (route.to) {
    case "health":
      return plain(200, "ok")
    case "version":
      return ok(versionInfo())
    case "core-versions":
    case "groups": {
      const core = route.to === "core-versions"
      if (!wantsAggregated(request.accept)) return ok(core ? coreVersions() : groupList(kinds))
      return { ...ok(aggregatedDiscovery(kinds, core)), contentType: AGGREGATED_TYPE }
    }
    case "group":
      return found(groupNamed(kinds, route.group))
    case "resources":
      return found(resourceList(kinds, route.group, route.version))
    case "openapi-index":
      return ok(openApiIndex(kinds, world.revision()))
    case "openapi-v2":
      return wantsOpenApiProtobuf(request.accept) ? plain(200, openApiV2(), OPENAPI_V2_TYPE) : ok(openApiV2Json())
    case "openapi":
      return found(openApiDocument(kinds, route.group, route.version))
    case "nowhere":
      return refuse(noSuchPath())
    case "container":
      return refuse(noContainer(world, route))
    case "unknown":
      return plain(404, "404 page not found\n")
  }
}

/** `kubectl logs`, `exec`, `attach`, `cp` and `port-forward`: there is no kubelet that could do any of it. */
const noContainer = (world: StoreWorld, route: Extract<Route, { to: "container" }>): Refusal => {
  const { kind, namespace, name, subresource } = route
  if (world.objects.get(storageName(kind), objectKey(name, namespace)) === undefined) return notFound(kind, name)
  return badRequest(
    `there is no ${subresource} of pod ${namespace}/${name}: pods of this lab run no containers. To run a command where a machine of the lab is: porchlight lab exec MACHINE -- COMMAND`,
  )
}

const answerObjects = (world: StoreWorld, route: ObjectRoute, request: ApiRequest, at: At): StoreAnswer => {
  const done = perform(world, route, request, at)
  if (done instanceof Refusal) return refuse(done)
  const deprecated = route.kind.warning === undefined ? [] : [route.kind.warning]
  return { ...done, warnings: [...deprecated, ...done.warnings] }
}

const perform = (world: StoreWorld, route: ObjectRoute, request: ApiRequest, at: At): StoreAnswer | Refusal => {
  const tooDeep = request.body === undefined ? undefined : nestingFault(request.body)
  if (tooDeep !== undefined) return tooDeep
  const { kind, name } = route
  const write: Write = { ...route, query: request.query, at }
  if (name === undefined) {
    if (request.method === "GET") return list(world, route, request, at)
    if (request.method === "DELETE") return deleteCollection(world, write, request)
    if (request.method !== "POST") return methodNotAllowed()
    return written(createObject(world, write, request.body), kind, request, at)
  }
  const named = { ...write, name }
  switch (request.method) {
    case "GET":
      return get(world, route, name, request, at)
    case "PUT":
      return afterwards(world, written(updateObject(world, named, request.body), kind, request, at))
    case "PATCH":
      return afterwards(world, written(patchObject(world, named, request.contentType, request.body), kind, request, at))
    case "DELETE": {
      if (route.subresource !== undefined) return methodNotAllowed()
      const gone = deleteObject(world, named, request.body)
      return gone instanceof Refusal ? gone : afterwards(world, ok(gone))
    }
    case "POST":
      return methodNotAllowed()
  }
}

/** A finalizer taken off may have been the last thing that a namespace waited for. */
const afterwards = <T>(world: StoreWorld, answer: T): T => {
  sweep(world)
  return answer
}

const get = (
  world: StoreWorld,
  { kind, namespace }: ObjectRoute,
  name: string,
  request: ApiRequest,
  at: At,
): StoreAnswer | Refusal => {
  const object = world.objects.get(storageName(kind), objectKey(name, namespace))
  if (object === undefined) return notFound(kind, name)
  const format = formatOf(request.accept, request.query)
  return format instanceof Refusal ? format : ok(formatObject(object, kind, format, at))
}

const list = (world: StoreWorld, route: ObjectRoute, request: ApiRequest, at: At): StoreAnswer | Refusal => {
  const selection = selectionOf(request.query, route.namespace, undefined, route.kind)
  if (selection instanceof Refusal) return selection
  const format = formatOf(request.accept, request.query)
  if (format instanceof Refusal) return format
  const listed = listObjects(world.objects, { kind: route.kind, selection, format, query: request.query }, at)
  return listed instanceof Refusal ? listed : ok(listed)
}

const written = (result: Written | Refusal, kind: Kind, request: ApiRequest, at: At): StoreAnswer | Refusal => {
  if (result instanceof Refusal) return result
  const format = formatOf(request.accept, request.query)
  if (format instanceof Refusal) return format
  const rules = storageName(kind).startsWith("customresourcedefinitions.") ? unevaluatedRules(result.object) : []
  const warnings = rules.map(
    (rule) => `this server stores the CEL rule ${JSON.stringify(rule)} and does not evaluate it`,
  )
  return ok(formatObject(result.object, kind, format, at), result.created ? 201 : 200, [
    ...result.warnings,
    ...warnings,
  ])
}

const deleteCollection = (world: StoreWorld, write: Write, request: ApiRequest): StoreAnswer | Refusal => {
  if (write.kind.namespaced && write.namespace === undefined)
    return badRequest("objects of all namespaces are not deleted in one request: name a namespace")
  const selection = selectionOf(request.query, write.namespace, undefined, write.kind)
  if (selection instanceof Refusal) return selection
  const state = world.objects.list(storageName(write.kind))
  const chosen = state === "expired" ? [] : state.filter((object) => isSelected(selection, object))
  for (const object of chosen)
    deleteObject(world, { ...write, name: textAt(object, "metadata", "name") ?? "" }, request.body)
  const resourceVersion = String(world.objects.version())
  const answer = ok(formatList(chosen, write.kind, { resourceVersion }, { kind: "object" }, write.at))
  return afterwards(world, answer)
}
