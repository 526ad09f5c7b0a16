import { randomInt } from "node:crypto"
import type { ApiRequest } from "../../kubernetes/http.ts"
import type { Store, StoreEvent, StoreOptions, StoreResponse } from "../../kubernetes/store.ts"
import { createStore } from "../../kubernetes/store.ts"
import type { At, Instant } from "../../time/instant.ts"

/** The store with a clock: steps it, hands each event to whom it concerns, and wakes it in time. */
export type StoreDriver = {
  readonly store: Store
  readonly open: (request: ApiRequest, listener: (event: StoreEvent) => void) => { readonly close: () => void }
  /** A plain request from within this process. */
  readonly ask: (request: Pick<ApiRequest, "method" | "path"> & Partial<ApiRequest>) => StoreResponse
  readonly stop: () => void
}

const now = (): At => ({
  now: performance.now() as Instant,
  wallSeconds: Date.now() / 1000,
  entropy: randomInt(0, 2 ** 32),
})

/** Node's timers take no longer waits. */
const WAIT_MAX_MS = 2 ** 31 - 1

export const createStoreDriver = (options: StoreOptions): StoreDriver => {
  const store = createStore(options, now())
  const listeners = new Map<string, (event: StoreEvent) => void>()
  let clients = 0
  let alarm: NodeJS.Timeout | undefined
  const feed = (input: Parameters<Store["step"]>[0]): void => {
    for (const { client, event } of store.step(input, now())) listeners.get(client)?.(event)
    clearTimeout(alarm)
    const wakeAt = store.wakeAt()
    if (wakeAt === undefined) return
    alarm = setTimeout(() => feed({ kind: "wake" }), Math.min(Math.max(wakeAt - performance.now(), 0) + 1, WAIT_MAX_MS))
    alarm.unref()
  }
  const open: StoreDriver["open"] = (request, listener) => {
    clients += 1
    const client = `client-${clients}`
    listeners.set(client, (event) => {
      if (event.kind === "response" || event.kind === "closed") listeners.delete(client)
      listener(event)
    })
    feed({ kind: "request", client, request })
    const close = (): void => {
      if (listeners.delete(client)) feed({ kind: "abort", client, id: request.id })
    }
    return { close }
  }
  return { store, open, ask: askThrough(open), stop: () => clearTimeout(alarm) }
}

/** A plain request by way of `open`. */
export const askThrough =
  (open: StoreDriver["open"]): StoreDriver["ask"] =>
  (request) => {
    let answer: StoreResponse | undefined
    open({ id: 1, query: {}, stream: false, timeoutMs: 0, ...request }, (event) => {
      if (event.kind === "response") answer = event
    })
    if (answer === undefined) throw new Error(`${request.method} ${request.path} is a watch: open it instead`)
    return answer
  }
