/** What a series of measurements comes to. Times are milliseconds unless a name says otherwise. */
export type Summary = {
  readonly runs: number
  readonly median: number
  readonly p99: number
  readonly worst: number
}

/** The nearest-rank percentile; NaN for none. */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 50)

export const summaryOf = (values: readonly number[]): Summary => ({
  runs: values.length,
  median: median(values),
  p99: percentile(values, 99),
  worst: Math.max(...values),
})

/** Two or three digits that mean something: `0.042 ms`, `6.1 ms`, `502 ms`, `6.1 s`. */
export const printMs = (ms: number): string => {
  if (Number.isNaN(ms)) return "-"
  if (ms === Number.POSITIVE_INFINITY) return "never"
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 1 ? ms.toFixed(1) : ms.toFixed(3)} ms`
}

export const printMiB = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`

export const printRatio = (ours: number, peer: number): string => `${(ours / peer).toFixed(2)}x`
