import type { Epoch, Grant, NodeId } from "./beat.ts"

export type Claim = { readonly node: NodeId; readonly grant: Grant; readonly epoch: Epoch }

/** An epoch in the last 1,000 of 32 bits would leave nobody room to claim after it: such a claim is malformed. */
export const epochMax: Epoch = 2 ** 32 - 1 - 1000

/** A wall clock outside these seconds since 1970 is not set (2025 to 2045). */
const clockMin = 1_735_689_600
const clockMax = clockMin + 20 * 365.25 * 86_400

/** Positive where `a` is better: higher grant, then higher epoch, then lower node id. Never 0 for two nodes. */
export const compareClaims = (a: Claim, b: Claim): number => a.grant - b.grant || a.epoch - b.epoch || b.node - a.node

/**
 * The epoch of a claim made now: above every one seen, and at least the wall clock, so that a holder that slept while
 * all others forgot does not come back with the highest one.
 */
export const nextEpoch = (
  seen: Epoch | undefined,
  wallSeconds: number,
  rules: { readonly "epoch-above-seen": boolean; readonly "clock-in-epoch": boolean },
): Epoch => {
  const above = rules["epoch-above-seen"] ? (seen ?? 0) + 1 : 1
  const clock =
    rules["clock-in-epoch"] && wallSeconds >= clockMin && wallSeconds <= clockMax ? Math.floor(wallSeconds) : 0
  return Math.min(epochMax, Math.max(above, clock))
}
