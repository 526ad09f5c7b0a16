import { request as httpRequest } from "node:http"
import type { Json, JsonObject } from "../kubernetes/http.ts"

/** The lab's own way to the API server: its parts play kubelet, endpoint controller and service proxy through it. */
export type LabApi = {
  /** Rejects where nobody answers; every status is an answer. */
  readonly request: (method: string, path: string, body?: Json, contentType?: string) => Promise<ApiAnswer>
  /** Keeps a copy of a collection, and calls `changed` with the whole of it after every change and after every re-list. */
  readonly follow: (path: string, changed: (objects: ReadonlyMap<string, JsonObject>) => void) => () => void
}

export type ApiAnswer = { readonly status: number; readonly body: JsonObject }

/** Short: a proxy that learns late that the API is back would blur every figure. */
const retryMs = 100

export const connectApi = (socketPath: string): LabApi => {
  const send = (method: string, path: string, body?: Json, contentType = "application/json"): Promise<ApiAnswer> =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body)
      const headers = {
        accept: "application/json",
        ...(text === undefined ? {} : { "content-type": contentType, "content-length": Buffer.byteLength(text) }),
      }
      const request = httpRequest({ socketPath, method, path, headers }, (response) => {
        let answer = ""
        response.setEncoding("utf8").on("data", (more: string) => (answer += more))
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parseObject(answer) }))
        response.on("error", reject)
      })
      request.on("error", reject).end(text)
    })
  return { request: send, follow: (path, changed) => follow(socketPath, send, path, changed) }
}

const parseObject = (text: string): JsonObject => {
  try {
    const value = JSON.parse(text) as Json
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {}
  } catch {
    return {}
  }
}

const follow = (
  socketPath: string,
  send: LabApi["request"],
  path: string,
  changed: (objects: ReadonlyMap<string, JsonObject>) => void,
): (() => void) => {
  const stop = new AbortController()
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      try {
        const list = await send("GET", path)
        if (list.status !== 200) throw new Error(`${path}: ${list.status}`)
        const objects = new Map((list.body["items"] as readonly JsonObject[]).map((item) => [keyOf(item), item]))
        changed(objects)
        const version = textAt(list.body["metadata"], "resourceVersion")
        await watch(socketPath, `${path}?watch=true&resourceVersion=${version}`, stop.signal, (event) => {
          if (!applyEvent(objects, event)) return false
          changed(objects)
          return true
        })
      } catch {
        // The API is away: that is a fault people inject here, so it is waited for, not reported.
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs))
    }
  }
  void run()
  return () => stop.abort()
}

/** False ends the watch: the server says that this place in its history is gone. */
const applyEvent = (objects: Map<string, JsonObject>, event: JsonObject): boolean => {
  const object = event["object"] as JsonObject
  if (event["type"] === "ERROR") return false
  if (event["type"] === "DELETED") objects.delete(keyOf(object))
  else if (event["type"] !== "BOOKMARK") objects.set(keyOf(object), object)
  return true
}

const watch = (
  socketPath: string,
  path: string,
  signal: AbortSignal,
  take: (event: JsonObject) => boolean,
): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, path, signal, headers: { accept: "application/json" } }, (response) => {
      let rest = ""
      response.setEncoding("utf8").on("data", (more: string) => {
        const lines = (rest + more).split("\n")
        rest = lines.pop() ?? ""
        for (const line of lines) if (line !== "" && !take(parseObject(line))) request.destroy()
      })
      response.on("close", () => resolve())
      response.on("error", () => resolve())
    })
    request.on("error", reject).end()
  })

const textAt = (value: Json | undefined, field: string): string => {
  const found =
    typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject)[field] : undefined
  return typeof found === "string" ? found : ""
}

export const keyOf = (object: JsonObject): string => {
  const namespace = textAt(object["metadata"], "namespace")
  const name = textAt(object["metadata"], "name")
  return namespace === "" ? name : `${namespace}/${name}`
}
