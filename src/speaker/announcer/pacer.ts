import { after, type Instant } from "../../time/instant.ts"

/** Frames kept back at most. What comes beyond is dropped and counted: it would be stale when its turn came. */
export const keptBackMax = 4096

/** A token bucket of depth one over everything sent: no second ever sees more than `perSecondMax` + 1 items. */
export type Pacer<T> = {
  /** Items that may leave now, in order: `item` too, unless it must wait. */
  readonly send: (item: T, now: Instant) => readonly T[]
  readonly due: (now: Instant) => readonly T[]
  /** Whether an item sent now would leave at once. */
  readonly isFree: (now: Instant) => boolean
  readonly wakeAt: () => Instant | undefined
  readonly dropped: () => number
}

/** `perSecondMax` undefined: no limit (the default; Dynamic ARP Inspection shuts a port above 15 a second). */
export const createPacer = <T>(perSecondMax: number | undefined): Pacer<T> => {
  const waiting: T[] = []
  let nextAt: Instant | undefined
  let dropped = 0
  const due = (now: Instant): readonly T[] => {
    const leaving: T[] = []
    while (waiting.length > 0 && (nextAt === undefined || now >= nextAt)) {
      leaving.push(waiting.shift()!)
      nextAt = after(now, 1000 / perSecondMax!)
    }
    return leaving
  }
  const keep = (item: T): void => {
    if (waiting.length >= keptBackMax) dropped++
    else waiting.push(item)
  }
  return {
    send: (item, now) => {
      if (perSecondMax === undefined) return [item]
      keep(item)
      return due(now)
    },
    due,
    isFree: (now) => waiting.length === 0 && (nextAt === undefined || now >= nextAt),
    wakeAt: () => (waiting.length > 0 ? nextAt : undefined),
    dropped: () => dropped,
  }
}
