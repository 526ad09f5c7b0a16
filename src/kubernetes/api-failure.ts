import type { ApiEvent, Json } from "./http.ts"
import { backOffMs, type BackOff } from "../time/back-off.ts"
import { listAt, numberAt, textAt } from "./json.ts"

/** Why a request to the API server did not do what it was for, by whose doing it is. */
export type ApiFailure =
  /** No answer: connection refused or reset, timeout, TLS. `code` is the edge's. */
  | { readonly reason: "unreachable"; readonly code: string; readonly message: string }
  /** 401: it does not know us. 403: it knows us and says no. */
  | { readonly reason: "unauthorized" | "forbidden"; readonly message: string }
  /** 404: the object, or the whole kind (its CRD), is not there. */
  | { readonly reason: "missing"; readonly message: string }
  /** 409: somebody wrote meanwhile, or an object of that name exists. */
  | { readonly reason: "conflict"; readonly message: string }
  /** 410: our place in the history is forgotten. */
  | { readonly reason: "expired"; readonly message: string }
  /** 429, or 503 with a Retry-After. Milliseconds as the server asked, capped; undefined where it named none. */
  | { readonly reason: "throttled"; readonly retryAfterMs: number | undefined; readonly message: string }
  /** The server has not yet seen the version we know: a replica that lags, or one restored from a backup. */
  | { readonly reason: "version-too-large"; readonly message: string }
  /** 400, 405, 413, 415, 422, a redirect: the same request will be refused again. */
  | { readonly reason: "rejected"; readonly status: number; readonly message: string }
  | { readonly reason: "server-error"; readonly status: number; readonly message: string }
  /** An answer that is no JSON, no list, or a watch that speaks nonsense. */
  | { readonly reason: "broken-answer"; readonly message: string }
  /** A watch that delivered nothing while another one delivered events. */
  | { readonly reason: "mute-watch" }
  /** Watches that end at once, again and again, with nothing in them. */
  | { readonly reason: "closes-at-once"; readonly times: number }

/** An hour would stop us for an hour because of one proxy's error page; the server can say it again after a minute. */
const longestRetryAfterMs = 60_000

/** Of an answer with status 300 or more, or of an ERROR event's Status, whose code stands for the status. */
export const readFailure = (status: number, body: Json | undefined, retryAfter: string | undefined): ApiFailure => {
  const message = textAt(body, "message") ?? `the answer had HTTP status ${status}`
  if (isVersionTooLarge(body, message)) return { reason: "version-too-large", message }
  const retryAfterMs = readRetryAfter(retryAfter, body)
  if (status === 429 || (status === 503 && retryAfterMs !== undefined))
    return { reason: "throttled", retryAfterMs, message }
  if (status >= 500) return { reason: "server-error", status, message }
  const reason = byStatus.get(status)
  return reason === undefined ? { reason: "rejected", status, message } : { reason, message }
}

const byStatus: ReadonlyMap<number, "unauthorized" | "forbidden" | "missing" | "conflict" | "expired"> = new Map([
  [401, "unauthorized"],
  [403, "forbidden"],
  [404, "missing"],
  [409, "conflict"],
  [410, "expired"],
])

/** Older servers say it in the message only (kubernetes/kubernetes issue 91073). */
const isVersionTooLarge = (body: Json | undefined, message: string): boolean =>
  listAt(body, "details", "causes").some((cause) => textAt(cause, "reason") === "ResourceVersionTooLarge") ||
  message.startsWith("Too large resource version")

/** Whole seconds (RFC 9110, section 10.2.3); the date form and garbage count as none. */
const readRetryAfter = (header: string | undefined, body: Json | undefined): number | undefined => {
  const seconds =
    header !== undefined && /^\d{1,9}$/.test(header.trim())
      ? Number(header.trim())
      : numberAt(body, "details", "retryAfterSeconds")
  if (seconds === undefined || !(seconds >= 0)) return undefined
  return Math.min(seconds * 1000, longestRetryAfterMs)
}

/** The edge's `failed` as a failure: what cannot be decoded is the server's fault, the rest the way's. */
export const readFailed = (event: ApiEvent & { readonly kind: "failed" }): ApiFailure =>
  brokenCodes.has(event.code)
    ? { reason: "broken-answer", message: event.message }
    : { reason: "unreachable", code: event.code, message: event.message }

const brokenCodes: ReadonlySet<string> = new Set(["bad-json", "line-too-long", "too-large", "bad-encoding"])

const retry: BackOff = { firstMs: 200, mostMs: 30_000 }

/**
 * How long to wait before try number `attempts` + 1: 0.2 s, doubling to 30 s, with jitter. What the server asked for is
 * the least; a Retry-After of 0 is no licence for a loop.
 */
export const retryDelayMs = (failure: ApiFailure, attempts: number, entropy: number): number => {
  const delay = backOffMs(retry, attempts, entropy)
  if (failure.reason !== "throttled" || failure.retryAfterMs === undefined) return delay
  return Math.max(failure.retryAfterMs * (1 + (entropy >>> 0) / 2 ** 34), delay)
}
