import { createApi } from "../../edge/api.ts"
import type { ApiTarget } from "../../edge/api-target.ts"
import { type ApiFailure, readFailed, readFailure } from "../../kubernetes/api-failure.ts"
import type { ApiEvent, Json } from "../../kubernetes/http.ts"
import { type Call, createRequestIds, plainRequest } from "../../kubernetes/request.ts"

export type ApiAnswer =
  | { readonly kind: "answer"; readonly body: Json | undefined }
  | { readonly kind: "failure"; readonly failure: ApiFailure }

/** Requests to one API server, each with its answer. */
export type ApiSession = { readonly ask: (call: Call) => Promise<ApiAnswer>; readonly close: () => void }

/** @param timeoutMs of each request */
export const openSession = (target: ApiTarget, timeoutMs: number): ApiSession => {
  const ids = createRequestIds()
  const waiting = new Map<number, (event: ApiEvent) => void>()
  const api = createApi(target, (event) => {
    waiting.get(event.id)?.(event)
    waiting.delete(event.id)
  })
  const ask = (call: Call): Promise<ApiAnswer> =>
    new Promise((resolve) => {
      const id = ids.next()
      waiting.set(id, (event) => resolve(answerOf(event)))
      api.perform({ kind: "request", request: plainRequest(id, call, timeoutMs) })
    })
  return { ask, close: api.close }
}

const answerOf = (event: ApiEvent): ApiAnswer => {
  if (event.kind === "failed") return { kind: "failure", failure: readFailed(event) }
  if (event.kind !== "response")
    return { kind: "failure", failure: { reason: "broken-answer", message: `it answered with ${event.kind}` } }
  if (event.status >= 300) return { kind: "failure", failure: readFailure(event.status, event.body, event.retryAfter) }
  return { kind: "answer", body: event.body }
}
