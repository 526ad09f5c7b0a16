import type { Address } from "../../net/address.ts"
import { type Hold, type Intent, intentsAPage } from "../intent.ts"

export type IntentPage = { readonly page: readonly Intent[]; readonly complete: boolean }

/**
 * What the announcer has not been told yet. One page is under way at a time; what changes meanwhile goes with the next,
 * the newest word of each group only.
 */
export class IntentQueue {
  readonly #told = new Map<Address, Hold>()
  readonly #waiting = new Map<Address, Intent>()
  #underWay = false
  /** The view became whole since the last page that said so: an empty cluster is a view too. */
  #completeOwed = false

  /** A group as it is now; nothing is queued where it is as told. */
  hold(hold: Hold): void {
    if (sameHold(this.#told.get(hold.key), hold)) return
    this.#told.set(hold.key, hold)
    this.#waiting.set(hold.key, { kind: "hold", hold })
  }

  letGo(key: Address): void {
    if (this.#told.delete(key)) this.#waiting.set(key, { kind: "let-go", key })
  }

  /** All that was said so far makes a whole view. */
  complete(): void {
    this.#completeOwed = true
  }

  acknowledged(): void {
    this.#underWay = false
  }

  /** The next page, if the last one was taken. */
  next(): IntentPage | undefined {
    if (this.#underWay || (this.#waiting.size === 0 && !this.#completeOwed)) return undefined
    const page: Intent[] = []
    for (const [key, intent] of this.#waiting) {
      if (page.length === intentsAPage) break
      page.push(intent)
      this.#waiting.delete(key)
    }
    this.#underWay = true
    const complete = this.#waiting.size === 0
    if (complete) this.#completeOwed = false
    return { page, complete }
  }

  get keys(): ReadonlySet<Address> {
    return new Set(this.#told.keys())
  }

  get holds(): ReadonlyMap<Address, Hold> {
    return this.#told
  }
}

const sameHold = (a: Hold | undefined, b: Hold): boolean =>
  a !== undefined &&
  a.grant === b.grant &&
  a.ready === b.ready &&
  a.moveTo === b.moveTo &&
  sameList(a.addresses, b.addresses) &&
  sameList(a.links ?? [], b.links ?? []) &&
  (a.links === undefined) === (b.links === undefined) &&
  a.order.length === b.order.length &&
  a.order.every(({ node, score }, index) => node === b.order[index]?.node && score === b.order[index].score)

const sameList = <T>(a: readonly T[], b: readonly T[]): boolean =>
  a.length === b.length && a.every((item, index) => item === b[index])
