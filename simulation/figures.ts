/** node simulation/figures.ts [SEEDS]: how long addresses are away, and how long two nodes answer, at the default profile. */
import { outageOf } from "./laws/one-answerer.ts"
import { movesOf } from "./laws/moves.ts"
import { profiles } from "./profiles/all.ts"
import { settledMs } from "./profiles/profile.ts"
import { simulate } from "./simulate.ts"

const seeds = Number(process.argv[2] ?? 200)

const quantile = (sorted: readonly number[], part: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0).toFixed(1)

const measured = [
  "death",
  "crash-and-return",
  "deaf",
  "wake",
  "unseen-pause",
  "isolation",
  "planned-move",
  "leaving",
  "restart",
  "re-grant",
  "flapping",
  "readiness",
]

console.log(
  `${"profile".padEnd(18)} ${"away p50".padStart(10)} ${"worst".padStart(9)} ${"overlap p50".padStart(12)} ${"worst".padStart(8)} ${"moves worst".padStart(12)}`,
)
for (const name of measured) {
  const profile = profiles.find((one) => one.name === name)!
  const gaps: number[] = []
  const overlaps: number[] = []
  let moves = 0
  for (let seed = 1; seed <= seeds; seed++) {
    const { world } = simulate(profile.scenario(seed))
    const { gapMs, overlapMs } = outageOf(world, { from: settledMs })
    gaps.push(gapMs)
    overlaps.push(overlapMs)
    moves = Math.max(moves, ...movesOf(world, { from: 0 }))
  }
  gaps.sort((a, b) => a - b)
  overlaps.sort((a, b) => a - b)
  console.log(
    `${name.padEnd(18)} ${quantile(gaps, 0.5).padStart(10)} ${quantile(gaps, 1).padStart(9)} ${quantile(overlaps, 0.5).padStart(12)} ${quantile(overlaps, 1).padStart(8)} ${String(moves).padStart(12)}`,
  )
}
