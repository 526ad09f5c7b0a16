import { performance } from "node:perf_hooks"
import { type Answer, knock, type Target } from "./ask.ts"

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

export type Asker = {
  readonly report: () => AskerReport
  /** Stops asking, waits for what is still out, and reports. */
  readonly stop: () => Promise<AskerReport>
}

/** One question: when it was sent, and whether it was answered in time. */
export type Attempt = { readonly sentMs: number; readonly answered: boolean; readonly tookMs: number }

/** Under the second after which a lost SYN is sent again, so that a second try never passes for a first. */
const patienceMs = 300

/** Opens new connections from a machine at a steady pace until told to stop. */
export const startAsker = (machine: string, target: Target, perSecond: number): Asker => {
  const began = performance.now()
  const attempts: Attempt[] = []
  const out = new Set<Promise<void>>()
  const send = (): void => {
    const sentMs = performance.now() - began
    const attempt = knock(machine, target, patienceMs).then((answer) => {
      attempts.push(attemptOf(sentMs, answer))
      out.delete(attempt)
    })
    out.add(attempt)
  }
  let sent = 0
  const timer = setInterval(
    () => {
      // A late timer sends what is due, but never more than a tenth of a second's worth in one burst.
      const due = Math.floor(((performance.now() - began) / 1000) * perSecond)
      for (let count = Math.min(due - sent, Math.ceil(perSecond / 10)); count > 0; count--) send()
      sent = due
    },
    Math.max(1, 1000 / perSecond),
  )
  const report = (): AskerReport => reportOf(attempts, performance.now() - began)
  return {
    report,
    stop: async () => {
      clearInterval(timer)
      await Promise.all(out)
      return report()
    },
  }
}

const attemptOf = (sentMs: number, answer: Answer): Attempt => ({
  sentMs,
  answered: answer.kind === "answered",
  tookMs: answer.tookMs,
})

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
