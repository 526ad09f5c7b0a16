import type { ApiEvent, ApiOutput, ApiRequest } from "../../kubernetes/http.ts"
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
    world.later(oneWayMs, () => {
      if (ended || !underWay.has(id)) return
      if (open) api.tell({ kind: "request", client, request })
      else fail(id, "ECONNREFUSED", "connection refused")
    })
  }
  const forget = (): void => {
    for (const id of underWay.keys()) api.tell({ kind: "abort", client, id })
  }
  api.listen(client, (event) => void world.later(oneWayMs, () => deliver(event)))
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
