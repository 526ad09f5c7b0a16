import type { Act } from "../act.ts"
import { noStaleFrame } from "../laws/frames.ts"
import { movesAtMost } from "../laws/moves.ts"
import { gapAtMost, overlapAtMost } from "../laws/one-answerer.ts"
import { secondGrantClaimed, staysDeleted } from "../laws/outcome.ts"
import { drawGroups, portsOf, profile, type Profile, settled, settledMs, startAll } from "./profile.ts"

const dayMs = 24 * 3_600_000

/** A day without the API server, and then the holder dies. Beats once a second: a day has enough of them. */
export const dayWithoutApi: Profile = profile(
  "day-without-api",
  (random) => {
    const nodes = 3
    const intervalMs = 1000
    const slowWindowMs = 5 * intervalMs
    const at = 2 * settledMs
    const diesAt = at + dayMs
    const after = settled(diesAt + 3 * slowWindowMs)
    return {
      nodes,
      intervalMs,
      groups: drawGroups(random, nodes, 1),
      clientAsksEveryMs: 300_000,
      endMs: after.endMs,
      acts: [
        ...startAll(random, nodes),
        ...portsOf(nodes).map((node): Act => ({ at, do: "api", node, reachable: false })),
        { at: diesAt, do: "crash", node: "holder" },
      ],
      laws: [
        ...after.laws.slice(0, 2),
        movesAtMost(0, { from: 0, until: diesAt }),
        movesAtMost(1, { from: 0 }, "L5 one move a death"),
        gapAtMost(slowWindowMs + 25, { from: at }),
      ],
    }
  },
  350,
)

/** A view, a second in which the old holder might raise its own claim, and a rank of up to 30 nodes. */
const claimedWithinMs = 300 + 1000 + 30 * 20 + 100

/**
 * The API server is away only for the holder while its Service is deleted. Now and then the address is given to another
 * Service at once or later: the holder must leave it to that one's node as soon as it hears of it.
 */
export const blindHolder: Profile = profile(
  "blind-holder",
  (random) => {
    const nodes = 3 + random.below(5)
    const at = settledMs + random.unit() * 500
    const isGiven = random.chance(0.7)
    const givenAt = at + random.pick([10, 500, 3000])
    const back = at + 8000
    const order = random.shuffle(portsOf(nodes)).slice(0, 1 + random.below(nodes))
    const after = settled(back + 3000)
    return {
      nodes,
      groups: drawGroups(random, nodes, 1),
      endMs: after.endMs,
      acts: [
        ...startAll(random, nodes),
        { at: at - 1, do: "api", node: "holder", reachable: false },
        { at, do: "delete", group: 0 },
        ...(isGiven ? [{ at: givenAt, do: "grant", group: 0, order } as const] : []),
        { at: back, do: "api", node: "holder", reachable: true },
      ],
      laws: [
        ...after.laws,
        overlapAtMost(1.1, { from: settledMs }),
        noStaleFrame(2, { from: 0 }),
        movesAtMost(isGiven ? 2 : 0, { from: 0 }, "L8 few moves"),
        ...(isGiven ? [secondGrantClaimed("holder", givenAt + claimedWithinMs)] : [staysDeleted]),
      ],
    }
  },
  3,
)
