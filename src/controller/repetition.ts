import { sameValue } from "../cluster/equal.ts"
import { after, type Instant } from "../time/instant.ts"

/** Two who each put the other right would do so as fast as the wire allows. */
const repeatsMax = 3
const repeatMs = 10_000

/** What was written of late, so that the same is not written again and again where somebody else undoes it every time. */
export type Repetitions<Key, Value> = {
  /** The same was written there three times within ten seconds. */
  readonly isTooOften: (key: Key, value: Value, now: Instant) => boolean
  readonly wrote: (key: Key, value: Value, now: Instant) => void
  readonly forget: (key: Key) => void
}

export const createRepetitions = <Key, Value>(): Repetitions<Key, Value> => {
  /** Oldest first. */
  const written = new Map<Key, { readonly value: Value; readonly since: Instant; times: number }>()
  const forgetOld = (now: Instant): void => {
    for (const [key, { since }] of written) {
      if (now < after(since, repeatMs)) return
      written.delete(key)
    }
  }
  return {
    isTooOften: (key, value, now) => {
      forgetOld(now)
      const before = written.get(key)
      return before !== undefined && before.times >= repeatsMax && sameValue(before.value, value)
    },
    wrote: (key, value, now) => {
      forgetOld(now)
      const before = written.get(key)
      if (before !== undefined && sameValue(before.value, value)) return void (before.times += 1)
      written.delete(key)
      written.set(key, { value, since: now, times: 1 })
    },
    forget: (key) => void written.delete(key),
  }
}
