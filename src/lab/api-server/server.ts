import { rm } from "node:fs/promises"
import type { IncomingMessage, Server, ServerResponse } from "node:http"
import { createServer } from "node:http"
import type { Socket } from "node:net"
import type { StoreEvent, StoreOptions } from "../../kubernetes/store.ts"
import { methodNotAllowed, Refusal } from "../../kubernetes/store-status.ts"
import { requestOf, writeEvent, writeRefusal } from "./exchange.ts"
import type { ApiFault, FaultSwitch } from "./faults.ts"
import { createFaultSwitch } from "./faults.ts"
import { answerFaulty, cutInHalf } from "./faulty-answer.ts"
import { readBody } from "./request-body.ts"
import type { StoreDriver } from "./store-driver.ts"
import { createStoreDriver } from "./store-driver.ts"

/** A loopback port for people (0 picks a free one), or a unix socket for programs. */
export type ApiListener =
  | { readonly port: number; readonly host?: string }
  /** A socket left behind under this path by somebody who was killed is replaced. */
  | { readonly path: string }

export type ApiServerOptions = StoreOptions & { readonly listen: ApiListener | readonly ApiListener[] }

type ServedStore = Pick<StoreDriver, "open" | "ask" | "stop">

export type ApiServer = {
  /** Of the first listener: `http://127.0.0.1:40713`, or `unix:/run/x.sock`. */
  readonly url: string
  /** Of each listener, in the order given. */
  readonly urls: readonly string[]
  /** Asks the store from within this process. */
  readonly ask: StoreDriver["ask"]
  /** Opens a watch from within this process. */
  readonly open: StoreDriver["open"]
  readonly faults: FaultSwitch
  /** Ends every connection and listener. */
  readonly close: () => Promise<void>
}

/** Longer than kubectl's own, so that it is the client who closes an idle connection. */
const KEEP_ALIVE_MS = 120_000

/** Starts a store with this machine's clock, and serves it. */
export const startApiServer = (options: ApiServerOptions): Promise<ApiServer> =>
  serveStore(createStoreDriver(options), options.listen)

/**
 * Serves one store over HTTP/1.1 on any number of listeners. Rejects with the system's error where a port or path cannot
 * be had.
 */
export const serveStore = async (driver: ServedStore, listen: ApiServerOptions["listen"]): Promise<ApiServer> => {
  const watches = new Set<Watching>()
  const faults = createFaultSwitch((fault) => {
    if (fault?.kind === "mute") for (const watching of watches) watching.muted = true
  })
  const sockets = new Set<Socket>()
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    answer({ driver, faults, watches }, request, response).catch((error: unknown) => failed(response, error))
  }
  const servers: Server[] = []
  const listeners: readonly ApiListener[] = isListeners(listen) ? listen : [listen]
  const close = async (): Promise<void> => {
    driver.stop()
    for (const socket of sockets) socket.destroy()
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
  try {
    const urls: string[] = []
    for (const listener of listeners) {
      const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS, requestTimeout: 0 }, serve)
      server.on("connection", (socket) => {
        sockets.add(socket)
        socket.on("close", () => sockets.delete(socket))
      })
      urls.push(await listenOn(server, listener))
      servers.push(server)
    }
    return { url: urls[0] ?? "", urls, ask: driver.ask, open: driver.open, faults, close }
  } catch (error) {
    await close()
    throw error
  }
}

const isListeners = (listen: ApiListener | readonly ApiListener[]): listen is readonly ApiListener[] =>
  Array.isArray(listen)

const listenOn = async (server: Server, listener: ApiListener): Promise<string> => {
  if ("path" in listener) await rm(listener.path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen("path" in listener ? listener : { port: listener.port, host: listener.host ?? "127.0.0.1" }, resolve)
  })
  const address = server.address()
  if (address === null || typeof address === "string") return `unix:${address ?? ""}`
  return `http://${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`
}

type Watching = { muted: boolean }
type Serving = { readonly driver: ServedStore; readonly faults: FaultSwitch; readonly watches: Set<Watching> }

const answer = async (serving: Serving, request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const read = await readBody(request)
  const fault = serving.faults.current()
  if (fault?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, fault.delayMs))
  if (fault !== undefined && answerFaulty(fault, request, response)) return
  if (read instanceof Refusal) {
    writeRefusal(response, read)
    return
  }
  const asked = requestOf(request, read.body)
  if (asked === undefined) {
    writeRefusal(response, methodNotAllowed())
    return
  }
  const watching: Watching = { muted: fault?.kind === "mute" }
  if (asked.stream) serving.watches.add(watching)
  const listener = (event: StoreEvent): void => tell(response, event, watching, fault)
  const opened = serving.driver.open(asked, listener)
  response.on("close", () => {
    serving.watches.delete(watching)
    opened.close()
  })
}

const tell = (response: ServerResponse, event: StoreEvent, watching: Watching, fault: ApiFault | undefined): void => {
  if (watching.muted && event.kind !== "opened" && event.kind !== "response") return
  if (fault?.kind === "reset" && (event.kind === "response" || event.kind === "frames")) cutInHalf(response, event)
  else if (!response.destroyed) writeEvent(response, event)
}

/** Nothing a client sends may end the process: a fault of ours costs that client its answer. */
const failed = (response: ServerResponse, error: unknown): void => {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const message = error instanceof Error ? error.message : String(error)
  writeRefusal(response, new Refusal(500, "InternalError", `Internal error occurred: ${message}`))
}
