import { randomFillSync } from "node:crypto"
import type { At, Instant } from "../time/instant.ts"

export type Clock = { readonly now: () => Instant; readonly at: () => At }

/**
 * The process's clock. Speakers and the controller pass `bootTimeMs` (link/libc.ts): it counts time asleep, so a suspend
 * shows as a gap, and a lease that ended meanwhile has ended.
 * Without it the clock is CLOCK_MONOTONIC, which stands still meanwhile. A paused guest under kvm-clock shows in neither.
 */
export const openClock = (readMs: () => number = () => performance.now()): Clock => ({
  now: () => readMs() as Instant,
  at: () => ({ now: readMs() as Instant, wallSeconds: Math.floor(Date.now() / 1000), entropy: entropy() }),
})

const numbers = new Uint32Array(1024)
let used = numbers.length

/** A fresh number from the kernel's generator, 0 to 2^32 - 1, fetched a thousand at a time. */
export const entropy = (): number => {
  if (used === numbers.length) {
    randomFillSync(numbers)
    used = 0
  }
  return numbers[used++]!
}
