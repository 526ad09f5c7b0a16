import type { Violation } from "./judge.ts"
import { simulate } from "./simulate.ts"
import type { Profile } from "./stories.ts"

export type Failure = { readonly profile: string; readonly seed: number; readonly violations: readonly Violation[] }

export type Tally = {
  readonly runs: Record<string, number>
  readonly failures: Failure[]
  events: number
  writes: number
}

/** Which of the seeds from `first` one of several workers takes. `untilMs`: of `performance.now()`, it begins no other then. */
export type Share = {
  readonly first: number
  readonly count: number
  readonly worker: number
  readonly workers: number
  readonly untilMs?: number
}

/** Seed n tells a story of profile n modulo their number. */
export const profileOf = (seed: number, among: readonly Profile[]): Profile => among[seed % among.length]!

export const runShare = (share: Share, among: readonly Profile[]): Tally => {
  const tally: Tally = { runs: {}, failures: [], events: 0, writes: 0 }
  const { first, count, worker, workers, untilMs = Infinity } = share
  for (let seed = first + worker; seed < first + count && performance.now() < untilMs; seed += workers) {
    const profile = profileOf(seed, among)
    const { violations, events, writes } = simulate(profile.story(seed))
    tally.runs[profile.name] = (tally.runs[profile.name] ?? 0) + 1
    tally.events += events
    tally.writes += writes
    if (violations.length > 0) tally.failures.push({ profile: profile.name, seed, violations })
  }
  return tally
}

export const addTallies = (tallies: readonly Tally[]): Tally => {
  const sum: Tally = { runs: {}, failures: [], events: 0, writes: 0 }
  for (const { runs, failures, events, writes } of tallies) {
    for (const [name, count] of Object.entries(runs)) sum.runs[name] = (sum.runs[name] ?? 0) + count
    sum.failures.push(...failures)
    sum.events += events
    sum.writes += writes
  }
  return sum
}

export const replayOf = ({ profile, seed }: Failure): string =>
  `node simulation/controllers/run.ts --profile "${profile}" --seed ${seed} --story [--shrink]`
