import { after, type Instant } from "../time/instant.ts"
import type { Entry } from "./entry.ts"
import { timing } from "./timing.ts"

/** Counts how often this node fell out of an address' order, until it was in no such trouble for a while. */
export const noteOut = (entry: Entry, now: Instant): void => {
  const isCalm = entry.outAt === undefined || now > after(entry.outAt, timing.outForgetMs)
  entry.outs = isCalm ? 1 : entry.outs + 1
  entry.outAt = now
}

/**
 * From when a holder that is not in its order acts on that: at once, for a pod that is gone gets no packets. One that
 * comes and goes is waited for instead, longer each time: to follow it would move the address with every beat of it.
 */
export const outOverAt = ({ outs, outAt }: Entry, now: Instant): Instant => {
  if (outAt === undefined || outs <= timing.outsFree) return now
  return after(outAt, Math.min(timing.outMaxMs, timing.outFirstMs * 2 ** (outs - timing.outsFree - 1)))
}
