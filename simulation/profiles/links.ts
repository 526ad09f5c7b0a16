import type { Act } from "../act.ts"
import { noStaleFrame, takesNothing } from "../laws/frames.ts"
import { knownFinding } from "../laws/outcome.ts"
import { movesAtMost } from "../laws/moves.ts"
import { gapAtMost, overlapAtMost } from "../laws/one-answerer.ts"
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

/** A node hears nothing and still sends: L5 for the receive path. */
export const deaf: Profile = profile("deaf", (random) => {
  const nodes = drawNodes(random, 2)
  const at = settledMs + random.unit() * 500
  const healed = at + 2000 + random.unit() * 3000
  const after = settled(healed + 3 * windowMs)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      { at, do: "deafen", node: "holder", segment: 0 },
      { at: healed, do: "undeafen", node: "holder", segment: 0 },
    ],
    laws: [
      ...after.laws,
      gapAtMost(windowMs + 3 * intervalMs + 25, { from: settledMs }),
      overlapAtMost(intervalMs + 2, { from: settledMs }),
      noStaleFrame(2, { from: 0 }),
      movesAtMost(1, { from: 0 }, "L9 one move"),
    ],
  }
})

/** A node's port goes dark and comes back: L10. */
export const isolation: Profile = profile("isolation", (random) => {
  const nodes = drawNodes(random, 2)
  const at = settledMs + random.unit() * 500
  const healed = at + windowMs + 20 + random.unit() * random.pick([500, 10_000])
  const node = random.pick(["holder", "successor"] as const)
  const after = settled(healed + 3 * windowMs)
  return {
    nodes,
    groups: drawGroups(random, nodes, 1),
    gateway: nodes === 2 || random.chance(0.6),
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      { at, do: "unplug", node, segment: 0 },
      { at: healed, do: "plug", node, segment: 0 },
    ],
    laws: [
      ...after.laws,
      takesNothing(node, { from: at, until: healed + windowMs }),
      noStaleFrame(2, { from: 0 }, "L10 announces and answers nothing lost"),
      overlapAtMost(intervalMs + 2, { from: settledMs }),
      movesAtMost(node === "holder" ? 1 : 0, { from: 0 }, "L10 no move on return"),
    ],
  }
})

/** Between two nodes that have only each other one direction or both break: at most one move. */
export const twoNodes: Profile = profile("two-nodes", (random) => {
  const at = settledMs + random.unit() * 500
  const healed = at + 1000 + random.unit() * 6000
  const ways = random.pick([[0], [1], [0, 1]]).map((way) => (way === 0 ? ([0, 1] as const) : ([1, 0] as const)))
  const both = ways.length === 2
  const after = settled(healed + 3 * windowMs)
  return {
    nodes: 2,
    groups: drawGroups(random, 2),
    endMs: after.endMs,
    acts: [
      ...startAll(random, 2),
      ...ways.flatMap(([from, to]): Act[] => [
        { at, do: "cut", from, to, segment: 0 },
        { at: healed, do: "mend", from, to, segment: 0 },
      ]),
    ],
    laws: [
      ...after.laws,
      overlapAtMost(both ? healed - at : 1.1, { from: 0 }),
      movesAtMost(1, { from: 0 }, "L3 one move at most"),
    ],
  }
})

/** The beat port is filtered at the holder (nothing moves), or everywhere (and then the holder dies). */
export const beatsBlocked: Profile = profile("beats-blocked", (random) => {
  const nodes = drawNodes(random, 2)
  const everywhere = random.chance(0.5)
  const filterAt = everywhere && random.chance(0.5) ? 0 : settledMs
  const filtered = everywhere ? portsOf(nodes) : (["holder"] as const)
  const diesAt = settledMs + 8000 + random.unit() * 1000
  const acts: Act[] = filtered.map((node) => ({ at: filterAt, do: "filter", node, segment: 0, channel: "beat" }))
  const after = settled(everywhere ? diesAt + 4000 : settledMs + 3 * windowMs)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      ...acts,
      ...(everywhere ? [{ at: diesAt, do: "crash", node: "holder" } as const] : []),
    ],
    laws: [
      ...after.laws,
      ...(everywhere
        ? [gapAtMost(4000, { from: settledMs }), movesAtMost(1, { from: settledMs })]
        : [movesAtMost(0, { from: 0 }), knownFinding("beats-blocked", settledMs + 2500)]),
    ],
  }
})

/** The switch restarts: all ports go dark together and return one by one within 1.5 s. */
export const switchRestart: Profile = profile("switch-restart", (random) => {
  const nodes = drawNodes(random, 2)
  const at = settledMs + random.unit() * 500
  const back = at + 1000 + random.unit() * 5000
  const returns = portsOf(nodes).map((node) => ({ at: back + random.unit() * 1500, node }))
  const after = settled(back + 1500 + 4 * windowMs + 3 * windowMs)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    gateway: random.chance(0.7),
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      ...portsOf(nodes).map((node): Act => ({ at, do: "unplug", node, segment: 0 })),
      ...returns.map(({ at, node }): Act => ({ at, do: "plug", node, segment: 0 })),
    ],
    laws: [...after.laws, movesAtMost(0, { from: 0 })],
  }
})

/** Two nodes are cut, paused or isolated again and again for a minute: L9. */
export const flapping: Profile = profile("flapping", (random) => {
  const nodes = random.pick([2, 3, 5])
  const flapping = random.shuffle(portsOf(nodes)).slice(0, 2)
  const acts = Array.from({ length: 28 }, (_, i) => flap(random, settledMs + i * 2140 + random.unit() * 500, flapping))
  const after = settled(settledMs + 62_000 + 4000)
  return {
    nodes,
    groups: drawGroups(random, nodes, 1),
    clientAsksEveryMs: 1000,
    endMs: after.endMs,
    acts: [...startAll(random, nodes), ...acts.flat()],
    laws: [...after.laws, movesAtMost(nodes === 2 ? 9 : 5, { from: 0 }, "L9 no ping-pong")],
  }
})

const flap = (random: Random, at: number, nodes: readonly number[]): readonly Act[] => {
  const node = random.pick(nodes)
  const forMs = 300 + random.unit() * 1200
  const to = nodes.find((other) => other !== node)!
  return random.pick<readonly Act[]>([
    [{ at, do: "freeze", node, forMs, seen: random.chance(0.5), buffer: 20 }],
    [
      { at, do: "unplug", node, segment: 0 },
      { at: at + forMs, do: "plug", node, segment: 0 },
    ],
    [
      { at, do: "cut", from: node, to, segment: 0 },
      { at: at + forMs, do: "mend", from: node, to, segment: 0 },
    ],
  ])
}

/** A node's port on one segment goes dark, the other lives: only that segment's addresses move. */
export const twoSegments: Profile = profile("two-segments", (random) => {
  const nodes = drawNodes(random)
  const at = settledMs + random.unit() * 500
  const healed = at + 3000
  const after = settled(healed + 3 * windowMs)
  return {
    nodes,
    segments: 2,
    groups: drawGroups(random, nodes, 1),
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      { at, do: "unplug", node: "holder", segment: 1 },
      { at: healed, do: "plug", node: "holder", segment: 1 },
    ],
    laws: [
      ...after.laws,
      gapAtMost(windowMs + 25, { from: settledMs, until: healed }),
      overlapAtMost(intervalMs + 2, { from: settledMs }),
      movesAtMost(0, { from: 0, segment: 0 }),
      movesAtMost(1, { from: 0, segment: 1 }),
    ],
  }
})
