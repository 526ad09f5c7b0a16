import type { IncomingMessage, ServerResponse } from "node:http"
import type { StoreEvent } from "../../kubernetes/store.ts"
import { expired, Refusal, statusOf } from "../../kubernetes/store-status.ts"
import { writeRefusal } from "./exchange.ts"
import type { ApiFault } from "./faults.ts"
import { htmlPage } from "./faults.ts"
import { printFrame, printJson } from "./wire-json.ts"

/** Answers in place of the store where the fault says so; false where the store shall answer. */
export const answerFaulty = (fault: ApiFault, request: IncomingMessage, response: ServerResponse): boolean => {
  switch (fault.kind) {
    case "gone":
      response.destroy()
      return true
    case "expired":
      return isWatch(request) && answerExpired(fault.how, response)
    case "too-many":
      response.setHeader("retry-after", fault.retryAfter)
      writeRefusal(response, new Refusal(429, "TooManyRequests", "too many requests, please try again later"))
      return true
    case "server-error":
      response.writeHead(fault.status, { "content-type": "text/html" }).end(htmlPage(fault.status))
      return true
    case "mute":
    case "reset":
    case "slow":
      return false
  }
}

const isWatch = (request: IncomingMessage): boolean => /[?&]watch=(1|true)(&|$)/.test(request.url ?? "")

const answerExpired = (how: "status" | "in-frame", response: ServerResponse): boolean => {
  const refusal = expired("too old resource version: the server was told to say so")
  if (how === "status") writeRefusal(response, refusal)
  else {
    response.writeHead(200, { "content-type": "application/json" })
    response.end(printFrame({ type: "ERROR", object: statusOf(refusal) }))
  }
  return true
}

/** Sends half of what was to be said and resets the connection. */
export const cutInHalf = (
  response: ServerResponse,
  event: Extract<StoreEvent, { kind: "response" | "frames" }>,
): void => {
  const text =
    event.kind === "frames" ? event.frames.map(printFrame).join("") : (event.text ?? printJson(event.body ?? null))
  if (event.kind === "response")
    response.writeHead(event.status, { "content-type": event.contentType, "content-length": Buffer.byteLength(text) })
  response.write(text.slice(0, text.length / 2), () => reset(response))
}

/** Only TCP knows a reset; on a unix socket the end comes too early all the same. */
const reset = ({ socket }: ServerResponse): unknown =>
  socket?.remoteAddress === undefined ? socket?.destroy() : socket.resetAndDestroy()
