import type { Act } from "../act.ts"
import type { Weather } from "../lan.ts"
import { clientKnowsHolder, newestGrantWins } from "../laws/outcome.ts"
import type { Law } from "../laws/law.ts"
import { everyMoveHasAReason } from "../laws/moves.ts"
import { oneAnswerer } from "../laws/one-answerer.ts"
import type { Port } from "../packet.ts"
import { createRandom, type Random } from "../random.ts"
import type { Scenario, ScenarioGroup } from "../scenario.ts"

/** A family of stories: the same kind of thing befalls other clusters at other moments. */
export type Profile = {
  readonly name: string
  readonly scenario: (seed: number) => Scenario
  /** A long story takes the time of so many others: it runs once where they run so often. */
  readonly weight: number
}

/** Everybody has started, has its view and has claimed. */
export const settledMs = 2500
/** Default profile: W. */
export const windowMs = 500
export const intervalMs = 100

export type Draft = Partial<Omit<Scenario, "profile" | "seed" | "acts" | "laws">> & {
  readonly acts: readonly Act[]
  readonly laws: readonly Law[]
  readonly endMs: number
}

/** Names a profile; `draft` draws the story from a stream that the seed begins. */
export const profile = (name: string, draft: (random: Random) => Draft, weight = 1): Profile => ({
  name,
  weight,
  scenario: (seed: number): Scenario => {
    const random = createRandom(seed * 7919 + nameHash(name))
    const drawn = draft(random)
    const nodes = drawn.nodes ?? 3
    const scenario: Scenario = {
      segments: 1,
      wire: "values",
      groups: [],
      intervalMs,
      misses: windowMs / intervalMs,
      promiseSeconds: 30,
      gateway: true,
      clientAsksEveryMs: 300,
      clockOffsetsS: [],
      viewDelayMs: [20, 300],
      ...drawn,
      nodes,
      profile: name,
      seed,
    }
    return { ...scenario, acts: [...scenario.acts].sort((a, b) => a.at - b.at) }
  },
})

const nameHash = (name: string): number => {
  let hash = 0
  for (const letter of name) hash = (Math.imul(hash, 31) + letter.charCodeAt(0)) | 0
  return hash >>> 0
}

/** A count of nodes: most stories have three to five, some seven, a few thirty. */
export const drawNodes = (random: Random, least = 3): number => {
  const draw = random.unit()
  if (draw < 0.02) return 30
  if (draw < 0.15) return 7
  return least + random.below(6 - least)
}

export const portsOf = (nodes: number): readonly Port[] => Array.from({ length: nodes }, (_, port) => port)

/** Groups with orders of their own. */
export const drawGroups = (
  random: Random,
  nodes: number,
  count: number = 1 + random.below(4),
): readonly ScenarioGroup[] => Array.from({ length: count }, () => ({ order: random.shuffle(portsOf(nodes)) }))

export const startAll = (random: Random, nodes: number, withinMs = 300): readonly Act[] =>
  portsOf(nodes).map((node) => ({ at: random.unit() * withinMs, do: "start", node }))

export const badWeather = (random: Random, lossMax: number): Weather => ({
  loss: random.unit() * lossMax,
  delayMs: [0.2, random.pick([1, 5, 30, 60])],
  duplicates: random.pick([0, 0.05, 0.2]),
})

/** What holds after every story, once all is repaired: L1, L8, L11 and a reason for each move. */
export const settled = (from: number, forMs = 7000): { readonly laws: readonly Law[]; readonly endMs: number } => ({
  laws: [oneAnswerer({ from }), newestGrantWins, clientKnowsHolder, everyMoveHasAReason],
  endMs: from + forMs,
})
