import type { ApiRequest, Json, JsonObject } from "../../kubernetes/http.ts"
import { isObject, listAt, objectAt, textAt } from "../../kubernetes/json.ts"
import { createStore, type StoreEvent, type StoreInput } from "../../kubernetes/store.ts"
import type { ApiAnswer } from "../api.ts"
import type { ApiMisdeed } from "../api-server/faults.ts"
import type { World } from "./world.ts"

/** The store as the API server of a simulated lab. */
export type SimulatedApi = {
  readonly tell: (input: StoreInput) => void
  /** From now on the events of that client go there; undefined: to nobody. */
  readonly listen: (client: string, take: ((event: StoreEvent) => void) | undefined) => void
  /** Somebody's plain request, answered at once. */
  readonly request: (method: ApiRequest["method"], path: string, body?: Json, contentType?: string) => ApiAnswer
  /** All objects of a collection, with apiVersion and kind in each. */
  readonly list: (path: string) => readonly JsonObject[]
  /** What it does to programs instead of answering; the lab's own questions are answered all the same. */
  readonly misdeed: () => ApiMisdeed | undefined
  readonly setMisdeed: (how: ApiMisdeed | undefined) => void
  /** Called after every request that may have changed something. */
  readonly onChange: (listener: () => void) => void
}

export const createSimulatedApi = (world: World, serviceCidrs: readonly string[]): SimulatedApi => {
  const store = createStore({ serviceCidrs }, world.at())
  const takers = new Map<string, (event: StoreEvent) => void>()
  const listeners: (() => void)[] = []
  const wake = (): void => tell({ kind: "wake" })
  const tell = (input: StoreInput): void => {
    for (const { client, event } of store.step(input, world.at())) takers.get(client)?.(event)
    world.wake(wake, store.wakeAt())
    if (input.kind === "request" && input.request.method !== "GET") for (const listener of listeners) listener()
  }
  const listen: SimulatedApi["listen"] = (client, take) =>
    take === undefined ? void takers.delete(client) : void takers.set(client, take)
  const request: SimulatedApi["request"] = (method, path, body, contentType = "application/json") => {
    let answer: ApiAnswer = { status: 0, body: {} }
    listen(somebody, (event) => {
      if (event.kind === "response") answer = { status: event.status, body: isObject(event.body) ? event.body : {} }
    })
    const asked = { id: 1, method, path, query: {}, contentType, stream: false, timeoutMs: 0 }
    tell({ kind: "request", client: somebody, request: body === undefined ? asked : { ...asked, body } })
    return answer
  }
  const list: SimulatedApi["list"] = (path) => {
    const { body } = request("GET", path)
    const [apiVersion, kind] = [textAt(body, "apiVersion") ?? "", (textAt(body, "kind") ?? "").replace(/List$/, "")]
    return listAt(body, "items").map((item) => ({ apiVersion, kind, ...objectAt(item) }))
  }
  let misdeed: ApiMisdeed | undefined
  return {
    tell,
    listen,
    request,
    list,
    misdeed: () => misdeed,
    setMisdeed: (how) => (misdeed = how),
    onChange: (listener) => void listeners.push(listener),
  }
}

const somebody = "somebody"
