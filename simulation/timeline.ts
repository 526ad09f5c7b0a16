/** What happens when: a heap of moments. Equal moments come out in the order in which they were put in. */
export type Timeline = {
  readonly put: (at: number, happen: () => void) => void
  /** Lets the next thing happen, if it is not after `end`. False when there is none. */
  readonly next: (end: number) => boolean
  readonly now: () => number
}

type Moment = { readonly at: number; readonly order: number; readonly happen: () => void }

export const createTimeline = (): Timeline => {
  const heap: Moment[] = []
  let order = 0
  let now = 0
  return {
    now: () => now,
    put: (at, happen) => rise(heap, { at: Math.max(at, now), order: order++, happen }),
    next: (end) => {
      const first = heap[0]
      if (first === undefined || first.at > end) return false
      sink(heap, heap.pop()!)
      now = first.at
      first.happen()
      return true
    },
  }
}

const before = (a: Moment, b: Moment): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

const rise = (heap: Moment[], moment: Moment): void => {
  let place = heap.length
  heap.push(moment)
  while (place > 0) {
    const parent = (place - 1) >> 1
    if (!before(moment, heap[parent]!)) break
    heap[place] = heap[parent]!
    place = parent
  }
  heap[place] = moment
}

const sink = (heap: Moment[], moment: Moment): void => {
  if (heap.length === 0) return
  let place = 0
  for (;;) {
    let child = 2 * place + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
    if (!before(heap[child]!, moment)) break
    heap[place] = heap[child]!
    place = child
  }
  heap[place] = moment
}
