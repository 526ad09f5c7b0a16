/** How long to wait between attempts: twice as long each time, never longer than `mostMs`. */
export type BackOff = { readonly firstMs: number; readonly mostMs: number }

/**
 * Milliseconds to wait before attempt `attempt` (0 is the first repetition). The wait is drawn from the upper half of
 * its step, so that those who failed together do not come back together and nobody comes back at once.
 *
 * @param entropy a fresh 32-bit number
 */
export const backOffMs = (backOff: BackOff, attempt: number, entropy: number): number => {
  const stepMs = Math.min(backOff.mostMs, backOff.firstMs * 2 ** attempt)
  return (stepMs / 2) * (1 + (entropy >>> 0) / 2 ** 32)
}
