import type { ApiEvent, ApiOutput, ApiRequest } from "../../kubernetes/http.ts"
import { expired, Refusal, statusOf } from "../../kubernetes/store-status.ts"
import { type ApiMisdeed, slowMs } from "../api-server/faults.ts"
import type { SimulatedApi } from "./api-server.ts"
import type { Cancel, World } from "./world.ts"

/** One program's way to the API server. */
export type ApiLink = {
  readonly perform: (output: ApiOutput) => void
  /** Shut, every request is refused and what was open is reset. */
  readonly setOpen: (open: boolean) => void
  /** Its program is gone, and with it all it had asked. */
  readonly end: () => void
}

/** What the server does in place of its work; undefined where it does that. */
const answerInstead = (
  misdeed: ApiMisdeed | undefined,
  { id, stream }: ApiRequest,
): readonly ApiEvent[] | undefined => {
  switch (misdeed) {
    case "429": {
      const body = statusOf(new Refusal(429, "TooManyRequests", "too many requests, please try again later"))
      return [{ kind: "response", id, status: 429, retryAfter: "1", body }]
    }
    case "500":
    case "502":
    case "503":
    case "504":
      return [{ kind: "response", id, status: Number(misdeed), retryAfter: undefined, body: undefined }]
    case "410": {
      if (!stream) return undefined
      const error = {
        type: "ERROR",
        object: statusOf(expired("too old resource version: the server was told to say so")),
      }
      return [
        { kind: "opened", id },
        { kind: "frames", id, frames: [error] },
        { kind: "closed", id },
      ]
    }
    case "mute":
    case "cut":
    case "slow":
    case undefined:
      return undefined
  }
}

/** Half a millisecond each way: a round trip on a quiet LAN and the server's own work. */
const oneWayMs = 0.5

/** `client` is this very process: a restarted one is another. Requests and answers keep their order. */
export const openApiLink = (
  world: World,
  api: SimulatedApi,
  client: string,
  take: (event: ApiEvent) => void,
  isOpen: boolean,
): ApiLink => {
  let open = isOpen
  let ended = false
  const underWay = new Map<number, Cancel | undefined>()

  const close = (id: number): void => {
    underWay.get(id)?.()
    underWay.delete(id)
  }
  const deliver = (event: ApiEvent): void => {
    if (ended || !underWay.has(event.id)) return
    if (event.kind === "response" || event.kind === "closed" || event.kind === "failed") close(event.id)
    take(event)
  }
  const fail = (id: number, code: string, message: string): void => deliver({ kind: "failed", id, code, message })
  const send = (request: ApiRequest): void => {
    const { id, timeoutMs, stream } = request
    const timeout = (): void => {
      api.tell({ kind: "abort", client, id })
      fail(id, "timeout", `no answer within ${timeoutMs} ms`)
    }
    underWay.set(id, stream ? undefined : world.later(timeoutMs, timeout))
    world.later(api.misdeed() === "slow" ? slowMs : oneWayMs, () => {
      if (ended || !underWay.has(id)) return
      if (!open) return fail(id, "ECONNREFUSED", "connection refused")
      const instead = answerInstead(api.misdeed(), request)
      if (instead === undefined) return api.tell({ kind: "request", client, request })
      for (const event of instead) world.later(oneWayMs, () => deliver(event))
    })
  }
  const forget = (): void => {
    for (const id of underWay.keys()) api.tell({ kind: "abort", client, id })
  }
  const hear = (event: ApiEvent): void => {
    const misdeed = api.misdeed()
    const isStreamed = event.kind === "frames" || event.kind === "closed"
    if (misdeed === "mute" && isStreamed) return
    if (misdeed === "cut" && (event.kind === "response" || event.kind === "frames")) {
      api.tell({ kind: "abort", client, id: event.id })
      return fail(event.id, "ECONNRESET", "connection reset by peer")
    }
    deliver(event)
  }
  api.listen(client, (event) => void world.later(oneWayMs, () => hear(event)))
  return {
    perform: (output) => {
      if (output.kind === "request") return send(output.request)
      close(output.id)
      api.tell({ kind: "abort", client, id: output.id })
    },
    setOpen: (now) => {
      if (open === now) return
      open = now
      if (open) return
      forget()
      for (const id of underWay.keys()) fail(id, "ECONNRESET", "connection reset by peer")
    },
    end: () => {
      ended = true
      forget()
      for (const cancel of underWay.values()) cancel?.()
      underWay.clear()
      api.listen(client, undefined)
    },
  }
}
