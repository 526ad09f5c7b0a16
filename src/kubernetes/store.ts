import type { At, Instant, Program } from "../time/instant.ts"
import { earliest } from "../time/instant.ts"
import type { ApiEvent, ApiRequest, Json } from "./http.ts"
import { builtinKinds } from "./kinds-builtin.ts"
import { kindsOfCrd } from "./kinds-custom.ts"
import type { Kinds } from "./kinds.ts"
import { kindsOf } from "./kinds.ts"
import { createServiceAllocations } from "./service-allocate.ts"
import type { ObjectRoute, StoreAnswer, StoreWorld } from "./store-answer.ts"
import { answerRequest, refuse } from "./store-answer.ts"
import { formatOf } from "./store-format.ts"
import { createStoreIdentities } from "./store-identity.ts"
import { createStoreObjects } from "./store-objects.ts"
import { routeOf } from "./store-route.ts"
import { selectionOf } from "./store-selection.ts"
import { Refusal } from "./store-status.ts"
import type { StoreWatch } from "./store-watch.ts"
import { dueBookmark, framesSince, openWatch, watchWakesAt } from "./store-watch.ts"
import { createObject } from "./store-write.ts"

export type StoreOptions = {
  /** The cluster's Service ranges, the default family first: `["10.96.0.0/16", "fd00:10:96::/112"]`. */
  readonly serviceCidrs?: readonly string[]
  /** Changes remembered of each resource; a watch from before them is 410 Expired. */
  readonly changesMax?: number
  /** How often a watch that asked for bookmarks gets one. Kubernetes: about every minute. */
  readonly bookmarkEveryMs?: number
}

/** `client` tells the requests of one connection or program from those of others. */
export type StoreInput =
  | { readonly kind: "request"; readonly client: string; readonly request: ApiRequest }
  | { readonly kind: "abort"; readonly client: string; readonly id: number }
  | { readonly kind: "wake" }

/** An `ApiEvent` as a program gets it; a response also carries what HTTP says of it in headers. */
export type StoreResponse = Extract<ApiEvent, { kind: "response" }> & {
  readonly contentType: string
  /** What is sent where it is no JSON; then `body` is undefined. */
  readonly text: string | undefined
  readonly warnings: readonly string[]
}
export type StoreEvent = StoreResponse | Exclude<ApiEvent, { kind: "response" }>
export type StoreOutput = { readonly client: string; readonly event: StoreEvent }

/**
 * A Kubernetes-compatible API server in memory: requests in, responses and watch frames out. It never throws for
 * anything a client sends.
 */
export type Store = Program<StoreInput, StoreOutput>

const CHANGES_MAX = 10_000
const BOOKMARK_EVERY_MS = 60_000
const NAMESPACES = ["default", "kube-node-lease", "kube-public", "kube-system"]
const CRDS = "customresourcedefinitions.apiextensions.k8s.io"

type OpenWatch = { readonly client: string; readonly id: number; readonly watch: StoreWatch }

export const createStore = (options: StoreOptions, at: At): Store => {
  const world = createWorld(options)
  const bookmarkEveryMs = options.bookmarkEveryMs ?? BOOKMARK_EVERY_MS
  for (const name of NAMESPACES) createNamespace(world, name, at)
  let watches: readonly OpenWatch[] = []
  const answer = (client: string, request: ApiRequest, now: At): readonly StoreOutput[] => {
    const route = routeOf(request.path, world.kinds())
    const watching = request.query["watch"] === "true" || request.query["watch"] === "1"
    if (route.to !== "objects" || request.method !== "GET" || !watching)
      return [respond(client, request.id, answerRequest(world, route, request, now))]
    const opened = open(world, route, request, bookmarkEveryMs, now)
    if (opened instanceof Refusal) return [respond(client, request.id, refuse(opened))]
    if (!opened.ended) watches = [...watches, { client, id: request.id, watch: opened.watch }]
    return opening(client, request.id, opened.frames, opened.ended)
  }
  const deliver = (now: At): readonly StoreOutput[] => {
    const outputs = watches.map((open) => ({ open, ...advance(world, open, bookmarkEveryMs, now) }))
    watches = watches.filter((_, index) => outputs[index]?.ended !== true)
    return outputs.flatMap(({ open: { client, id }, frames, ended }) => [
      ...(frames.length === 0 ? [] : [{ client, event: { kind: "frames" as const, id, frames } }]),
      ...(ended ? [{ client, event: { kind: "closed" as const, id } }] : []),
    ])
  }
  return {
    step: (input, now) => {
      if (input.kind === "abort")
        watches = watches.filter((open) => open.client !== input.client || open.id !== input.id)
      const answered = input.kind === "request" ? answer(input.client, input.request, now) : []
      return [...answered, ...deliver(now)]
    },
    wakeAt: (): Instant | undefined => earliest(...watches.map(({ watch }) => watchWakesAt(watch))),
  }
}

const createWorld = (options: StoreOptions): StoreWorld => {
  const services = createServiceAllocations(options.serviceCidrs ?? ["10.96.0.0/16"])
  let kinds: Kinds = kindsOf(builtinKinds)
  let revision = 1
  const serve = (): void => {
    const crds = objects.list(CRDS)
    kinds = kindsOf([...builtinKinds, ...(crds === "expired" ? [] : crds.flatMap(kindsOfCrd))])
    revision += 1
  }
  const objects = createStoreObjects(options.changesMax ?? CHANGES_MAX, (resource, change) => {
    if (resource === CRDS) serve()
    if (resource === "services") services.note(change.before, change.after)
  })
  return { objects, services, identities: createStoreIdentities(), kinds: () => kinds, revision: () => revision }
}

const createNamespace = (world: StoreWorld, name: string, at: At): void => {
  const kind = world.kinds().find("", "v1", "namespaces")
  if (kind === undefined) throw new Error("the built-in kinds lack namespaces")
  const write = { kind, namespace: undefined, name, subresource: undefined, query: {}, at }
  createObject(world, write, { metadata: { name } })
}

const respond = (client: string, id: number, answer: StoreAnswer): StoreOutput => ({
  client,
  event: {
    kind: "response",
    id,
    status: answer.code,
    retryAfter: undefined,
    body: answer.text === undefined ? answer.body : undefined,
    text: answer.text,
    contentType: answer.contentType ?? "application/json",
    warnings: answer.warnings,
  },
})

const open = (
  world: StoreWorld,
  { kind, namespace, name }: ObjectRoute,
  request: ApiRequest,
  bookmarkEveryMs: number,
  at: At,
): ReturnType<typeof openWatch> => {
  const selection = selectionOf(request.query, namespace, name, kind)
  if (selection instanceof Refusal) return selection
  const format = formatOf(request.accept, request.query)
  if (format instanceof Refusal) return format
  return openWatch(world.objects, { kind, selection, format, query: request.query }, bookmarkEveryMs, at)
}

const opening = (client: string, id: number, frames: readonly Json[], ended: boolean): readonly StoreOutput[] => [
  { client, event: { kind: "opened", id } },
  ...(frames.length === 0 ? [] : [{ client, event: { kind: "frames" as const, id, frames } }]),
  ...(ended ? [{ client, event: { kind: "closed" as const, id } }] : []),
]

/** What one watch is due: changes, a bookmark, its end. A kind no longer served ends its watches. */
const advance = (
  world: StoreWorld,
  { watch }: OpenWatch,
  bookmarkEveryMs: number,
  at: At,
): { readonly frames: readonly Json[]; readonly ended: boolean } => {
  const { group, version, plural } = watch.kind
  const changes = framesSince(world.objects, watch, at)
  const frames = changes === "expired" ? [] : changes
  const gone = world.kinds().find(group, version, plural) === undefined
  return {
    frames: [...frames, ...dueBookmark(watch, bookmarkEveryMs, at)],
    ended: changes === "expired" || gone || at.now >= watch.endsAt,
  }
}
