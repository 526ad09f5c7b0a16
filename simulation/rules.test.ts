import assert from "node:assert/strict"
import { test } from "node:test"
import type { RuleName } from "../src/ownership/rule.ts"
import { profiles } from "./profiles/all.ts"
import { settledMs } from "./profiles/profile.ts"
import { type Run, simulate } from "./simulate.ts"

/** For each rule a story that shows what it is for: with it every law holds, without it this law breaks. */
type Worth = {
  readonly rule: RuleName
  readonly profile: string
  readonly seeds: readonly number[]
  readonly breaks: string
}

const worths: readonly Worth[] = [
  { rule: "epoch-above-seen", profile: "wake", seeds: [14, 30], breaks: "L9 the sleeper takes nothing back" },
  { rule: "tie-by-node-id", profile: "opposite-views", seeds: [1, 2], breaks: "L1 one answerer" },
  { rule: "clock-in-epoch", profile: "amnesia", seeds: [2, 3], breaks: "L9 the sleeper takes nothing back" },
  { rule: "third-witness", profile: "calm", seeds: [12, 20], breaks: "L3 no move without a cause" },
  { rule: "witness-age", profile: "death", seeds: [1, 2], breaks: "L5 repair" },
  { rule: "connected-witness", profile: "isolation", seeds: [2, 4], breaks: "L10 an isolated node takes nothing" },
  { rule: "listen-after-alone", profile: "survivor", seeds: [1, 2], breaks: "L10 announces nothing lost" },
  { rule: "doubt-after-alone", profile: "isolation", seeds: [3, 9], breaks: "L10 announces and answers nothing lost" },
  { rule: "doubt-after-gap", profile: "wake", seeds: [1, 2], breaks: "L4 nothing for a lost address" },
  { rule: "echo-ends-doubt", profile: "wake", seeds: [10, 12], breaks: "L4 nothing for a lost address" },
  { rule: "own-question", profile: "beats-blocked", seeds: [1, 2], breaks: "L3 no move without a cause" },
  { rule: "claims-in-announcements", profile: "beats-blocked", seeds: [1, 5], breaks: "L1 one answerer" },
  { rule: "alone-flag", profile: "deaf", seeds: [1, 2], breaks: "L5 repair" },
  {
    rule: "longer-window-after-outage",
    profile: "switch-restart",
    seeds: [1, 3],
    breaks: "L3 no move without a cause",
  },
  { rule: "alone-said-twice", profile: "switch-restart", seeds: [5, 17], breaks: "L3 no move without a cause" },
  { rule: "revoked", profile: "deletion", seeds: [2, 3], breaks: "a deleted address stays away" },
  { rule: "promise", profile: "restart", seeds: [1, 2], breaks: "L7 restart moves nothing" },
  { rule: "estate", profile: "restart", seeds: [1, 2], breaks: "L7 restart moves nothing" },
  { rule: "patience", profile: "flapping", seeds: [3, 4], breaks: "L9 no ping-pong" },
  { rule: "readiness-grace", profile: "unready", seeds: [3, 5], breaks: "L3 no move without a cause" },
  { rule: "pace", profile: "readiness", seeds: [1, 2], breaks: "L9 no ping-pong" },
  { rule: "tie-by-node-id", profile: "partition", seeds: [1, 4], breaks: "L1 one answerer" },
  {
    rule: "patience",
    profile: "lossy-port",
    seeds: [7, 38],
    breaks: "L9 a lossy port moves an address once and for all",
  },
  { rule: "connected-witness", profile: "dark-minute", seeds: [2, 3], breaks: "L10 no move on return" },
  { rule: "epoch-above-seen", profile: "clock-apart", seeds: [1, 2], breaks: "L9 the sleeper takes nothing back" },
  { rule: "doubt-after-gap", profile: "suspend", seeds: [3, 6], breaks: "L4 nothing for a lost address" },
  { rule: "estate", profile: "rolling", seeds: [1, 2], breaks: "L7 restart moves nothing" },
]

for (const { rule, profile, seeds, breaks } of worths)
  test(`without ${rule}, ${profile} breaks ${breaks}`, () => {
    for (const seed of seeds) {
      assert.deepEqual(play(profile, seed).violations, [], `seed ${seed}, all rules`)
      const laws = play(profile, seed, rule).violations.map(({ law }) => law)
      assert.ok(laws.includes(breaks), `seed ${seed} without ${rule}: ${laws.join(", ") || "every law held"}`)
    }
  })

test("without rank-wait, ties follow most deaths; with it, hardly any", () => {
  const seeds = Array.from({ length: 40 }, (_, seed) => seed + 1)
  const count = (rule?: RuleName): number => seeds.reduce((sum, seed) => sum + tiesIn(play("death", seed, rule)), 0)
  assert.ok(count() <= 2, `${count()} ties with rank-wait`)
  assert.ok(count("rank-wait") >= 40, `${count("rank-wait")} ties without`)
})

const play = (name: string, seed: number, without?: RuleName): Run => {
  const profile = profiles.find((one) => one.name === name)!
  return simulate(profile.scenario(seed), without === undefined ? {} : { without: new Set([without]) })
}

/** Claims of one group by two nodes within a link's delay and a timer's lateness. */
const tiesIn = ({ world }: Run): number => {
  const claims = world.history.claims.filter(({ at }) => at > settledMs)
  return claims.filter((claim, i) =>
    claims
      .slice(0, i)
      .some((first) => first.group === claim.group && first.node !== claim.node && claim.at - first.at < 5),
  ).length
}
