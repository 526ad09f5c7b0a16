import { resourceOf } from "../../cluster/kind-resource.ts"
import type { NodeName } from "../../cluster/name.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, sameJson, withoutField } from "../../kubernetes/json.ts"
import type { KubernetesObject } from "../../kubernetes/object.ts"
import { type Call, createCall, mergePatchCall } from "../../kubernetes/request.ts"
import type { WriterEvent } from "../../kubernetes/writer.ts"
import { after, type At, type Instant } from "../../time/instant.ts"

/** A node's Speaker object is written so often on average, and at most so often where only ages grew. What changed is never older. */
export const speakerWriteIntervalMs = 10_000
/** Changes that matter (who holds what) go at once, up to so many: then the average holds. People ask after a move, not before. */
const promptWritesMax = 20
/** Every watcher of Speakers reads all that it holds anew: a thousand addresses are told of once a second. */
const pauseMsPerHold = 1

/** The writer's key of the object. */
const key = "speaker"

/** Keeps this node's Speaker object: made where it is not there, its status as it was last told. */
export class SpeakerKeeper {
  readonly #object: (uid: string | undefined) => KubernetesObject
  readonly #node: NodeName
  #exists = false
  #nodeUid: string | undefined
  #wanted: JsonObject | undefined
  #sent: JsonObject | undefined
  /** Between those two, once somebody asked: the deadline is asked for after every input. */
  #difference: "none" | "ages" | "more" | undefined
  /** Of the last writes, oldest first. */
  #sentAt: readonly Instant[] = []
  #underWay: "object" | "status" | undefined

  constructor(node: NodeName, object: (nodeUid: string | undefined) => KubernetesObject) {
    this.#node = node
    this.#object = object
  }

  /** The object was seen, or seen gone. */
  seen(exists: boolean): void {
    if (!exists) this.#remember(undefined)
    this.#exists = exists
  }

  nodeUid(uid: string): void {
    this.#nodeUid = uid
  }

  want(status: JsonObject): void {
    this.#wanted = status
    this.#difference = undefined
  }

  /** The write that is due, if any. */
  due(at: At): { readonly key: string; readonly call: Call } | undefined {
    if (!this.#isDue(at.now)) return undefined
    if (!this.#exists) {
      this.#underWay = "object"
      return { key, call: createCall(resourceOf.Speaker, this.#object(this.#nodeUid)) }
    }
    this.#underWay = "status"
    this.#remember(this.#wanted)
    this.#sentAt = [...this.#sentAt, at.now].slice(-promptWritesMax)
    const place = { resource: resourceOf.Speaker, name: this.#node, subresource: "status" } as const
    return { key, call: mergePatchCall(place, { status: this.#wanted! }) }
  }

  wakeAt(): Instant | undefined {
    if (this.#differs() === "none" || this.#underWay !== undefined) return undefined
    return this.#dueAt()
  }

  heard(event: WriterEvent): void {
    if (event.key !== key || event.kind === "delayed") return
    const was = this.#underWay
    this.#underWay = undefined
    if (was === "object") this.#exists = event.kind !== "refused"
    if (was === "status" && event.kind === "refused") {
      this.#exists = event.failure.reason !== "missing"
      this.#remember(undefined)
    }
  }

  #isDue(now: Instant): boolean {
    if (this.#underWay !== undefined || this.#differs() === "none") return false
    return now >= this.#dueAt()
  }

  #dueAt(): Instant {
    const [oldest, last] = [this.#sentAt[0], this.#sentAt.at(-1)]
    if (oldest === undefined || last === undefined) return 0 as Instant
    if (this.#differs() === "ages") return after(last, speakerWriteIntervalMs)
    if (this.#sentAt.length < promptWritesMax)
      return after(last, listAt(this.#wanted ?? {}, "holds").length * pauseMsPerHold)
    const spared = after(oldest, promptWritesMax * speakerWriteIntervalMs)
    const next = after(last, speakerWriteIntervalMs)
    return spared < next ? spared : next
  }

  #remember(sent: JsonObject | undefined): void {
    this.#sent = sent
    this.#difference = undefined
  }

  #differs(): "none" | "ages" | "more" {
    return (this.#difference ??= differenceOf(this.#wanted, this.#sent))
  }
}

const differenceOf = (wanted: JsonObject | undefined, sent: JsonObject | undefined): "none" | "ages" | "more" => {
  if (wanted === undefined || sameJson(wanted, sent)) return "none"
  return sameJson(withoutAges(wanted), withoutAges(sent)) ? "ages" : "more"
}

/** What a status says but for when the gateway last asked. */
const withoutAges = (status: JsonObject | undefined): JsonObject | undefined =>
  status === undefined
    ? undefined
    : {
        ...status,
        holds: listAt(status, "holds").map((hold) => withoutField(hold as JsonObject, "gatewayConfirmedAt")),
      }
