import type { KindName } from "../cluster/cluster.ts"
import type { ApiFailure } from "../kubernetes/api-failure.ts"
import type { LeaseEvent } from "../kubernetes/lease.ts"
import type { ReflectorEvent } from "../kubernetes/reflector.ts"
import type { Instant } from "../time/instant.ts"

/** The lease as this controller sees it: who leads, and until when it may write itself. */
export type LeaseSight =
  | { readonly is: "unknown" }
  | { readonly is: "leading"; readonly since: Instant; readonly until: Instant }
  | { readonly is: "following"; readonly holder: string; readonly since: Instant }
  /** It led, and writes nothing any more until the lease is its own again. */
  | { readonly is: "stopped"; readonly why: "overdue" | "taken" | "released"; readonly since: Instant }

/** One kind's list and watch. `list`: the last whole one; `failing`: what is known may be old. */
export type WatchSight = {
  readonly list: { readonly objects: number; readonly at: Instant } | undefined
  readonly failing: { readonly failure: ApiFailure; readonly since: Instant; readonly retryAt: Instant } | undefined
}

/** One round of deciding and writing. */
export type Round = {
  readonly at: Instant
  /** Everything was judged, not only what changed. */
  readonly isWhole: boolean
  /** Services looked at. */
  readonly services: number
  /** Writes asked for: ledgers, statuses, pools. */
  readonly writes: number
  /** What comes within so long afterwards waits, to be judged together. */
  readonly pauseMs: number
}

export type Refused = { readonly key: string; readonly failure: ApiFailure; readonly at: Instant }

/** The inspect socket shows so many: enough to see a burst, nothing that grows. */
const roundsMax = 16

/** What a controller remembers of its own life for people who look inside. No decision reads it. */
export class Recollection {
  lease: LeaseSight = { is: "unknown" }
  leaseFailing: { readonly failure: ApiFailure; readonly at: Instant } | undefined
  lastRefused: Refused | undefined
  /** The oldest first. */
  readonly rounds: Round[] = []
  readonly #watches = new Map<KindName, WatchSight>()

  watchOf(kind: KindName): WatchSight {
    return this.#watches.get(kind) ?? { list: undefined, failing: undefined }
  }

  heardOfLease(event: LeaseEvent, now: Instant): void {
    if (event.kind !== "failing") this.leaseFailing = undefined
    switch (event.kind) {
      case "leading":
        this.lease = { is: "leading", since: this.lease.is === "leading" ? this.lease.since : now, until: event.until }
        return
      case "following":
        this.lease = { is: "following", holder: event.holder, since: now }
        return
      case "stopped":
        this.lease = { is: "stopped", why: event.why, since: now }
        return
      case "failing":
        this.leaseFailing = { failure: event.failure, at: now }
    }
  }

  heardOfWatch(kind: KindName, event: ReflectorEvent, now: Instant): void {
    const before = this.watchOf(kind)
    if (event.kind === "synced") this.#watches.set(kind, { ...before, list: { objects: event.objects, at: now } })
    if (event.kind === "recovered") this.#watches.set(kind, { ...before, failing: undefined })
    if (event.kind !== "failing") return
    const { failure, since, retryAt } = event
    this.#watches.set(kind, { ...before, failing: { failure, since, retryAt } })
  }

  finished(round: Round): void {
    this.rounds.push(round)
    if (this.rounds.length > roundsMax) this.rounds.shift()
  }
}
