import { profiles } from "./profiles/all.ts"
import type { Profile } from "./profiles/profile.ts"
import type { RunOptions } from "./scenario.ts"
import { simulate, type Violation } from "./simulate.ts"

export type Failure = { readonly profile: string; readonly seed: number; readonly violations: readonly Violation[] }
export type Tally = {
  readonly runs: Record<string, number>
  readonly failures: Failure[]
  events: number
  virtualMs: number
}

/** Which share of the seeds `first` to `first + count - 1` one of several workers takes. */
export type Share = {
  readonly first: number
  readonly count: number
  readonly worker: number
  readonly workers: number
}

/**
 * Seed n runs profile n modulo their number, so that any long stretch of seeds has them all. Where it is not the turn of
 * a long story, the first profile runs.
 */
export const profileOf = (seed: number, among: readonly Profile[] = profiles): Profile => {
  const chosen = among[seed % among.length]!
  return Math.floor(seed / among.length) % chosen.weight === 0 ? chosen : among[0]!
}

export const runShare = (share: Share, among: readonly Profile[] = profiles, options: RunOptions = {}): Tally => {
  const tally: Tally = { runs: {}, failures: [], events: 0, virtualMs: 0 }
  for (let seed = share.first + share.worker; seed < share.first + share.count; seed += share.workers) {
    const profile = profileOf(seed, among)
    const scenario = profile.scenario(seed)
    const { violations, events } = simulate(scenario, options)
    tally.runs[profile.name] = (tally.runs[profile.name] ?? 0) + 1
    tally.events += events
    tally.virtualMs += scenario.endMs
    if (violations.length > 0) tally.failures.push({ profile: profile.name, seed, violations })
  }
  return tally
}

export const addTallies = (tallies: readonly Tally[]): Tally => {
  const sum: Tally = { runs: {}, failures: [], events: 0, virtualMs: 0 }
  for (const tally of tallies) {
    for (const [name, count] of Object.entries(tally.runs)) sum.runs[name] = (sum.runs[name] ?? 0) + count
    sum.failures.push(...tally.failures)
    sum.events += tally.events
    sum.virtualMs += tally.virtualMs
  }
  return sum
}
