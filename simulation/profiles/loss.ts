import type { Act } from "../act.ts"
import { announcesNothingLost } from "../laws/frames.ts"
import { movesAtMost } from "../laws/moves.ts"
import { overlapAtMost } from "../laws/one-answerer.ts"
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

const minuteMs = 60_000

/** One link is cut one way for ten minutes: among three a third one tells, of two the one that hears takes over. */
export const oneWay: Profile = profile(
  "one-way",
  (random) => {
    const nodes = random.pick([2, 3, 5])
    const [from, to] = random.shuffle(portsOf(nodes)) as [number, number]
    const at = settledMs + random.unit() * 500
    const healed = at + 10 * minuteMs
    const after = settled(healed + 3 * windowMs)
    return {
      nodes,
      groups: drawGroups(random, nodes),
      clientAsksEveryMs: 5000,
      endMs: after.endMs,
      acts: [
        ...startAll(random, nodes),
        { at, do: "cut", from, to, segment: 0 },
        { at: healed, do: "mend", from, to, segment: 0 },
      ],
      laws: [
        ...after.laws,
        overlapAtMost(1.1, { from: settledMs }),
        movesAtMost(nodes === 2 ? 1 : 0, { from: 0 }, "L3 a one-way cut moves nothing among three"),
      ],
    }
  },
  60,
)

/** The holder's port loses part of what passes, either way, for a while. */
export const lossyPort: Profile = profile(
  "lossy-port",
  (random) => {
    const nodes = drawNodes(random, 2)
    const loss = random.pick([0.01, 0.05, 0.2, 0.5])
    const at = settledMs + random.unit() * 500
    const healed = at + 30_000
    const after = settled(healed + 3 * windowMs)
    return {
      nodes,
      groups: drawGroups(random, nodes, 1),
      clientAsksEveryMs: 1000,
      endMs: after.endMs,
      acts: [
        ...startAll(random, nodes),
        { at, do: "lossy", node: "holder", segment: 0, loss },
        { at: healed, do: "lossy", node: "holder", segment: 0, loss: 0 },
      ],
      laws: [
        ...after.laws,
        movesAtMost(movesOfLossyPort(nodes, loss), { from: 0 }, "L9 a lossy port moves an address once and for all"),
      ],
    }
  },
  3,
)

/** A third node tells of the holder what does not arrive. Of two, one may miss the other for a window, once. */
const movesOfLossyPort = (nodes: number, loss: number): number =>
  loss === 0.5 || (loss === 0.2 && nodes === 2) ? 1 : 0

/** An hour in which every fifth packet is lost: with a third node nothing moves; between two once at most. */
export const lossyHour: Profile = profile(
  "lossy-hour",
  (random) => {
    const nodes = random.pick([2, 3, 5])
    const weather = { loss: 0.2, delayMs: [0.2, 1] as const, duplicates: 0 }
    return {
      nodes,
      groups: drawGroups(random, nodes, 1),
      clientAsksEveryMs: 5000,
      endMs: settledMs + 60 * minuteMs,
      acts: [...startAll(random, nodes), { at: settledMs, do: "weather", weather }],
      laws: [movesAtMost(nodes === 2 ? 1 : 0, { from: 0 }, "L9 loss moves next to nothing in an hour")],
    }
  },
  240,
)

/** Every port, or the holder's, is dark for a minute, and all return within 1.5 s. */
export const darkMinute: Profile = profile(
  "dark-minute",
  (random) => {
    const nodes = 2 + random.below(4)
    const at = settledMs + random.unit() * 500
    const back = at + minuteMs
    const everywhere = random.chance(0.6)
    const dark = everywhere ? portsOf(nodes) : (["holder"] as const)
    const returnMs = everywhere ? 1500 : 0
    const after = settled(back + returnMs + 4 * windowMs + 3 * windowMs)
    return {
      nodes,
      groups: drawGroups(random, nodes),
      gateway: random.chance(0.7),
      endMs: after.endMs,
      acts: [
        ...startAll(random, nodes),
        ...dark.map((node): Act => ({ at, do: "unplug", node, segment: 0 })),
        ...dark.map((node): Act => ({ at: back + random.unit() * returnMs, do: "plug", node, segment: 0 })),
      ],
      laws: [
        ...after.laws,
        announcesNothingLost({ from: 0 }),
        movesAtMost(everywhere ? 0 : 1, { from: 0 }, "L10 no move on return"),
      ],
    }
  },
  3,
)
