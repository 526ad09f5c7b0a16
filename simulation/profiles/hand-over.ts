import type { Act } from "../act.ts"
import { movesAtMost } from "../laws/moves.ts"
import { gapAtMost, overlapAtMost } from "../laws/one-answerer.ts"
import {
  drawGroups,
  drawNodes,
  portsOf,
  profile,
  type Profile,
  settled,
  settledMs,
  startAll,
  windowMs,
} from "./profile.ts"

/** A holder is told to give an address away: L6. */
export const plannedMove: Profile = profile("planned-move", (random) => {
  const nodes = drawNodes(random, 2)
  const at = settledMs + random.unit() * 500
  const isLossy = random.chance(0.3)
  const weather = { loss: 0.2, delayMs: [0.2, 1] as const, duplicates: 0.1 }
  const after = settled(at + 3 * windowMs)
  return {
    nodes,
    groups: drawGroups(random, nodes, 1),
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      ...(isLossy ? [{ at: at - 1, do: "weather", weather } as const] : []),
      { at, do: "give", group: 0, to: random.below(nodes) },
    ],
    laws: [
      ...after.laws,
      gapAtMost(0, { from: settledMs }, "L6 no gap"),
      overlapAtMost(isLossy ? 500 : 1.1, { from: 0 }),
      movesAtMost(1, { from: 0 }, "L6 one move"),
    ],
  }
})

/** A speaker leaves for good, or until later: all it held is handed over before it exits. */
export const leaving: Profile = profile("leaving", (random) => {
  const nodes = drawNodes(random, 2)
  const at = settledMs + random.unit() * 500
  const backAfterMs = random.chance(0.5) ? 500 + random.unit() * 3000 : undefined
  const after = settled(at + (backAfterMs ?? 0) + 3 * windowMs)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    endMs: after.endMs,
    acts: [...startAll(random, nodes), { at, do: "stop", node: "holder", how: "leaving", backAfterMs }],
    laws: [
      ...after.laws,
      gapAtMost(0, { from: settledMs }, "L6 no gap"),
      overlapAtMost(1.1, { from: settledMs }),
      movesAtMost(1, { from: 0 }, "L6 one move"),
    ],
  }
})

/** One speaker restarts, or all in a row, also in bad weather: L7. */
export const restart: Profile = profile("restart", (random) => {
  const nodes = drawNodes(random, 2)
  // Of two nodes one in some thousand loses a whole window of beats at 20 %: `lossy-hour` bounds that.
  const weather = { loss: random.pick(nodes > 2 ? [0, 0.1, 0.2] : [0, 0.1]), delayMs: [0.2, 1] as const, duplicates: 0 }
  const awayMs = 100 + random.unit() * 3000
  const stopping = random.chance(0.5) ? (["holder"] as const) : random.shuffle(portsOf(nodes))
  const stepMs = 250 + awayMs + 300 + windowMs + 400
  const acts = stopping.map((node, i): Act => ({
    at: settledMs + i * stepMs,
    do: "stop",
    node,
    how: "restarting",
    backAfterMs: awayMs,
  }))
  const after = settled(settledMs + stopping.length * stepMs + 3 * windowMs)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    endMs: after.endMs,
    acts: [...startAll(random, nodes), { at: settledMs, do: "weather", weather }, ...acts],
    laws: [
      ...after.laws,
      gapAtMost(awayMs + 300 + windowMs + 25, { from: settledMs }, "L7 away no longer than the restart"),
      movesAtMost(0, { from: 0 }, "L7 restart moves nothing"),
    ],
  }
})

/** A speaker promises to return and does not: its addresses wait for the promise and no longer. */
export const brokenPromise: Profile = profile("broken-promise", (random) => {
  const nodes = drawNodes(random, 2)
  const at = settledMs + random.unit() * 500
  const after = settled(at + 4000 + 250 + 3 * windowMs)
  return {
    nodes,
    promiseSeconds: 4,
    groups: drawGroups(random, nodes),
    endMs: after.endMs,
    acts: [...startAll(random, nodes), { at, do: "stop", node: "holder", how: "restarting", backAfterMs: undefined }],
    laws: [
      ...after.laws,
      gapAtMost(4025, { from: settledMs }, "L7 the promise ends"),
      movesAtMost(0, { from: 0, until: at + 4000 }, "L7 nothing moves within the promise"),
    ],
  }
})
