import type { Act } from "./act.ts"
import type { RunOptions, Scenario } from "./scenario.ts"
import { simulate } from "./simulate.ts"

/** Runs at most this many shorter stories. */
const attemptsMax = 200

/** The same story with as few acts as still break a law: leaves out halves, then quarters, then single acts. */
export const shrink = (scenario: Scenario, options: RunOptions = {}): Scenario => {
  let acts = scenario.acts
  let attempts = 0
  for (let size = Math.ceil(acts.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = 0; at < acts.length && attempts < attemptsMax;) {
      const fewer: readonly Act[] = [...acts.slice(0, at), ...acts.slice(at + size)]
      attempts++
      if (isBroken({ ...scenario, acts: fewer }, options)) acts = fewer
      else at += size
    }
  return { ...scenario, acts }
}

/** A story in which a node never starts breaks laws for another reason. */
const isBroken = (scenario: Scenario, options: RunOptions): boolean => {
  const started = new Set(scenario.acts.flatMap((act) => (act.do === "start" ? [act.node] : [])))
  return started.size === scenario.nodes && simulate(scenario, options).violations.length > 0
}
