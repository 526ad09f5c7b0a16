import type { ServiceName } from "../../cluster/name.ts"
import type { ApiEvent, ApiOutput } from "../../kubernetes/http.ts"
import type { KubernetesObject, ObjectKey } from "../../kubernetes/object.ts"
import { createReflector, type Reflector } from "../../kubernetes/reflector.ts"
import type { Call, RequestIds } from "../../kubernetes/request.ts"
import type { WriterEvent } from "../../kubernetes/writer.ts"
import { after, type At, earliest, type Instant } from "../../time/instant.ts"
import { type AnnouncedService, layer2StatusWrites, type Reporter, serviceL2Statuses } from "./layer2-status.ts"

/** These objects are for people; a mass move must not fill the queue before what matters. */
const settleMs = 500
const keyPrefix = "l2/"

/** Keeps the ServiceL2Status objects true, lazily: one round of writes at a time, compared with what is seen to be there. */
export class Layer2StatusKeeper {
  readonly #reflector: Reflector
  readonly #observed = new Map<ObjectKey, KubernetesObject>()
  readonly #underWay = new Set<string>()
  /** Undefined until the announcer has said what it holds: a speaker that warms up would remove what it will soon hold again. */
  #announced: ReadonlyMap<ServiceName, AnnouncedService> | undefined
  #synced = false
  #roundAt: Instant | undefined

  constructor(namespace: string, ids: RequestIds) {
    this.#reflector = createReflector({ resource: serviceL2Statuses, ids, namespace })
  }

  step(input: ApiEvent | { readonly kind: "wake" }, at: At): readonly ApiOutput[] {
    const requests: ApiOutput[] = []
    for (const output of this.#reflector.step(input, at)) {
      if (output.kind === "request" || output.kind === "abort") requests.push(output)
      else if (output.kind === "upserted") this.#observed.set(output.key, output.object)
      else if (output.kind === "deleted" || output.kind === "vanished") this.#observed.delete(output.key)
      else if (output.kind === "synced") this.#synced = true
      if (output.kind !== "request" && output.kind !== "abort") this.#soon(at)
    }
    return requests
  }

  announce(announced: ReadonlyMap<ServiceName, AnnouncedService>, at: At): void {
    this.#announced = announced
    this.#soon(at)
  }

  /** A round of writes, when it is time for one and the last is over. */
  due(reporter: Reporter, at: At): readonly { readonly key: string; readonly call: Call }[] {
    const next = this.#nextRound()
    if (this.#announced === undefined || next === undefined || at.now < next) return []
    this.#roundAt = undefined
    const calls = layer2StatusWrites(this.#announced, this.#observed.values(), reporter)
    return calls.map((call, index) => {
      const key = `${keyPrefix}${index}`
      this.#underWay.add(key)
      return { key, call }
    })
  }

  heard(event: WriterEvent, at: At): void {
    if (event.kind === "delayed" || !this.#underWay.delete(event.key)) return
    if (this.#underWay.size === 0) this.#soon(at)
  }

  wakeAt(): Instant | undefined {
    return earliest(this.#reflector.wakeAt(), this.#nextRound())
  }

  #nextRound(): Instant | undefined {
    return this.#synced && this.#underWay.size === 0 && this.#announced !== undefined ? this.#roundAt : undefined
  }

  #soon(at: At): void {
    this.#roundAt ??= after(at.now, settleMs)
  }
}
