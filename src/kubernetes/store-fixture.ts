import type { At, Instant } from "../time/instant.ts"
import type { ApiRequest, Json, JsonObject } from "./http.ts"
import { field, isObject, listAt, plainText, textAt } from "./json.ts"
import type { Store, StoreEvent, StoreOptions, StoreResponse } from "./store.ts"
import { createStore } from "./store.ts"

/** A store with a clock that stands still until told, for tests of the store and of those who talk to it. */
export type StoreFixture = {
  readonly store: Store
  readonly ask: (method: ApiRequest["method"], path: string, body?: Json, extra?: Partial<ApiRequest>) => StoreResponse
  /** The body of an answer; throws with the server's words where it is no success. */
  readonly must: (method: ApiRequest["method"], path: string, body?: Json, extra?: Partial<ApiRequest>) => JsonObject
  readonly patch: (path: string, body: Json, kind?: "merge" | "json" | "strategic") => StoreResponse
  /** Opens a watch and gives its growing list of events. */
  readonly watch: (path: string, query?: Readonly<Record<string, string>>, accept?: string) => readonly StoreEvent[]
  readonly pass: (ms: number) => void
}

/** Saturday, 21 November 2026, 18:00 UTC. */
const START_SECONDS = 1_795_284_000

export const createStoreFixture = (options: StoreOptions = {}): StoreFixture => {
  let nowMs = 0
  let entropy = 1
  const at = (): At => ({
    now: nowMs as Instant,
    wallSeconds: START_SECONDS + nowMs / 1000,
    entropy: (entropy = (Math.imul(entropy, 1_664_525) + 1_013_904_223) >>> 0),
  })
  const store = createStore(options, at())
  const streams = new Map<string, StoreEvent[]>()
  let clients = 0
  const send = (request: Partial<ApiRequest> & Pick<ApiRequest, "method" | "path">): readonly StoreEvent[] => {
    const client = `client-${(clients += 1)}`
    const events: StoreEvent[] = []
    streams.set(client, events)
    const full = { id: 1, query: {}, stream: false, timeoutMs: 0, ...request }
    feed(store.step({ kind: "request", client, request: full }, at()))
    return events
  }
  const feed = (outputs: ReturnType<Store["step"]>): void => {
    for (const { client, event } of outputs) streams.get(client)?.push(event)
  }
  const ask: StoreFixture["ask"] = (method, path, body, extra) => {
    const [answer] = send({ method, path, ...(body === undefined ? {} : { body }), ...extra })
    if (answer?.kind !== "response") throw new Error(`${method} ${path} was not answered`)
    return answer
  }
  return {
    store,
    ask,
    must: (method, path, body, extra) => {
      const answer = ask(method, path, body, extra)
      if (answer.status >= 300 || !isObject(answer.body)) throw new Error(JSON.stringify(answer.body))
      return answer.body
    },
    patch: (path, body, kind = "merge") =>
      ask("PATCH", path, body, {
        contentType: `application/${kind === "strategic" ? "strategic-merge" : kind === "json" ? "json" : "merge"}-patch+json`,
      }),
    watch: (path, query = {}, accept = "application/json") =>
      send({ method: "GET", path, query: { watch: "true", ...query }, accept, stream: true }),
    pass: (ms) => {
      nowMs += ms
      feed(store.step({ kind: "wake" }, at()))
    },
  }
}

/** All frames of a watch as `TYPE name`. */
export const told = (events: readonly StoreEvent[]): readonly string[] =>
  events.flatMap((event) => (event.kind === "frames" ? event.frames.map(nameOfFrame) : []))

const nameOfFrame = (frame: Json): string => {
  const object = field(frame, "object")
  const [row] = listAt(object, "rows")
  const name =
    field(object, "metadata", "name") ?? (row === undefined ? field(object, "code") : listAt(row, "cells")[0])
  return `${textAt(frame, "type")} ${plainText(name)}`.trim()
}

export const namesOf = (list: Json | undefined): readonly string[] =>
  listAt(list, "items").map((item) => textAt(item, "metadata", "name") ?? "")

/** A definition with one version `v1`, whose spec has this schema. */
export const definition = (specSchema: JsonObject, more: JsonObject = {}): JsonObject => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "lamps.attic.example" },
  spec: {
    group: "attic.example",
    scope: "Namespaced",
    names: { kind: "Lamp", plural: "lamps", shortNames: ["lm"] },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: specSchema, status: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
          },
        },
        ...more,
      },
    ],
  },
})
