import type { Act } from "../act.ts"
import { heldBy, knownFinding } from "../laws/outcome.ts"
import { movesAtMost } from "../laws/moves.ts"
import { overlapAtMost } from "../laws/one-answerer.ts"
import type { Random } from "../random.ts"
import {
  badWeather,
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

const calmFor = 12_000

/** What must move nothing: bad weather, one broken link, no API server, a stranger, watchers that stall or sleep. */
const disturbances = (random: Random, nodes: number): readonly Act[] => {
  const at = settledMs
  const [a, b] = random.shuffle(portsOf(nodes)) as [number, number]
  const weather = badWeather(random, nodes > 2 ? 0.3 : 0.2)
  const stalls = Array.from({ length: 20 }, (_, i) => ({
    at: at + i * 400,
    do: "freeze" as const,
    node: random.below(nodes),
    forMs: random.unit() * 395,
    seen: true,
    buffer: 1000,
  }))
  const kinds: readonly (readonly Act[])[] = [
    [{ at, do: "weather", weather: { ...weather, delayMs: [0.2, 1] } }],
    [{ at, do: "weather", weather: { loss: 0, delayMs: [0.2, 150], duplicates: 0.2 } }],
    [{ at, do: "stranger", answers: true }],
    portsOf(nodes).map((node) => ({ at, do: "api" as const, node, reachable: false })),
    stalls,
    ...(nodes > 2 ? [[{ at, do: "cut" as const, from: a, to: b, segment: 0 }]] : []),
    ...(nodes > 2
      ? [[a, b] as const].map(([from, to]) => [
          { at, do: "cut" as const, from, to, segment: 0 },
          { at, do: "cut" as const, from: to, to: from, segment: 0 },
        ])
      : []),
  ]
  return random.pick(kinds)
}

/** L3: nothing happens, however bad the weather. */
export const calm: Profile = profile("calm", (random) => {
  const nodes = drawNodes(random, 2)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    gateway: nodes === 2 || random.chance(0.7),
    endMs: calmFor,
    acts: [...startAll(random, nodes), ...disturbances(random, nodes)],
    laws: [movesAtMost(0, { from: 0 }), overlapAtMost(0, { from: settledMs })],
  }
})

/** First claims, with watchers that see the cluster at different moments: L1, L2. */
export const coldStart: Profile = profile("cold-start", (random) => {
  const nodes = drawNodes(random, 1)
  const after = settled(3 * windowMs + 300)
  return {
    nodes,
    groups: drawGroups(random, nodes, 1 + random.below(8)),
    endMs: after.endMs,
    acts: startAll(random, nodes, random.pick([0, 1, 300])),
    laws: [...after.laws, overlapAtMost(1.1, { from: 0 }), movesAtMost(0, { from: 0 })],
  }
})

/** Two nodes that think themselves first, and claim in the same second on both sides of a cut. */
export const oppositeViews: Profile = profile("opposite-views", (random) => {
  const nodes = 2 + random.below(2)
  const order = portsOf(nodes)
  const otherOrders = new Map(order.map((node) => [node, [node, ...order.filter((other) => other !== node)]]))
  const healed = 1900 + random.unit() * 2000
  const cuts = order.flatMap((from) =>
    order
      .filter((to) => to !== from)
      .flatMap((to) => [
        { at: 0, do: "cut" as const, from, to, segment: 0 },
        { at: healed, do: "mend" as const, from, to, segment: 0 },
      ]),
  )
  const after = settled(healed + 3 * windowMs)
  return {
    nodes,
    groups: [{ order, otherOrders }],
    viewDelayMs: [20, 60],
    endMs: after.endMs,
    acts: [...startAll(random, nodes, 20), ...cuts],
    laws: [...after.laws, movesAtMost(0, { from: healed })],
  }
})

/** Another program (MetalLB) answers on one of the nodes: its node becomes the holder. */
export const adoption: Profile = profile("adoption", (random) => {
  const nodes = drawNodes(random)
  const groups = drawGroups(random, nodes, 1 + random.below(3)).map((group) => ({
    ...group,
    otherHolder: random.below(nodes),
  }))
  return {
    nodes,
    groups,
    endMs: settledMs,
    acts: startAll(random, nodes, random.pick([1, 300])),
    laws: [...groups.map(({ otherHolder }, group) => heldBy(group, otherHolder)), movesAtMost(0, { from: 0 })],
  }
})

/** A stranger answers before first use: nothing is announced, the finding names it, and it ends when the stranger does. */
export const stranger: Profile = profile("stranger", (random) => {
  const nodes = drawNodes(random)
  const silentAt = 4000 + random.unit() * 3000
  const after = settled(silentAt + 10_000 + 3 * windowMs, 1000)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    endMs: after.endMs,
    acts: [
      { at: 0, do: "stranger", answers: true },
      ...startAll(random, nodes),
      { at: silentAt, do: "stranger", answers: false },
    ],
    laws: [...after.laws, knownFinding("stranger-answers", settledMs)],
  }
})
