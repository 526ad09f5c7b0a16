import type { Address } from "../../net/address.ts"
import type { GatewayLife } from "../../ownership/input.ts"
import { after, earliest, type Instant } from "../../time/instant.ts"

/** In this node's own name, by unicast where its MAC is known: one small frame, as kernels send it too. */
const askEveryMs = 2000
/** Over after less than what makes silence: a peer must not vouch for a gateway that has just died for both. */
const answersForMs = 3000
/** Three questions. */
const silentAfterMs = 5000

/**
 * Whether the gateway answers this node. It is asked while the node has peers to compare with; a gateway that has never
 * answered is not missed.
 */
export class GatewayWatchdog {
  #gateway: Address | undefined
  #is: GatewayLife = "unknown"
  #askAt: Instant | undefined
  #answeredAt: Instant | undefined
  #unansweredSince: Instant | undefined

  /** The gateway in use; another one begins anew. */
  use(gateway: Address | undefined, now: Instant): void {
    if (gateway === this.#gateway) return
    this.#gateway = gateway
    this.#answeredAt = undefined
    this.#unansweredSince = undefined
    this.#askAt = gateway === undefined ? undefined : now
  }

  answered(now: Instant): void {
    this.#answeredAt = now
    this.#askAt = after(now, askEveryMs)
    this.#unansweredSince = undefined
  }

  /**
   * Whether it is to be asked now, and counts as asked. `everybody`: where it left a question unanswered it may have
   * another MAC.
   */
  ask(now: Instant): "no" | "its-mac" | "everybody" {
    if (this.#askAt === undefined || now < this.#askAt) return "no"
    this.#askAt = after(now, askEveryMs)
    if (this.#unansweredSince !== undefined) return "everybody"
    this.#unansweredSince = now
    return "its-mac"
  }

  /** What is known now, where it is not what was told last. */
  news(now: Instant): GatewayLife | undefined {
    const is = this.#judge(now)
    if (is === this.#is) return undefined
    this.#is = is
    return is
  }

  wakeAt(): Instant | undefined {
    const over =
      this.#is === "answers" && this.#answeredAt !== undefined ? after(this.#answeredAt, answersForMs) : undefined
    return earliest(this.#askAt, over, this.#is === "silent" ? undefined : this.#silentAt())
  }

  #judge(now: Instant): GatewayLife {
    if (this.#answeredAt === undefined) return "unknown"
    if (now < after(this.#answeredAt, answersForMs)) return "answers"
    const silentAt = this.#silentAt()
    return silentAt !== undefined && now >= silentAt ? "silent" : "unknown"
  }

  #silentAt(): Instant | undefined {
    const since = this.#answeredAt === undefined ? undefined : this.#unansweredSince
    return since === undefined ? undefined : after(since, silentAfterMs)
  }
}
