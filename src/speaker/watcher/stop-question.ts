import type { ApiEvent, ApiOutput } from "../../kubernetes/http.ts"
import { getCall, plainRequest, type RequestIds } from "../../kubernetes/request.ts"
import type { Resource } from "../../kubernetes/resource.ts"
import { after, type At, type Instant } from "../../time/instant.ts"
import { type Answer, judgeLeaving, leavingBudgetMs, type LeaveReason } from "./leaving.ts"

const nodeResource: Resource = { group: "", version: "v1", plural: "nodes", kind: "Node" }
export const podResource: Resource = { group: "", version: "v1", plural: "pods", kind: "Pod" }

type Asked = { readonly id: number; answer: Answer | undefined }

/** Own Node and own Pod, asked once at SIGTERM: two requests, half a second, one verdict. */
export class StopQuestion {
  readonly #node: Asked
  readonly #pod: Asked
  readonly #until: Instant
  readonly requests: readonly ApiOutput[]
  #said = false

  /** @param pod undefined for a process that has no Pod */
  constructor(
    node: string,
    pod: { readonly name: string; readonly namespace: string } | undefined,
    ids: RequestIds,
    at: At,
  ) {
    this.#until = after(at.now, leavingBudgetMs)
    this.#node = { id: ids.next(), answer: undefined }
    this.#pod = { id: ids.next(), answer: pod === undefined ? { is: "not-asked" } : undefined }
    const calls = [
      { id: this.#node.id, call: getCall({ resource: nodeResource, name: node }) },
      ...(pod === undefined ? [] : [{ id: this.#pod.id, call: getCall({ resource: podResource, ...pod }) }]),
    ]
    this.requests = calls.map(({ id, call }) => ({ kind: "request", request: plainRequest(id, call, leavingBudgetMs) }))
  }

  /** The verdict, once: when both have answered or the time is over. */
  hear(event: ApiEvent | { readonly kind: "wake" }, at: At): LeaveReason | undefined {
    for (const asked of [this.#node, this.#pod])
      if (event.kind !== "wake" && event.id === asked.id) asked.answer ??= answerIn(event)
    const isAnswered = this.#node.answer !== undefined && this.#pod.answer !== undefined
    if (this.#said || (!isAnswered && at.now < this.#until)) return undefined
    this.#said = true
    return judgeLeaving(this.#node.answer ?? { is: "silent" }, this.#pod.answer ?? { is: "silent" })
  }

  wakeAt(): Instant | undefined {
    return this.#said ? undefined : this.#until
  }
}

const answerIn = (event: ApiEvent): Answer => {
  if (event.kind !== "response") return { is: "silent" }
  if (event.status === 404) return { is: "missing" }
  return event.status < 300 && event.body !== undefined ? { is: "found", object: event.body } : { is: "silent" }
}
