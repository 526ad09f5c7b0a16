import type { IncomingMessage, ServerResponse } from "node:http"
import type { ApiRequest, Json } from "../../kubernetes/http.ts"
import type { StoreEvent, StoreResponse } from "../../kubernetes/store.ts"
import type { Refusal } from "../../kubernetes/store-status.ts"
import { statusOf } from "../../kubernetes/store-status.ts"
import { printFrame, printJson } from "./wire-json.ts"

/** Only these reach the store; it answers 405 where a path does not know one of them. */
const METHODS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"])
/** A client that reads a watch so slowly that this much waits for it is cut off. */
const WAITING_BYTES_MAX = 64 * 1024 * 1024
const NO_TIMEOUT_MS = 0

/** The request value of an HTTP request; undefined where the method is none of the API's. */
export const requestOf = (request: IncomingMessage, body: Json | undefined): ApiRequest | undefined => {
  const method = request.method ?? ""
  if (!METHODS.has(method)) return undefined
  const url = new URL(request.url ?? "/", "http://api")
  const { accept, "content-type": contentType } = request.headers
  return {
    id: 1,
    method: method as ApiRequest["method"],
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    stream: ["1", "true"].includes(url.searchParams.get("watch") ?? ""),
    timeoutMs: NO_TIMEOUT_MS,
    ...(accept === undefined ? {} : { accept }),
    ...(contentType === undefined ? {} : { contentType }),
    ...(body === undefined ? {} : { body }),
  }
}

/** Writes one event of the store to the client. */
export const writeEvent = (response: ServerResponse, event: StoreEvent): void => {
  switch (event.kind) {
    case "response":
      writeResponse(response, event)
      return
    case "opened":
      response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" })
      response.flushHeaders()
      return
    case "frames":
      writeFrames(response, event.frames)
      return
    case "closed":
      response.end()
      return
    case "failed":
      response.destroy()
  }
}

/** Frames of one turn of the event loop leave in one write: twenty watches of a burst would cost as many writes each. */
const writeFrames = (response: ServerResponse, frames: readonly Json[]): void => {
  if (response.writableCorked === 0) {
    response.cork()
    setImmediate(() => response.uncork())
  }
  response.write(frames.map(printFrame).join(""))
  if (response.writableLength > WAITING_BYTES_MAX) response.destroy()
}

const writeResponse = (response: ServerResponse, event: StoreResponse): void => {
  const text = event.text ?? printJson(event.body ?? null)
  if (event.warnings.length > 0)
    response.setHeader(
      "warning",
      event.warnings.map((warning) => `299 - ${quoted(warning)}`),
    )
  response.writeHead(event.status, {
    "content-type": event.contentType,
    "content-length": Buffer.byteLength(text),
    "cache-control": "no-cache, private",
  })
  response.end(text)
}

/** RFC 9110, section 5.6.4; what a header cannot hold becomes a question mark. */
const quoted = (text: string): string => `"${text.replace(/[^\x20-\x7e]/g, "?").replace(/["\\]/g, "\\$&")}"`

export const writeRefusal = (response: ServerResponse, refusal: Refusal): void => {
  writeResponse(response, {
    kind: "response",
    id: 1,
    status: refusal.code,
    retryAfter: undefined,
    body: statusOf(refusal),
    text: undefined,
    contentType: "application/json",
    warnings: [],
  })
}
