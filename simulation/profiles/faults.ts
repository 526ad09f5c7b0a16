import type { Act } from "../act.ts"
import { fairWeather } from "../lan.ts"
import { everyMoveHasAReason } from "../laws/moves.ts"
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

/** One fault of any kind and its repair. */
const fault = (random: Random, nodes: number, at: number, forMs: number, segment: number): readonly Act[] => {
  const [node, to] = random.shuffle(portsOf(nodes)) as [number, number]
  const until = at + forMs
  const kinds: readonly (() => readonly Act[])[] = [
    () => [
      { at, do: "cut", from: node, to, segment },
      { at: until, do: "mend", from: node, to, segment },
    ],
    () => [
      { at, do: "cut", from: node, to, segment },
      { at, do: "cut", from: to, to: node, segment },
      { at: until, do: "mend", from: node, to, segment },
      { at: until, do: "mend", from: to, to: node, segment },
    ],
    () => [
      { at, do: "weather", weather: badWeather(random, 0.3) },
      { at: until, do: "weather", weather: fairWeather },
    ],
    () => [
      { at, do: "crash", node },
      { at: until, do: "start", node },
    ],
    () => [{ at, do: "freeze", node, forMs, seen: true, buffer: random.pick([3, 20, 1000]) }],
    () => [{ at, do: "stop", node, how: "restarting", backAfterMs: forMs }],
    () => [{ at, do: "stop", node, how: "leaving", backAfterMs: forMs }],
    () => [
      { at, do: "api", node, reachable: false },
      { at: until, do: "api", node, reachable: true },
    ],
    () => [
      { at, do: "filter", node, segment, channel: "beat" },
      { at: until, do: "unfilter", node, segment, channel: "beat" },
    ],
  ]
  return random.pick(kinds)()
}

/** Three single faults one after the other: one answerer exactly 3 W after the last. */
export const singleFaults: Profile = profile("single-faults", (random) => {
  const nodes = drawNodes(random)
  let at = settledMs
  const acts: Act[] = []
  for (let i = 0; i < 3; i++) {
    const forMs = 100 + random.unit() * 1500
    acts.push(...fault(random, nodes, at, forMs, 0))
    at += forMs + 4 * windowMs
  }
  const last = at - 4 * windowMs
  const after = settled(last + 300 + windowMs + 3 * windowMs)
  return {
    nodes,
    groups: drawGroups(random, nodes),
    endMs: after.endMs,
    acts: [...startAll(random, nodes), ...acts],
    laws: [...after.laws, overlapAtMost(320, { from: 0 })],
  }
})

/** What else may happen, besides single faults. */
const oddity = (
  random: Random,
  nodes: number,
  groups: number,
  at: number,
  forMs: number,
  segment: number,
): readonly Act[] => {
  const node = random.below(nodes)
  const group = random.below(groups)
  const until = at + forMs
  const order = random.shuffle(portsOf(nodes)).slice(0, 1 + random.below(nodes))
  const kinds: readonly (() => readonly Act[])[] = [
    () => [{ at, do: "freeze", node, forMs, seen: false, buffer: random.pick([3, 20, 1000]) }],
    () => [
      { at, do: "unplug", node, segment },
      { at: until, do: "plug", node, segment },
    ],
    () => [
      { at, do: "deafen", node, segment },
      { at: until, do: "undeafen", node, segment },
    ],
    () => [
      { at, do: "filter", node, segment, channel: "arp" },
      { at: until, do: "unfilter", node, segment, channel: "arp" },
    ],
    () => [{ at, do: "grant", group, order }],
    () => [{ at, do: "order", group, order }],
    () => [
      { at, do: "delete", group },
      { at: until, do: "grant", group, order },
    ],
    () => [
      { at, do: "ready", node, ready: false },
      { at: until, do: "ready", node, ready: true },
    ],
    () => [{ at, do: "give", group, to: node }],
    () => [
      { at, do: "stranger", answers: true },
      { at: until, do: "stranger", answers: false },
    ],
    () =>
      portsOf(nodes).flatMap((port): Act[] => [
        { at, do: "unplug", node: port, segment },
        { at: at + random.unit() * forMs, do: "plug", node: port, segment },
      ]),
    () =>
      portsOf(nodes).flatMap((port): Act[] => [
        { at, do: "crash", node: port },
        { at: at + random.unit() * forMs, do: "start", node: port },
      ]),
  ]
  return random.pick(kinds)()
}

/**
 * Everything at once, repaired in the end, judged when offers and fail-open waits are over. A node that is cut off while
 * it restarts may rightly take what it held, not knowing that another did.
 */
export const anything: Profile = profile("anything-at-once", (random) => {
  const nodes = random.chance(0.02) ? 30 : 2 + random.below(5)
  const segments = random.chance(0.2) ? 2 : 1
  const groups = drawGroups(random, nodes)
  const acts: Act[] = []
  let last = settledMs
  const count = 3 + random.below(12)
  for (let i = 0; i < count; i++) {
    const at = 300 + random.unit() * 8000
    const forMs = random.pick([100, 400, 1000, 4000]) * (0.5 + random.unit())
    const segment = random.below(segments)
    acts.push(
      ...(random.chance(0.5)
        ? fault(random, nodes, at, forMs, segment)
        : oddity(random, nodes, groups.length, at, forMs, segment)),
    )
    last = Math.max(last, at + forMs)
  }
  const repairs = portsOf(nodes).map((node): Act => ({ at: last + 300, do: "start", node }))
  const after = settled(last + 10_000 + 8000, 1000)
  return {
    nodes,
    segments,
    groups,
    viewDelayMs: [20, random.pick([300, 1500])],
    clockOffsetsS: portsOf(nodes).map(() => (random.chance(0.1) ? random.between(-60, 60) : 0)),
    endMs: after.endMs,
    acts: [...startAll(random, nodes), ...acts, ...repairs],
    laws: after.laws.filter((law) => law !== everyMoveHasAReason),
  }
})
