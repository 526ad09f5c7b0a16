import type { Brand } from "../net/address.ts"

/** Milliseconds of a monotonic clock whose zero means nothing. */
export type Instant = Brand<number, "Instant">

/** What a step is told of the world's time: all of it is recorded, so that a run can be replayed. */
export type At = {
  readonly now: Instant
  /** Seconds since 1970. Only epochs read it: a wall clock may jump. */
  readonly wallSeconds: number
  /** A fresh 32-bit number each step. */
  readonly entropy: number
}

/** A program has identity and owns its indexes; the world hands inputs in, performs outputs, and wakes it at `wakeAt`. */
export type Program<I, O> = {
  readonly step: (input: I, at: At) => readonly O[]
  readonly wakeAt: () => Instant | undefined
}

export const after = (instant: Instant, ms: number): Instant => (instant + ms) as Instant

export const earliest = (...instants: readonly (Instant | undefined)[]): Instant | undefined => {
  let first: Instant | undefined
  for (const instant of instants) if (instant !== undefined && (first === undefined || instant < first)) first = instant
  return first
}
