/**
 * What passes between a program and an API server, as values: the edge turns them into HTTP/1.1, the simulation hands
 * them to `kubernetes/store`, and a program cannot tell which.
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }

export type ApiRequest = {
  /** Chosen by the program; every event about this request carries it. */
  readonly id: number
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE"
  /** Path without query, segments already escaped: `/apis/metallb.io/v1beta1/namespaces/x/ipaddresspools`. */
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly accept?: string
  readonly contentType?: string
  readonly body?: Json
  /** A watch: the answer is `opened`, then `frames`, then `closed`. */
  readonly stream: boolean
  /** A plain request without an answer by then is `failed` with code `timeout`. */
  readonly timeoutMs: number
}

/** A program asks for requests and may give one up. */
export type ApiOutput =
  | { readonly kind: "request"; readonly request: ApiRequest }
  | { readonly kind: "abort"; readonly id: number }

export type ApiEvent =
  | {
      readonly kind: "response"
      readonly id: number
      readonly status: number
      readonly retryAfter: string | undefined
      /** Undefined where the body was no JSON (an HTML page of a proxy, say). */
      readonly body: Json | undefined
    }
  | { readonly kind: "opened"; readonly id: number }
  /** Whole watch frames, in order. A line that is no JSON ends the stream as `failed` with code `bad-json`. */
  | { readonly kind: "frames"; readonly id: number; readonly frames: readonly Json[] }
  | { readonly kind: "closed"; readonly id: number }
  | { readonly kind: "failed"; readonly id: number; readonly code: string; readonly message: string }
