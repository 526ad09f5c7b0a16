import { createApi } from "../../edge/api.ts"
import type { ApiTarget } from "../../edge/api-target.ts"
import { allKinds } from "../../cluster/read/snapshot.ts"
import type { KindName } from "../../cluster/cluster.ts"
import { namespacedConfiguration, resourceOf } from "../../cluster/kind-resource.ts"
import { type ApiFailure, readFailed } from "../../kubernetes/api-failure.ts"
import type { ApiEvent, JsonObject } from "../../kubernetes/http.ts"
import { readPage } from "../../kubernetes/list-page.ts"
import { createRequestIds, listCall, plainRequest } from "../../kubernetes/request.ts"
import type { Withheld } from "./survey.ts"

/** One page of objects; a whole list of 10,000 Services would be 20 MB at once. */
const pageSize = "500"
/** More pages than this of 500 objects is a list that goes round in circles. */
const pagesMax = 200

export type LiveObjects =
  | { readonly kind: "objects"; readonly objects: readonly JsonObject[]; readonly withheld: readonly Withheld[] }
  /** Nobody answered, or it does not know us. */
  | { readonly kind: "unreachable"; readonly failure: ApiFailure }

type Listed = readonly JsonObject[] | ApiFailure

/** Lists every kind that decisions read, all at once. What may not be listed is told apart from what is not there. */
export const readLive = async (
  target: ApiTarget,
  metallbNamespace: string,
  timeoutMs: number,
  kinds: readonly KindName[] = allKinds,
): Promise<LiveObjects> => {
  const waiting = new Map<number, (event: ApiEvent) => void>()
  const api = createApi(target, (event) => {
    const take = waiting.get(event.id)
    waiting.delete(event.id)
    take?.(event)
  })
  const ids = createRequestIds()
  const page = (kind: KindName, query: Readonly<Record<string, string>>, namespace?: string): Promise<ApiEvent> =>
    new Promise((resolve) => {
      const id = ids.next()
      waiting.set(id, resolve)
      const call = listCall(resourceOf[kind], query, namespace)
      api.perform({ kind: "request", request: plainRequest(id, call, timeoutMs) })
    })
  const list = async (kind: KindName, namespace?: string): Promise<Listed> => {
    const objects: JsonObject[] = []
    let next: string | undefined
    for (let pages = 0; pages < pagesMax; pages++) {
      const found = readAnswer(await page(kind, { limit: pageSize, ...(next && { continue: next }) }, namespace), kind)
      if ("reason" in found) return found
      objects.push(...found.objects)
      next = found.next
      if (next === undefined) return objects
    }
    return { reason: "broken-answer", message: `the list of ${resourceOf[kind].plural} never ends` }
  }
  /** Who may not list a kind everywhere may still list it where MetalLB's objects are. */
  const listWhereAllowed = async (kind: KindName): Promise<Listed> => {
    const everywhere = await list(kind)
    const refused = "reason" in everywhere && everywhere.reason === "forbidden"
    return refused && namespacedConfiguration.has(kind) ? list(kind, metallbNamespace) : everywhere
  }
  try {
    const lists = await Promise.all(kinds.map(async (kind) => ({ kind, listed: await listWhereAllowed(kind) })))
    return together(lists)
  } finally {
    api.close()
  }
}

const readAnswer = (
  event: ApiEvent,
  kind: KindName,
): ApiFailure | { readonly objects: readonly JsonObject[]; readonly next: string | undefined } => {
  if (event.kind === "failed") return readFailed(event)
  if (event.kind !== "response") return { reason: "broken-answer", message: `a list answered with ${event.kind}` }
  const page = readPage(event, resourceOf[kind])
  return page.kind === "failure" ? page.failure : page
}

const together = (lists: readonly { readonly kind: KindName; readonly listed: Listed }[]): LiveObjects => {
  const objects: JsonObject[] = []
  const withheld: Withheld[] = []
  for (const { kind, listed } of lists) {
    if (!("reason" in listed)) objects.push(...listed)
    else if (listed.reason === "unreachable" || listed.reason === "unauthorized")
      return { kind: "unreachable", failure: listed }
    else withheld.push({ kind, why: whyOf(listed), says: "message" in listed ? listed.message : listed.reason })
  }
  return { kind: "objects", objects, withheld }
}

const whyOf = ({ reason }: ApiFailure): Withheld["why"] =>
  reason === "forbidden" ? "forbidden" : reason === "missing" ? "absent" : "failed"
