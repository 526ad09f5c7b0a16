import { noStaleFrame } from "../laws/frames.ts"
import { movesAtMost } from "../laws/moves.ts"
import { gapAtMost, overlapAtMost } from "../laws/one-answerer.ts"
import { drawGroups, drawNodes, profile, type Profile, settled, settledMs, startAll, windowMs } from "./profile.ts"

/** A holder dies in silence, now and then together with its first successor: L5. */
export const death: Profile = profile("death", (random) => {
  const nodes = drawNodes(random)
  const groups = drawGroups(random, nodes)
  const at = settledMs + random.unit() * 1000
  const dying = nodes > 2 && random.chance(0.25) ? (["holder", "successor"] as const) : (["holder"] as const)
  const after = settled(at + 3 * windowMs)
  return {
    nodes,
    groups,
    endMs: after.endMs,
    acts: [...startAll(random, nodes), ...dying.map((node) => ({ at, do: "crash" as const, node }))],
    laws: [
      ...after.laws,
      gapAtMost(windowMs + 25, { from: settledMs }),
      overlapAtMost(1.1, { from: settledMs }),
      movesAtMost(1, { from: 0 }, "L5 one move a death"),
      noStaleFrame(2, { from: 0 }),
    ],
  }
})

/** A stranger answers for every address, and then a holder dies: it is taken over as ever, once, and nothing else moves. */
export const impostor: Profile = profile("impostor", (random) => {
  const nodes = drawNodes(random, 2)
  const at = settledMs + 500 + random.unit() * 1000
  return {
    nodes,
    groups: drawGroups(random, nodes),
    endMs: settled(at + 3 * windowMs).endMs,
    acts: [
      ...startAll(random, nodes),
      { at: settledMs, do: "stranger", answers: true },
      { at, do: "crash", node: "holder" },
    ],
    laws: [
      gapAtMost(windowMs + 25, { from: settledMs }),
      overlapAtMost(1.1, { from: settledMs }),
      movesAtMost(1, { from: 0 }, "L5 one move a death"),
      noStaleFrame(2, { from: 0 }),
    ],
  }
})

/** A holder crashes and a new process is back before or after the others have taken over. */
export const crashAndReturn: Profile = profile("crash-and-return", (random) => {
  const nodes = drawNodes(random, 2)
  const groups = drawGroups(random, nodes)
  const at = settledMs + random.unit() * 1000
  const back = at + random.pick([50, 300, 600, 1500])
  const node = "holder"
  const after = settled(back + 3 * windowMs)
  return {
    nodes,
    groups,
    endMs: after.endMs,
    acts: [...startAll(random, nodes), { at, do: "crash", node }, { at: back, do: "start", node }],
    laws: [
      ...after.laws,
      gapAtMost(windowMs + 25, { from: settledMs }),
      overlapAtMost(1.1, { from: settledMs }),
      movesAtMost(1, { from: 0 }, "L5 one move a death"),
    ],
  }
})
