import type { Act } from "../act.ts"
import { movesAtMost } from "../laws/moves.ts"
import { gapAtMost, overlapAtMost } from "../laws/one-answerer.ts"
import { drawGroups, portsOf, profile, type Profile, settled, settledMs, startAll, windowMs } from "./profile.ts"

/** From the start of a process to its first claim: its view, a window of listening, its rank, three probes. */
const claimsWithinMs = 300 + windowMs + 250 + 7 * 20 + 3 * 30 + windowMs / 2

/** All processes end together, by SIGTERM or by power, and start again: nobody is left to remember who held what. */
export const allRestart: Profile = profile(
  "all-restart",
  (random) => {
    const nodes = 2 + random.below(6)
    const at = settledMs + random.unit() * 500
    const awayMs = 100 + random.unit() * 3000
    const spreadMs = random.pick([0, 1, 300])
    const isPower = random.chance(0.5)
    const exitMs = isPower ? 0 : 1100
    const acts = portsOf(nodes).flatMap((node): readonly Act[] => {
      const late = random.unit() * spreadMs
      if (!isPower) return [{ at: at + late, do: "stop", node, how: "restarting", backAfterMs: awayMs }]
      return [
        { at, do: "crash", node },
        { at: at + awayMs + late, do: "start", node },
      ]
    })
    const back = at + exitMs + awayMs + spreadMs
    const after = settled(back + 300 + 3 * windowMs)
    return {
      nodes,
      groups: drawGroups(random, nodes),
      endMs: after.endMs,
      acts: [...startAll(random, nodes), ...acts],
      laws: [
        ...after.laws,
        gapAtMost(exitMs + awayMs + spreadMs + claimsWithinMs, { from: settledMs }),
        overlapAtMost(1.1, { from: settledMs }),
        movesAtMost(1, { from: 0 }, "L9 one move"),
      ],
    }
  },
  2,
)

/** A rolling restart in the order of the ranks or against it, without a pause between one's return and the next one's end. */
export const rolling: Profile = profile(
  "rolling",
  (random) => {
    const nodes = 2 + random.below(6)
    const order = portsOf(nodes)
    const awayMs = 100 + random.unit() * 2000
    const stepMs = 1000 + awayMs + 300 + windowMs
    const turn = random.chance(0.5) ? order : [...order].reverse()
    const acts = turn.map((node, i): Act => ({
      at: settledMs + i * stepMs,
      do: "stop",
      node,
      how: "restarting",
      backAfterMs: awayMs,
    }))
    const after = settled(settledMs + nodes * stepMs + 3 * windowMs)
    return {
      nodes,
      groups: Array.from({ length: 1 + random.below(3) }, () => ({ order })),
      endMs: after.endMs,
      acts: [...startAll(random, nodes), ...acts],
      laws: [
        ...after.laws,
        gapAtMost(awayMs + 300 + windowMs + 25, { from: settledMs }, "L7 away no longer than the restart"),
        overlapAtMost(1.1, { from: settledMs }),
        movesAtMost(0, { from: 0 }, "L7 restart moves nothing"),
      ],
    }
  },
  3,
)
