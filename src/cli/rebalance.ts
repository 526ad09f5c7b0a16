import { performance } from "node:perf_hooks"
import { createInterface } from "node:readline/promises"
import { setTimeout as pause } from "node:timers/promises"
import { durationText } from "../wording/move.ts"
import { CommandFailure } from "./failure.ts"
import { type OutputOptions, printAnswer } from "./output.ts"
import { type Performed, performMoves } from "./rebalance/perform.ts"
import { planLines } from "./rebalance/plan-lines.ts"
import { type PlannedMove, type RebalancePlan, rebalancePlan } from "./rebalance/plan.ts"
import { say } from "./say.ts"
import { type Style, styleFor } from "./style.ts"
import { openSession } from "./survey/api-session.ts"
import { type AskOptions, findCluster, loadSurvey } from "./survey/load.ts"
import { sayWithheld, warnOfWithheld } from "./survey/withheld.ts"

export type RebalanceOptions = AskOptions & OutputOptions & { readonly yes?: boolean }

/** Of each request. */
const patienceMs = 10_000

/** `rebalance`: the plan, and with a yes the moves. 0, 1 where an address did not move, 3 for what could not be read. */
export const rebalance = async (options: RebalanceOptions): Promise<number> => {
  const survey = await loadSurvey(options)
  const open = warnOfWithheld(survey, sayWithheld(options.color))
  const plan = rebalancePlan(survey, Date.now() / 1000)
  if (options.yes === true && survey.source === "dump")
    throw new CommandFailure(2, `${survey.name} is a dump: nothing can be moved in it.`, [
      "Leave out --from to ask the cluster itself; without --yes the plan alone is printed.",
    ])
  const isForPeople = options.output === undefined || options.output === "wide"
  const style = styleFor(process.stdout, options.color)
  if (isForPeople) say(planLines(plan, style))
  const agreed = plan.moves.length > 0 && survey.source === "live" && (await isAgreed(options, plan, isForPeople))
  const done = agreed ? await perform(options, plan, isForPeople ? style : undefined) : undefined
  if (!isForPeople)
    await printAnswer(
      { kind: "Rebalance", value: { ...plan, done }, names: namesOf(plan), lines: () => [] },
      options.output,
    )
  else say(done === undefined ? wayLines(plan, survey.again) : outcomeLines(done, style, survey.again))
  return done !== undefined && done.failed.length > 0 ? 1 : open ? 3 : 0
}

/** A person at a terminal is asked; a program says --yes. */
const isAgreed = async (
  { yes }: RebalanceOptions,
  { moves }: RebalancePlan,
  isForPeople: boolean,
): Promise<boolean> => {
  if (yes === true) return true
  if (!isForPeople || !process.stdin.isTTY || !process.stdout.isTTY) return false
  const asking = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return /^y(es)?$/i.test((await asking.question(`Move ${moves.length}? [y/N] `)).trim())
  } finally {
    asking.close()
  }
}

const perform = async (options: AskOptions, plan: RebalancePlan, style: Style | undefined): Promise<Performed> => {
  const connection = await findCluster(options)
  if (connection === undefined) throw new Error("a plan of a live cluster has one")
  const session = openSession(connection.target, patienceMs)
  const onMoved = ({ address, from, to }: PlannedMove): void =>
    style === undefined ? undefined : say([`${style.good} ${address}   ${from} -> ${to}`])
  try {
    const passing = { nowMs: () => performance.now(), pause: (ms: number) => pause(ms) }
    return await performMoves(session, plan.moves, passing, onMoved)
  } finally {
    session.close()
  }
}

const wayLines = ({ moves, source }: RebalancePlan, again: string): readonly string[] => {
  if (moves.length === 0) return []
  return source === "dump"
    ? ["Nothing is changed, and nothing can be in a dump."]
    : [`Nothing is changed. To do it: porchlight rebalance --yes${again}`]
}

const outcomeLines = ({ moved, failed, tookMs }: Performed, style: Style, again: string): readonly string[] => [
  ...failed.map(({ move, says }) => `${style.bad} ${move.address} did not move: ${says}`),
  `${moved.length} of ${moved.length + failed.length} moved in ${durationText(tookMs)}     porchlight moves${again}`,
]

const namesOf = ({ moves }: RebalancePlan): readonly string[] =>
  [...new Set(moves.flatMap(({ services }) => services))].map((name) => `service/${name}`)
