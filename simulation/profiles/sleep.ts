import type { Act } from "../act.ts"
import { announcesNothingLost, noStaleFrame } from "../laws/frames.ts"
import { movesAtMost } from "../laws/moves.ts"
import { overlapAtMost, sameAnswerers } from "../laws/one-answerer.ts"
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

/** A holder, now and then a new one, does not run for a while, and its clock shows it: L4. */
export const wake: Profile = profile("wake", (random) => {
  const nodes = drawNodes(random, 2)
  const at = settledMs + random.unit() * 1000
  const forMs = random.pick([450, 700, 1000, 4000, 10_000]) + random.unit() * 500
  const after = settled(at + forMs + 3 * windowMs)
  const isYoung = random.chance(0.4)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      ...(isYoung ? [{ at: at - 30, do: "give", group: 0, to: random.below(nodes) } as const] : []),
      { at, do: "freeze", node: "holder", forMs, seen: true, buffer: random.pick([3, 20, 1000]) },
    ],
    laws: [
      ...after.laws,
      noStaleFrame(2, { from: 0 }),
      overlapAtMost(1.1, { from: at }),
      movesAtMost(1, { from: at }, "L9 one move"),
      ...(forMs > 700 ? [sameAnswerers(at + forMs - 1, "L9 the sleeper takes nothing back")] : []),
    ],
  }
})

/** A pause that no clock shows: the sleeper answers until it hears of the new holder. */
export const unseenPause: Profile = profile("unseen-pause", (random) => {
  const nodes = drawNodes(random, 2)
  const at = settledMs + random.unit() * 500
  const forMs = 400 + random.unit() * 5000
  const after = settled(at + forMs + 3 * windowMs)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      { at, do: "freeze", node: "holder", forMs, seen: false, buffer: random.pick([3, 1000]) },
    ],
    laws: [
      ...after.laws,
      overlapAtMost(intervalMs + 2, { from: settledMs }),
      noStaleFrame(2, { from: at + forMs + intervalMs + 2 }),
      movesAtMost(1, { from: 0 }, "L9 one move"),
    ],
  }
})

/** Stalls of up to W - I, one node after the other: L3. */
export const stalls: Profile = profile("stalls", (random) => {
  const nodes = drawNodes(random, 2)
  const acts = Array.from({ length: 12 }, (_, i): Act => ({
    at: settledMs + i * 1000 + random.unit() * 100,
    do: "freeze",
    node: random.below(nodes),
    forMs: random.unit() * (windowMs - intervalMs - 5),
    seen: random.chance(0.7),
    buffer: 1000,
  }))
  const after = settled(settledMs + 12 * 1000 + 3 * windowMs, 2000)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    endMs: after.endMs,
    acts: [...startAll(random, nodes), ...acts],
    laws: [...after.laws, movesAtMost(0, { from: 0 })],
  }
})

/** Everybody else forgets while the holder sleeps: it must not come back with the higher epoch. */
export const amnesia: Profile = profile("amnesia", (random) => {
  const nodes = drawNodes(random, 2)
  const groups = drawGroups(random, nodes, 1)
  const moves = Array.from({ length: 3 }, (_, i): Act => ({
    at: settledMs + i * 200,
    do: "give",
    group: 0,
    to: random.below(nodes),
  }))
  const at = settledMs + 1000
  const restarts = portsOf(nodes).flatMap((node): Act[] => [
    { at: at + 10, do: "crash-unless-holder", node },
    { at: at + 4000 + random.unit() * 50, do: "start", node },
  ])
  const wakes = at + 9000
  const after = settled(wakes + 3 * windowMs)
  return {
    nodes,
    groups,
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes),
      ...moves,
      { at, do: "freeze", node: "holder", forMs: wakes - at, seen: true, buffer: 20 },
      ...restarts,
    ],
    laws: [
      ...after.laws,
      sameAnswerers(wakes - 1, "L9 the sleeper takes nothing back"),
      noStaleFrame(2, { from: wakes }),
    ],
  }
})

/** All but the holder crash; it is cut off, the others return and take what nobody answers; then it is back: R10, L10. */
export const survivor: Profile = profile("survivor", (random) => {
  const nodes = 3 + random.below(3)
  const at = 1300 + random.unit() * 300
  const healed = at + 2800 + random.unit() * 1500
  const after = settled(healed + 3 * windowMs)
  return {
    nodes,
    groups: drawGroups(random, nodes, 1),
    clientAsksEveryMs: 50,
    endMs: after.endMs,
    acts: [
      ...startAll(random, nodes, 1),
      ...portsOf(nodes).map((node): Act => ({ at, do: "crash-unless-holder", node })),
      { at: at + 800, do: "unplug", node: "holder", segment: 0 },
      ...portsOf(nodes).map((node): Act => ({ at: at + 900, do: "start", node })),
      { at: healed, do: "plug", node: "holder", segment: 0 },
    ],
    laws: [...after.laws, announcesNothingLost({ from: healed }), movesAtMost(0, { from: healed })],
  }
})
