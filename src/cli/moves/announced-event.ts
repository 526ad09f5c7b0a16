import type { ApiTarget } from "../../edge/api-target.ts"
import { serviceName, type ServiceName } from "../../cluster/name.ts"
import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { field, isObject, listAt, textAt } from "../../kubernetes/json.ts"
import { listCall } from "../../kubernetes/request.ts"
import type { Resource } from "../../kubernetes/resource.ts"
import { parseTimestamp } from "../../kubernetes/timestamp.ts"
import { openSession } from "../survey/api-session.ts"

/** An Event that says which node began to announce a Service. Clusters keep Events for an hour; journals end with their process. */
export type AnnouncedEvent = { readonly at: number; readonly service: ServiceName; readonly node: string }

const events: Resource = { group: "", version: "v1", plural: "events", kind: "Event" }
const pageSize = "500"
/** Events only fill what journals have lost: of a cluster with more than these, the rest is not waited for. */
const pagesMax = 10

/** Events that may not be read, or of a server that is slow, are done without. */
export const listAnnouncedEvents = async (target: ApiTarget, timeoutMs: number): Promise<readonly AnnouncedEvent[]> => {
  const session = openSession(target, timeoutMs)
  const found: AnnouncedEvent[] = []
  try {
    let next: string | undefined
    for (let page = 0; page < pagesMax; page++) {
      const query = { fieldSelector: "reason=nodeAssigned", limit: pageSize, ...(next && { continue: next }) }
      const answer = await session.ask(listCall(events, query))
      if (answer.kind === "failure") return found
      found.push(...announcedEvents(listAt(answer.body, "items").filter(isObject)))
      next = textAt(answer.body, "metadata", "continue")
      if (!next) return found
    }
    return found
  } finally {
    session.close()
  }
}

/** Those among objects of any kind. An Event with a count stands for its first and its last time. */
export const announcedEvents = (objects: readonly JsonObject[]): readonly AnnouncedEvent[] =>
  objects.flatMap((event) => {
    const node = /^announcing from node "([^"]+)"/.exec(textAt(event, "message") ?? "")?.[1]
    const about = field(event, "involvedObject")
    if (textAt(event, "reason") !== "nodeAssigned" || node === undefined || textAt(about, "kind") !== "Service")
      return []
    const service = serviceName(textAt(about, "namespace") ?? "", textAt(about, "name") ?? "")
    return [...new Set([timeAt(event, "firstTimestamp"), timeAt(event, "lastTimestamp")])].flatMap((at) =>
      at === undefined ? [] : [{ at, service, node }],
    )
  })

const timeAt = (event: Json, name: string): number | undefined => parseTimestamp(textAt(event, name) ?? "")
