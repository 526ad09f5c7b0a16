import { after, type At, type Instant } from "../time/instant.ts"

/** The condition Announced follows decisions and the speakers' reports at leisure: 1,000 moves are one write a Service. */
const announcedAfterMs = 1000
/** While a thousand Services wait for their addresses, conditions wait too, but no longer than this. */
const announcedAfterMsMax = 10_000
const askAgainMs = 100

/** When conditions are looked at again. */
export class Leisure {
  #lookAt: Instant | undefined
  #latest: Instant | undefined

  /** Something changed that conditions tell. */
  begin({ now }: At): void {
    this.#lookAt ??= after(now, announcedAfterMs)
    this.#latest ??= after(now, announcedAfterMsMax)
  }

  /** Whether it is time; then it begins anew with the next change. */
  isOver({ now }: At, isBusy: boolean): boolean {
    if (this.#lookAt === undefined || now < this.#lookAt) return false
    if (isBusy && now < this.#latest!) {
      this.#lookAt = after(now, askAgainMs)
      return false
    }
    this.#lookAt = undefined
    this.#latest = undefined
    return true
  }

  wakeAt(): Instant | undefined {
    return this.#lookAt
  }
}
