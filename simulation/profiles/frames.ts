import type { Act } from "../act.ts"
import { cachesFollow, speaksForItsOwn } from "../laws/caches.ts"
import { noStaleFrame } from "../laws/frames.ts"
import { everyMoveHasAReason, movesAtMost } from "../laws/moves.ts"
import { gapAtMost, oneAnswerer, overlapAtMost } from "../laws/one-answerer.ts"
import { clientKnowsHolder, newestGrantWins } from "../laws/outcome.ts"
import type { Law } from "../laws/law.ts"
import type { Random } from "../random.ts"
import { drawGroups, intervalMs, portsOf, profile, type Profile, settledMs, startAll, windowMs } from "./profile.ts"

/** A frame is on its way for up to a millisecond, and a timer is late by half of one. */
const newsMs = 3
/** Behind what announcements were lost comes the next one, or the client's own question. */
const repeatedMs = 6500

/** So often the gateway is asked in the name of an address whether it still knows its holder. */
const refreshMs = 60_000

const settled = (from: number): { readonly laws: readonly Law[]; readonly endMs: number } => ({
  laws: [oneAnswerer({ from }), newestGrantWins, everyMoveHasAReason, speaksForItsOwn],
  endMs: from + repeatedMs + 500,
})

/** What moves an address once, in fair weather. */
const oneMove = (random: Random, nodes: number, at: number): readonly Act[] =>
  random.pick<readonly Act[]>([
    [{ at, do: "crash", node: "holder" }],
    [{ at, do: "give", group: random.below(3), to: random.below(nodes) }],
    [{ at, do: "stop", node: "holder", how: "leaving", backAfterMs: 700 }],
    [
      {
        at,
        do: "freeze",
        node: "holder",
        forMs: 900 + random.unit() * 4000,
        seen: true,
        buffer: random.pick([3, 20, 1000]),
      },
    ],
    [{ at, do: "grant", group: random.below(3), order: random.shuffle(portsOf(nodes)).slice(0, 2) }],
  ])

/**
 * Whole announcers move addresses of both families among hosts with a kernel's neighbour cache: from the moment the new
 * holder claims, no host sends a packet elsewhere, and nobody speaks for what it does not hold.
 */
export const framesMove: Profile = profile(
  "frames-move",
  (random) => {
    const nodes = 2 + random.below(4)
    const at = settledMs + random.unit() * 2000
    const after = settled(at + 7000)
    return {
      wire: "frames",
      nodes,
      groups: drawGroups(random, nodes, 3),
      clientAsksEveryMs: random.pick([100, 700, 3000]),
      endMs: after.endMs,
      acts: [...startAll(random, nodes), ...oneMove(random, nodes, at)],
      laws: [
        ...after.laws,
        cachesFollow(newsMs, { from: 0 }),
        noStaleFrame(2, { from: 0 }),
        gapAtMost(windowMs + 25, { from: settledMs }),
        overlapAtMost(1.1, { from: settledMs }),
        movesAtMost(1, { from: 0 }, "L9 one move"),
      ],
    }
  },
  10,
)

/** Links that break while addresses are in use: hosts are right again when the last announcement has been said. */
const broken = (random: Random, nodes: number, at: number, until: number): readonly Act[] => {
  const [from, to] = random.shuffle(portsOf(nodes)) as [number, number]
  const loss = random.pick([0.05, 0.2])
  return random.pick<readonly Act[]>([
    [
      { at, do: "unplug", node: "holder", segment: 0 },
      { at: until, do: "plug", node: "holder", segment: 0 },
    ],
    [
      { at, do: "deafen", node: "holder", segment: 0 },
      { at: until, do: "undeafen", node: "holder", segment: 0 },
    ],
    [
      { at, do: "cut", from, to, segment: 0 },
      { at: until, do: "mend", from, to, segment: 0 },
    ],
    [
      { at, do: "lossy", node: "holder", segment: 0, loss },
      { at: until, do: "lossy", node: "holder", segment: 0, loss: 0 },
    ],
    [
      { at, do: "filter", node: "holder", segment: 0, channel: "beat" },
      { at: until, do: "unfilter", node: "holder", segment: 0, channel: "beat" },
    ],
    portsOf(nodes).flatMap((node): Act[] => [
      { at, do: "unplug", node, segment: 0 },
      { at: until + random.unit() * 1000, do: "plug", node, segment: 0 },
    ]),
  ])
}

export const framesBreak: Profile = profile(
  "frames-break",
  (random) => {
    const nodes = 2 + random.below(4)
    const at = settledMs + random.unit() * 500
    const until = at + (random.chance(0.2) ? refreshMs : 0) + 1000 + random.unit() * 4000
    const after = settled(until + 1000 + 4 * windowMs + 3 * windowMs)
    return {
      wire: "frames",
      nodes,
      gateway: nodes === 2 || random.chance(0.7),
      groups: drawGroups(random, nodes, 3),
      clientAsksEveryMs: random.pick([100, 700]),
      endMs: after.endMs,
      acts: [...startAll(random, nodes), ...broken(random, nodes, at, until)],
      laws: [
        ...after.laws,
        cachesFollow(repeatedMs, { from: until }),
        noStaleFrame(2, { from: 0 }),
        overlapAtMost(intervalMs + 2, { from: settledMs }),
        movesAtMost(1, { from: 0 }, "L9 one move"),
      ],
    }
  },
  20,
)

/** Announcers of more nodes than these take minutes. */
const nodesMax = 7

/**
 * The stories of the values once more, told to whole announcers: where both disagree, one of them is wrong. What clients
 * remember has its own law there; a client cut off from the new holder alone finds out by itself.
 */
export const framesAgain = (told: readonly Profile[]): Profile => ({
  name: "frames-again",
  weight: 8,
  scenario: (seed) => {
    const { scenario } = told[seed % told.length]!
    let drawn = scenario(seed)
    for (let other = 1; drawn.nodes > nodesMax; other++) drawn = scenario(seed + 1_000_000 * other)
    const laws = drawn.laws.filter((law) => law !== clientKnowsHolder)
    return { ...drawn, profile: "frames-again", seed, wire: "frames", laws: [...laws, speaksForItsOwn] }
  },
})
