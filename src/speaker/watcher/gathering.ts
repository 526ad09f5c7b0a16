import { after, type At, earliest, type Instant } from "../../time/instant.ts"

/** A look's cost hardly follows what it looks at: the more changes came of late, the longer the next ones are gathered. */
const pauseMsPerChange = 0.2
/** A change in a busy cluster is late by this at most. */
const pauseMsMax = 250
/** So long changes count as of late. */
const lateMs = 1000
/** As many of late are a burst: what is written for people only waits until it is over, */
const burstChanges = 100
/** or has lasted so long. */
const burstMsMax = 10_000

/** When to look at what changed: at once where little happens, in steps where a thousand Services come together. */
export class Gathering {
  #recent = 0
  #countedAt = 0 as Instant
  #burstSince: Instant | undefined
  #lookedAt: Instant | undefined
  #lookAt: Instant | undefined

  /** @param changes that came now */
  add(changes: number, { now }: At): void {
    if (now >= this.#calmAt()) this.#burstSince = undefined
    const left = Math.max(0, 1 - (now - this.#countedAt) / lateMs)
    this.#recent = this.#recent * left + changes
    this.#countedAt = now
    if (this.#recent >= burstChanges) this.#burstSince ??= now
    this.#lookAt ??= this.#earliest(now)
  }

  /** Something that waits for nothing, like the end of a list. */
  atOnce({ now }: At): void {
    this.#lookAt = now
  }

  isDue({ now }: At): boolean {
    return this.#lookAt !== undefined && this.#lookAt <= now
  }

  looked({ now }: At): void {
    this.#lookedAt = now
    this.#lookAt = undefined
  }

  wakeAt(): Instant | undefined {
    return this.#lookAt
  }

  /** In a burst: when it will be over if nothing more comes, or has lasted too long. */
  burstUntil(): Instant | undefined {
    return this.#burstSince === undefined ? undefined : earliest(this.#calmAt(), after(this.#burstSince, burstMsMax))
  }

  #calmAt(): Instant {
    return after(this.#countedAt, lateMs)
  }

  #earliest(now: Instant): Instant {
    if (this.#lookedAt === undefined) return now
    const next = after(this.#lookedAt, Math.min(pauseMsMax, Math.floor(this.#recent * pauseMsPerChange)))
    return next > now ? next : now
  }
}
