import type { Instant } from "./instant.ts"

/**
 * What is due when: at most one instant for each id. A binary heap, so that a program with ten thousand deadlines still
 * wakes for the next one only. Equal instants come out in the order in which they were set, so that a replay repeats.
 */
export class Deadlines<Id> {
  readonly #heap: Deadline<Id>[] = []
  readonly #byId = new Map<Id, Deadline<Id>>()
  #setCount = 0

  get size(): number {
    return this.#heap.length
  }

  /** Sets the instant of an id, in place of the one it had. */
  set(id: Id, at: Instant): void {
    this.clear(id)
    const deadline = { id, at, order: this.#setCount++, place: this.#heap.length }
    this.#byId.set(id, deadline)
    this.#heap.push(deadline)
    this.#rise(deadline)
  }

  /** Forgets an id; nothing happens where it has no deadline. */
  clear(id: Id): void {
    const deadline = this.#byId.get(id)
    if (deadline === undefined) return
    this.#byId.delete(id)
    const last = this.#heap.pop()!
    if (last === deadline) return
    this.#put(last, deadline.place)
    this.#rise(last)
    this.#sink(last)
  }

  /** When an id is due. */
  of(id: Id): Instant | undefined {
    return this.#byId.get(id)?.at
  }

  /** Whose instant is the earliest. */
  first(): Id | undefined {
    return this.#heap[0]?.id
  }

  /** The earliest instant of all: when to wake. */
  next(): Instant | undefined {
    return this.#heap[0]?.at
  }

  /** Takes out and returns every id whose instant is `now` or earlier, earliest first. */
  due(now: Instant): readonly Id[] {
    const ids: Id[] = []
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      ids.push(first.id)
      this.clear(first.id)
    }
    return ids
  }

  #rise(deadline: Deadline<Id>): void {
    while (deadline.place > 0) {
      const parent = this.#heap[(deadline.place - 1) >> 1]!
      if (!isBefore(deadline, parent)) return
      this.#swap(deadline, parent)
    }
  }

  #sink(deadline: Deadline<Id>): void {
    for (;;) {
      const left = this.#heap[2 * deadline.place + 1]
      const right = this.#heap[2 * deadline.place + 2]
      const child = left !== undefined && right !== undefined && isBefore(right, left) ? right : left
      if (child === undefined || !isBefore(child, deadline)) return
      this.#swap(child, deadline)
    }
  }

  #swap(a: Deadline<Id>, b: Deadline<Id>): void {
    const place = a.place
    this.#put(a, b.place)
    this.#put(b, place)
  }

  #put(deadline: Deadline<Id>, place: number): void {
    this.#heap[place] = deadline
    deadline.place = place
  }
}

type Deadline<Id> = { readonly id: Id; readonly at: Instant; readonly order: number; place: number }

const isBefore = (a: Deadline<unknown>, b: Deadline<unknown>): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order)
