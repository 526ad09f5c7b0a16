import { createApi } from "../../../edge/api.ts"
import type { ApiTarget } from "../../../edge/api-target.ts"
import type { ApiEvent, ApiRequest, Json } from "../../../kubernetes/http.ts"

export type Asked = {
  readonly method: ApiRequest["method"]
  /** May carry a query. */
  readonly path: string
  readonly body?: Json
  readonly contentType?: string
  readonly accept?: string
}
export type Answer = { readonly status: number; readonly body: Json | undefined }

/** Asks an API server as our programs do, one question at a time, for stories. */
export type StoryClient = {
  /** Rejects where no answer comes. */
  readonly ask: (asked: Asked) => Promise<Answer>
  readonly watch: (path: string, accept?: string) => StoryWatch
  readonly close: () => void
}

export type StoryWatch = {
  /** The next `count` frames; rejects when they do not come within five seconds. */
  readonly frames: (count: number) => Promise<readonly Json[]>
  /** How it ended: `closed`, `failed`, or the status it was refused with. */
  readonly ended: () => Promise<string>
}

const patienceMs = 5000

export const createStoryClient = (target: ApiTarget): StoryClient => {
  const listeners = new Map<number, (event: ApiEvent) => void>()
  const api = createApi(target, (event) => listeners.get(event.id)?.(event))
  let last = 0

  const send = (asked: Asked, stream: boolean, listener: (event: ApiEvent) => void): void => {
    const id = ++last
    const { pathname, searchParams } = new URL(asked.path, "http://api")
    const { path: _, ...rest } = asked
    const query = Object.fromEntries(searchParams)
    listeners.set(id, listener)
    api.perform({ kind: "request", request: { ...rest, path: pathname, query, id, stream, timeoutMs: 10_000 } })
  }

  const ask = (asked: Asked): Promise<Answer> =>
    new Promise((resolve, reject) => {
      send(asked, false, (event) => {
        if (event.kind === "response") resolve({ status: event.status, body: event.body })
        if (event.kind === "failed") reject(new Error(`${asked.method} ${asked.path}: ${event.message}`))
      })
    })

  return {
    ask,
    watch: (path, accept) =>
      openWatch((listener) => send({ method: "GET", path, ...(accept !== undefined && { accept }) }, true, listener)),
    close: api.close,
  }
}

const openWatch = (open: (listener: (event: ApiEvent) => void) => void): StoryWatch => {
  const seen: Json[] = []
  let end: string | undefined
  let changed: () => void = () => undefined
  open((event) => {
    if (event.kind === "frames") seen.push(...event.frames)
    else if (event.kind === "response") end = String(event.status)
    else if (event.kind !== "opened") end = event.kind
    changed()
  })
  const until = (done: () => boolean, what: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`${what} did not come; the watch told ${JSON.stringify(seen)}`)),
        patienceMs,
      )
      changed = () => {
        if (!done()) return
        clearTimeout(timer)
        resolve()
      }
      changed()
    })
  return {
    frames: async (count) => {
      await until(() => seen.length >= count, `${count} frames`)
      return seen.splice(0, count)
    },
    ended: async () => {
      await until(() => end !== undefined, "the end")
      return end!
    },
  }
}
