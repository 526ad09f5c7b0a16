/** A time in which no new connection was answered: from the first question lost to the first answered again. */
export type Gap = { readonly fromMs: number; readonly lengthMs: number; readonly lost: number }

/** What a steady asker saw; times are milliseconds since it began. */
export type AskerReport = {
  readonly asked: number
  readonly answered: number
  readonly lost: number
  readonly gaps: readonly Gap[]
  readonly longestGapMs: number
  readonly slowestAnswerMs: number
  readonly lastedMs: number
}

/** One question: when it was sent, and whether it was answered in time. */
export type Attempt = { readonly sentMs: number; readonly answered: boolean; readonly tookMs: number }

/** Sums up attempts, in whatever order they ended. */
export const reportOf = (unordered: readonly Attempt[], lastedMs: number): AskerReport => {
  const attempts = [...unordered].sort((a, b) => a.sentMs - b.sentMs)
  const gaps = gapsOf(attempts, lastedMs)
  const answered = attempts.filter((attempt) => attempt.answered)
  return {
    asked: attempts.length,
    answered: answered.length,
    lost: attempts.length - answered.length,
    gaps,
    longestGapMs: Math.max(0, ...gaps.map(({ lengthMs }) => lengthMs)),
    slowestAnswerMs: answered.reduce((slowest, { tookMs }) => Math.max(slowest, tookMs), 0),
    lastedMs,
  }
}

const gapsOf = (attempts: readonly Attempt[], lastedMs: number): Gap[] => {
  const gaps: Gap[] = []
  let open: { fromMs: number; lost: number } | undefined
  for (const { sentMs, answered } of attempts) {
    if (!answered) open = open === undefined ? { fromMs: sentMs, lost: 1 } : { ...open, lost: open.lost + 1 }
    else if (open !== undefined) {
      gaps.push({ ...open, lengthMs: sentMs - open.fromMs })
      open = undefined
    }
  }
  return open === undefined ? gaps : [...gaps, { ...open, lengthMs: lastedMs - open.fromMs }]
}
