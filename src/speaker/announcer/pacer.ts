import { after, type Instant } from "../../time/instant.ts"

/**
 * Whose turn comes first where frames must wait: what somebody waits for (answers to clients and members, a defence),
 * what this node must know (questions), the first announcement of each address, and last what says it again.
 */
export const turns = ["answer", "question", "first", "again"] as const
export type Turn = (typeof turns)[number]

/** Something to be said when its turn comes: the frame is made then, of what is true then. */
export type Saying<T> = {
  readonly turn: Turn
  /** What waits under the same key is said once: the newer takes the place of the older. */
  readonly key: string
  /** Undefined: there is nothing to say any more. */
  readonly make: () => T | undefined
}

/** Whoever asks without an answer asks again after a second, and whoever waits for one has given up by then. */
export const answerStaleMs = 1000
/** After so many answers and questions in a row something that says an address is ours gets a turn: requests without end do not silence announcements. */
const urgentInARowMax = 4

/** A token bucket of depth one over everything sent: no second ever sees more than `perSecondMax` + 1 frames. */
export type Pacer<T> = {
  /** Frames that may leave now, in order: that of `saying` too, unless it must wait. */
  readonly send: (saying: Saying<T>, now: Instant) => readonly T[]
  readonly due: (now: Instant) => readonly T[]
  /** Takes back what waits under that key. */
  readonly withdraw: (key: string) => void
  /** Whether something said now would leave at once. */
  readonly isFree: (now: Instant) => boolean
  /** When something that waits may leave; undefined: nothing waits. */
  readonly wakeAt: () => Instant | undefined
  /** When something said anew would leave, if nothing else came; undefined: at once. */
  readonly freeAt: () => Instant | undefined
}

type Waiting<T> = { readonly saying: Saying<T>; readonly since: Instant }

/**
 * @param perSecondMax undefined: no limit (the default; Dynamic ARP Inspection shuts a port above 15 a second)
 * @param onDrop an answer or question that waited for too long, or for which too many others waited
 */
export const createPacer = <T>(perSecondMax: number | undefined, onDrop: (turn: Turn) => void): Pacer<T> => {
  if (perSecondMax === undefined) return unlimited()
  const queues = new Map(turns.map((turn) => [turn, new Map<string, Waiting<T>>()]))
  let nextAt: Instant | undefined
  let urgentInARow = 0

  const keep = (saying: Saying<T>, since: Instant): void => {
    const held = turns.find((turn) => queues.get(turn)!.has(saying.key))
    const turn = held !== undefined && turns.indexOf(held) < turns.indexOf(saying.turn) ? held : saying.turn
    if (held !== undefined && held !== turn) queues.get(held)!.delete(saying.key)
    const queue = queues.get(turn)!
    if (isUrgent(turn) && queue.size >= perSecondMax && !queue.has(saying.key)) return onDrop(turn)
    queue.set(saying.key, { saying, since })
  }
  const dropStale = (now: Instant): void => {
    for (const turn of turns.filter(isUrgent))
      for (const [key, { since }] of queues.get(turn)!) {
        if (now < after(since, answerStaleMs)) continue
        queues.get(turn)!.delete(key)
        onDrop(turn)
      }
  }
  const nextTurn = (): Turn | undefined => {
    const waiting = turns.filter((turn) => queues.get(turn)!.size > 0)
    const patient = urgentInARow >= urgentInARowMax ? waiting.find((turn) => !isUrgent(turn)) : undefined
    return patient ?? waiting[0]
  }
  const take = (turn: Turn): T | undefined => {
    const [key, { saying }] = queues.get(turn)!.entries().next().value!
    queues.get(turn)!.delete(key)
    return saying.make()
  }
  const due = (now: Instant): readonly T[] => {
    dropStale(now)
    for (let turn = nextTurn(); turn !== undefined && isOpen(now); turn = nextTurn()) {
      const frame = take(turn)
      if (frame === undefined) continue
      urgentInARow = isUrgent(turn) ? urgentInARow + 1 : 0
      nextAt = after(now, 1000 / perSecondMax)
      return [frame]
    }
    return []
  }
  const isOpen = (now: Instant): boolean => nextAt === undefined || now >= nextAt
  const isEmpty = (): boolean => nextTurn() === undefined
  return {
    send: (saying, now) => {
      keep(saying, now)
      return due(now)
    },
    due,
    withdraw: (key) => queues.forEach((queue) => queue.delete(key)),
    isFree: (now) => isEmpty() && isOpen(now),
    wakeAt: () => (isEmpty() ? undefined : nextAt),
    freeAt: () => nextAt,
  }
}

const isUrgent = (turn: Turn): boolean => turn === "answer" || turn === "question"

const unlimited = <T>(): Pacer<T> => ({
  send: ({ make }) => {
    const frame = make()
    return frame === undefined ? [] : [frame]
  },
  due: () => [],
  withdraw: () => {},
  isFree: () => true,
  wakeAt: () => undefined,
  freeAt: () => undefined,
})
