import type { Act } from "../act.ts"
import { noStaleFrame } from "../laws/frames.ts"
import { movesAtMost } from "../laws/moves.ts"
import { gapAtMost, overlapAtMost, sameAnswerers } from "../laws/one-answerer.ts"
import { wallStartS } from "../node.ts"
import type { Random } from "../random.ts"
import {
  drawGroups,
  drawNodes,
  intervalMs,
  portsOf,
  profile,
  type Profile,
  settled,
  settledMs,
  startAll,
  windowMs,
} from "./profile.ts"

const hourS = 3600
const to1970S = -wallStartS

const drawOffset = (random: Random): number => random.pick([hourS, -hourS, to1970S, 600, -600])

/** Wall clocks jump an hour or to 1970, or are ten minutes apart, and then the holder dies: only epochs ever read them. */
export const clockJump: Profile = profile(
  "clock-jump",
  (random) => {
    const nodes = drawNodes(random, 2)
    const at = settledMs + random.unit() * 500
    const diesAt = at + 4000
    const after = settled(diesAt + 3 * windowMs)
    const jumps = portsOf(nodes).filter(() => random.chance(0.5))
    return {
      nodes,
      groups: drawGroups(random, nodes),
      clockOffsetsS: portsOf(nodes).map(() => (random.chance(0.5) ? random.between(-600, 600) : 0)),
      endMs: after.endMs,
      acts: [
        ...startAll(random, nodes),
        ...jumps.map((node): Act => ({
          at: at + random.unit() * 2000,
          do: "clock",
          node,
          offsetS: drawOffset(random),
        })),
        { at: diesAt, do: "crash", node: "holder" },
      ],
      laws: [
        ...after.laws,
        movesAtMost(0, { from: 0, until: diesAt }, "L3 a clock moves nothing"),
        movesAtMost(1, { from: 0 }, "L5 one move a death"),
        gapAtMost(windowMs + 25, { from: settledMs }),
        overlapAtMost(1.1, { from: settledMs }),
        noStaleFrame(2, { from: 0 }),
      ],
    }
  },
  2,
)

/**
 * Clocks are ten minutes apart, the holder is cut off or asleep, and clocks jump meanwhile: whoever takes over may have a
 * clock far behind the holder's. One holder all the same, and the sleeper takes nothing back.
 */
export const clockApart: Profile = profile(
  "clock-apart",
  (random) => {
    const nodes = drawNodes(random, 2)
    const at = settledMs + random.unit() * 500
    const forMs = 1000 + random.unit() * 8000
    const healed = at + forMs
    const away: readonly Act[] = random.chance(0.5)
      ? [{ at, do: "freeze", node: "holder", forMs, seen: random.chance(0.7), buffer: 1000 }]
      : [
          { at, do: "unplug", node: "holder", segment: 0 },
          { at: healed, do: "plug", node: "holder", segment: 0 },
        ]
    const jumps = portsOf(nodes).filter(() => random.chance(0.5))
    const after = settled(healed + 3 * windowMs)
    return {
      nodes,
      groups: drawGroups(random, nodes, 1),
      clockOffsetsS: portsOf(nodes).map(() => random.between(-600, 600)),
      endMs: after.endMs,
      acts: [
        ...startAll(random, nodes),
        ...away,
        ...jumps.map((node): Act => ({
          at: random.between(settledMs, healed),
          do: "clock",
          node,
          offsetS: drawOffset(random),
        })),
      ],
      laws: [
        ...after.laws,
        movesAtMost(1, { from: 0 }, "L9 one move"),
        overlapAtMost(intervalMs + 2, { from: settledMs }),
        sameAnswerers(healed - 1, "L9 the sleeper takes nothing back"),
      ],
    }
  },
  2,
)

/** The holder is suspended for seconds or a minute, or every machine for up to an hour and a half, its sockets full. */
export const suspend: Profile = profile(
  "suspend",
  (random) => {
    const nodes = drawNodes(random, 2)
    const at = settledMs + random.unit() * 500
    const everywhere = random.chance(0.5)
    const forMs = random.pick(everywhere ? [30_000, hourS * 1000] : [5000, 60_000]) * (0.5 + random.unit())
    const asleep = everywhere ? portsOf(nodes) : (["holder"] as const)
    const buffer = random.pick([3, 200, 100_000])
    const spreadMs = everywhere ? windowMs / 2 : 0
    const after = settled(at + forMs + spreadMs + 3 * windowMs)
    return {
      nodes,
      groups: drawGroups(random, nodes),
      clientAsksEveryMs: 5000,
      endMs: after.endMs,
      acts: [
        ...startAll(random, nodes),
        ...asleep.map((node): Act => ({
          at: at + random.unit() * spreadMs,
          do: "freeze",
          node,
          forMs,
          seen: true,
          buffer,
        })),
        { at: at + forMs / 2, do: "clock", node: "holder", offsetS: drawOffset(random) },
      ],
      laws: [
        ...after.laws,
        noStaleFrame(2, { from: 0 }),
        movesAtMost(everywhere ? 0 : 1, { from: 0 }, "L9 one move where one slept, none where all did"),
      ],
    }
  },
  2,
)
