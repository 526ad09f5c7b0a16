import { performance } from "node:perf_hooks"
import { type Answer, knock, type Target } from "./ask.ts"
import { type AskerReport, type Attempt, reportOf } from "./asker-report.ts"

export type Asker = {
  readonly report: () => AskerReport
  /** Stops asking, waits for what is still out, and reports. */
  readonly stop: () => Promise<AskerReport>
}

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
