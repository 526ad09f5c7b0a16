import { after, type Instant } from "../time/instant.ts"
import type { Entry } from "./entry.ts"
import { timing } from "./timing.ts"

/** Counts a move from one living holder to another. */
export const notePlannedMove = (entry: Entry, now: Instant): void => {
  entry.moves = paceForgotten(entry, now) ? 1 : entry.moves + 1
  entry.movedAt = now
}

/** From when the address may move again because of readiness or preference: 5 s after a move, doubling to 5 minutes. */
export const paceOverAt = (entry: Entry, now: Instant): Instant => {
  if (entry.movedAt === undefined || paceForgotten(entry, now)) return now
  return after(entry.movedAt, Math.min(timing.paceMaxMs, timing.paceFirstMs * 2 ** (entry.moves - 1)))
}

const paceForgotten = (entry: Entry, now: Instant): boolean =>
  entry.movedAt === undefined || now > after(entry.movedAt, timing.paceForgetMs)
