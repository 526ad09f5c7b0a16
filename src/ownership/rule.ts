/**
 * The rules that can be left out, one at a time, in the simulation only: each has a test that fails without it, so that
 * none is kept out of habit. A speaker runs with all of them.
 */
export type RuleName =
  | "epoch-above-seen"
  | "tie-by-node-id"
  | "clock-in-epoch"
  | "third-witness"
  | "witness-age"
  | "connected-witness"
  | "rank-wait"
  | "listen-after-alone"
  | "doubt-after-alone"
  | "doubt-after-gap"
  | "echo-ends-doubt"
  | "own-question"
  | "claims-in-announcements"
  | "alone-flag"
  | "longer-window-after-outage"
  | "alone-said-twice"
  | "revoked"
  | "promise"
  | "estate"
  | "probes-after-release"
  | "patience"
  | "readiness-grace"
  | "pace"

export type Rules = Readonly<Record<RuleName, boolean>>

const names: readonly RuleName[] = [
  "epoch-above-seen",
  "tie-by-node-id",
  "clock-in-epoch",
  "third-witness",
  "witness-age",
  "connected-witness",
  "rank-wait",
  "listen-after-alone",
  "doubt-after-alone",
  "doubt-after-gap",
  "echo-ends-doubt",
  "own-question",
  "claims-in-announcements",
  "alone-flag",
  "longer-window-after-outage",
  "alone-said-twice",
  "revoked",
  "promise",
  "estate",
  "probes-after-release",
  "patience",
  "readiness-grace",
  "pace",
]

/** All rules, but for those left out. */
export const rulesWithout = (without: ReadonlySet<RuleName>): Rules =>
  Object.fromEntries(names.map((name) => [name, !without.has(name)])) as Rules
