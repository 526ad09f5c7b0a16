import type { Act } from "../act.ts"
import { clientPort, gatewayPort } from "../lan.ts"
import { announcesNothingLost } from "../laws/frames.ts"
import { movesAtMost } from "../laws/moves.ts"
import type { Port } from "../packet.ts"
import type { Random } from "../random.ts"
import { drawGroups, portsOf, profile, type Profile, settled, settledMs, startAll, windowMs } from "./profile.ts"

/** Whether frames from one node reach the other. */
type Shape = (from: Port, to: Port) => boolean

/** Every way in which a segment may fall apart. */
const drawShape = (random: Random, nodes: number): Shape => {
  const places = random.shuffle(portsOf(nodes))
  const islands = portsOf(nodes).map(() => random.below(2 + random.below(2)))
  const open = new Set(portsOf(nodes * nodes).filter(() => random.chance(0.5)))
  const hub = random.below(nodes)
  const apart = (from: Port, to: Port): number => Math.abs(places[from]! - places[to]!)
  const shapes: readonly Shape[] = [
    (from, to) => islands[from] === islands[to],
    (from, to) => islands[from]! <= islands[to]!,
    (from, to) => apart(from, to) <= 1,
    (from, to) => apart(from, to) <= 1 || apart(from, to) === nodes - 1,
    (from, to) => from === hub || to === hub,
    (from, to) => open.has(from * nodes + to),
    () => false,
  ]
  return random.pick(shapes)
}

/** What gateway and client see of it: every node, or some. */
const drawSight = (random: Random, nodes: number): ReadonlySet<Port> =>
  random.chance(0.5) ? new Set(portsOf(nodes)) : new Set(portsOf(nodes).filter(() => random.chance(0.5)))

type Way = { readonly from: Port; readonly to: Port }

/** The ways that a partition closes. */
const drawCuts = (random: Random, nodes: number): readonly Way[] => {
  const shape = drawShape(random, nodes)
  const between = portsOf(nodes).flatMap((from) =>
    portsOf(nodes).flatMap((to) => (from === to || shape(from, to) ? [] : [{ from, to }])),
  )
  const beyond = [gatewayPort, clientPort].flatMap((onlooker) => {
    const seen = drawSight(random, nodes)
    const unseen = portsOf(nodes).filter((node) => !seen.has(node))
    return unseen.flatMap((node) => [
      { from: node, to: onlooker },
      { from: onlooker, to: node },
    ])
  })
  return [...between, ...beyond]
}

/** Now and then each node thinks itself first: all sides claim in the same second. */
const drawOrders = (random: Random, nodes: number): ReadonlyMap<Port, readonly Port[]> => {
  if (random.chance(0.5)) return new Map()
  const all = portsOf(nodes)
  return new Map(all.map((node) => [node, [node, ...all.filter((other) => other !== node)]]))
}

/**
 * The segment falls apart, now and then twice, and heals at once or way by way: islands, chains, rings, one-way glass,
 * with clients and gateway on every side or on one. While it lasts each part has its own holder.
 */
export const partition: Profile = profile("partition", (random) => {
  const nodes = 2 + random.below(6)
  const acts: Act[] = []
  const isFromStart = random.chance(0.3)
  let at = isFromStart ? 0 : settledMs + random.unit() * 500
  for (let left = random.chance(0.3) ? 2 : 1; left > 0; left--) {
    const cuts = drawCuts(random, nodes)
    const lastsMs = (at === 0 ? windowMs : 0) + random.pick([300, 1000, 6000]) * (0.5 + random.unit())
    const healingMs = random.pick([0, 100, 4000])
    for (const way of cuts) {
      acts.push({ at, do: "cut", ...way, segment: 0 })
      acts.push({ at: at + lastsMs + random.unit() * healingMs, do: "mend", ...way, segment: 0 })
    }
    at += lastsMs + healingMs + (left > 1 ? random.unit() * 2000 : 0)
  }
  const healed = Math.max(settledMs, ...acts.map((act) => act.at))
  const after = settled(healed + 3 * windowMs)
  return {
    nodes,
    groups: drawGroups(random, nodes).map((group) => ({ ...group, otherOrders: drawOrders(random, nodes) })),
    viewDelayMs: [20, isFromStart ? 60 : 300],
    endMs: after.endMs,
    acts: [...startAll(random, nodes, isFromStart ? 20 : 300), ...acts],
    laws: [
      ...after.laws,
      movesAtMost(0, { from: healed + 3 * windowMs }, "L9 nothing moves after healing"),
      announcesNothingLost({ from: healed + 3 * windowMs }),
    ],
  }
})
