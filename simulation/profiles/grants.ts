import type { Act } from "../act.ts"
import { movesAtMost } from "../laws/moves.ts"
import { overlapAtMost } from "../laws/one-answerer.ts"
import { staysDeleted } from "../laws/outcome.ts"
import { drawGroups, drawNodes, portsOf, profile, type Profile, settled, settledMs, startAll } from "./profile.ts"

/** An address is given anew, and up to all but one node do not see it: L8. */
export const regrant: Profile = profile("re-grant", (random) => {
  const nodes = drawNodes(random)
  const at = settledMs + random.unit() * 500
  const order = random.shuffle(portsOf(nodes)).slice(0, 1 + random.below(nodes))
  const blind = random.shuffle(portsOf(nodes).filter((node) => node !== order[0])).slice(0, random.below(nodes))
  const back = at + 6000
  const after = settled(back + 3000)
  return {
    nodes,
    groups: drawGroups(random, nodes, 1),
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      ...blind.map((node): Act => ({ at: at - 1, do: "api", node, reachable: false })),
      { at, do: "grant", group: 0, order },
      ...blind.map((node): Act => ({ at: back, do: "api", node, reachable: true })),
    ],
    laws: [...after.laws, overlapAtMost(1.1, { from: settledMs }), movesAtMost(2, { from: 0 }, "L8 few moves")],
  }
})

/** An address is deleted and watchers see it up to two seconds apart. */
export const deletion: Profile = profile("deletion", (random) => {
  const nodes = drawNodes(random)
  const at = settledMs + random.unit() * 500
  const after = settled(at + 2500, 2000)
  return {
    nodes,
    groups: drawGroups(random, nodes, 2),
    viewDelayMs: [20, 2000],
    endMs: after.endMs,
    acts: [...startAll(random, nodes), { at, do: "delete", group: 0 }],
    laws: [...after.laws, staysDeleted],
  }
})

/** All become not ready within 300 ms (nothing moves), or the holder alone does (it moves without a gap). */
export const unready: Profile = profile("unready", (random) => {
  const nodes = drawNodes(random, 2)
  const at = settledMs + random.unit() * 500
  const isAll = random.chance(0.6)
  const failing = isAll ? portsOf(nodes) : (["holder"] as const)
  const after = settled(at + 6000)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      ...failing.map((node): Act => ({ at: at + random.unit() * 300, do: "ready", node, ready: false })),
    ],
    laws: [
      ...after.laws,
      overlapAtMost(1.1, { from: settledMs }),
      isAll ? movesAtMost(0, { from: 0 }) : movesAtMost(1, { from: 0 }, "L6 one move"),
    ],
  }
})

/** Readiness comes and goes at random for two minutes: L9. */
export const readiness: Profile = profile("readiness", (random) => {
  const nodes = 3
  const ends = settledMs + 120_000
  const acts: Act[] = []
  for (let at = settledMs; at < ends; at += 500 + random.unit() * 3000)
    acts.push({ at, do: "ready", node: random.below(nodes), ready: random.chance(0.5) })
  const after = settled(ends + 6000)
  return {
    nodes,
    groups: drawGroups(random, nodes, 1),
    clientAsksEveryMs: 1000,
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      ...acts,
      ...portsOf(nodes).map((node): Act => ({ at: ends, do: "ready", node, ready: true })),
    ],
    laws: [...after.laws, overlapAtMost(10, { from: 0 }), movesAtMost(5, { from: 0 }, "L9 no ping-pong")],
  }
})

/**
 * A node's only endpoint comes and goes ten times a second for a minute: it is in the order and out of it, now and then the
 * order is empty. Watchers see each change at once. The address may not follow every time.
 */
export const orderFlaps: Profile = profile(
  "order-flaps",
  (random) => {
    const nodes = drawNodes(random, 2)
    const all = random.shuffle(portsOf(nodes))
    const [first, second] = all as [number, number]
    const orders = random.pick<readonly (readonly number[])[]>([
      [[first], [second]],
      [[first, second], [second]],
      [[first], []],
      [all, all.slice(1)],
      [[first], [second], []],
    ])
    const ends = settledMs + 60_000
    const acts = Array.from({ length: 600 }, (_, i): Act => ({
      at: settledMs + i * 100 + random.unit() * 20,
      do: "order",
      group: 0,
      order: orders[i % orders.length]!,
    }))
    const after = settled(ends + 20_000)
    return {
      nodes,
      groups: [{ order: orders[0]! }],
      viewDelayMs: [5, 30],
      clientAsksEveryMs: 1000,
      endMs: after.endMs,
      acts: [...startAll(random, nodes), ...acts, { at: ends, do: "order", group: 0, order: orders[0]! }],
      laws: [...after.laws, overlapAtMost(10, { from: 0 }), movesAtMost(5, { from: 0 }, "L9 no ping-pong")],
    }
  },
  10,
)
