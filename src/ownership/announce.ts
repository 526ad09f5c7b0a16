import { after, type Instant } from "../time/instant.ts"
import type { Holding } from "./address.ts"
import type { Entry } from "./entry.ts"
import { type SegmentState, tell } from "./state.ts"
import { timing } from "./timing.ts"

/** Whether anything may be announced, and if not, from when, where that is known. */
const mayAnnounce = (state: SegmentState, now: Instant): boolean =>
  state.doubt === undefined && state.connection.is === "connected" && now >= state.quietUntil

/** Adds an announcement at each of these delays; one that stands close by is enough. */
export const announceSoon = (holding: Holding, now: Instant, delaysMs: readonly number[]): Holding => {
  const more = delaysMs.map((ms) => after(now, ms))
  return { ...holding, announceAt: [...holding.announceAt.filter((due) => due > now), ...more].sort((a, b) => a - b) }
}

/** Announces what is due; what may not leave now stays due. */
export const announceDue = (state: SegmentState, entry: Entry, holding: Holding, now: Instant): Holding => {
  const first = holding.announceAt[0]
  if (first === undefined || first > now || entry.group === undefined || !mayAnnounce(state, now)) return holding
  const { addresses } = entry.group
  tell(state, { kind: "announce", key: entry.key, addresses, grant: holding.grant, epoch: holding.epoch })
  return { ...holding, announceAt: holding.announceAt.filter((due) => due > now) }
}

/** When to look again. While silent or alone the end of that judges every address anew. */
export const announceNextAt = (state: SegmentState, holding: Holding, now: Instant): Instant | undefined => {
  const first = holding.announceAt[0]
  if (first === undefined || first > now) return first
  return state.quietUntil > now ? state.quietUntil : undefined
}

/** After doubt or listening: what is still held is announced once. */
export const announceHeld = (state: SegmentState, now: Instant): void => {
  for (const entry of state.held)
    if (entry.state.is === "holding") entry.state = announceSoon(entry.state, now, [timing.announceMs[0]])
}
