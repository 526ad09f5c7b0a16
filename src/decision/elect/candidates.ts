import type { Address } from "../../net/address.ts"
import type { L2Advertisement } from "../../cluster/advertisement.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { NodeName } from "../../cluster/name.ts"
import type { Prefix } from "../../net/prefix.ts"
import type { Service } from "../../cluster/service.ts"
import { fitnessOf, isInSubnet, subnetsKey } from "./candidacy.ts"
import type { Candidate } from "./election.ts"
import type { Ranking } from "./ranking.ts"
import type { Voice } from "./voice.ts"

/** Every node's fitness for one set of advertisements, by slot of the ranking: made once a snapshot and set. */
type Field = {
  /** Undefined where barred. */
  readonly scores: readonly (number | undefined)[]
  readonly leaving: ReadonlySet<number>
  /** Slots by the networks they are on. */
  readonly networks: readonly { readonly subnets: readonly Prefix[]; readonly slots: ReadonlySet<number> }[]
  readonly uniform: boolean
}

/** Candidates of one snapshot, best first. */
export type Candidates = {
  /** Nodes that may answer as all voices say. */
  readonly order: (voices: readonly Voice[], ballot: Address) => readonly Candidate[]
}

export const createCandidates = (cluster: Cluster, ranking: Ranking): Candidates => {
  const slots = ranking.slots(cluster.nodes.keys())
  const slotOf = new Map([...cluster.nodes.keys()].map((node, index) => [node, slots[index]!]))
  const fields = new Map<string, Field>()
  const shared = new Map<string, Candidate>()

  const candidateAt = (slot: number, score: number): Candidate => {
    const key = `${slot} ${score}`
    const known = shared.get(key) ?? { node: ranking.nodeAt(slot), score }
    shared.set(key, known)
    return known
  }

  const fieldOf = (advertisements: readonly L2Advertisement[], service: Service): Field => {
    const key = advertisements.map(({ name }) => name).join("\n")
    const known = fields.get(key) ?? makeField(cluster, advertisements, service, slotOf)
    fields.set(key, known)
    return known
  }

  return {
    order: (voices, ballot) => {
      const first = voices[0]
      if (first === undefined) return []
      const field = fieldOf(first.advertisements, first.service)
      const rest = voices.slice(1).map((voice) => fieldOf(voice.advertisements, voice.service))
      const may: number[] = []
      for (const slot of ranking.order(ballot))
        if (
          field.scores[slot] !== undefined &&
          rest.every((other) => other.scores[slot] !== undefined) &&
          isLocal(voices, ranking.nodeAt(slot))
        )
          may.push(slot)
      const staying = may.filter((slot) => !field.leaving.has(slot))
      return sortSlots(field, staying.length > 0 ? staying : may, ballot).map((slot) =>
        candidateAt(slot, field.scores[slot]!),
      )
    },
  }
}

const isLocal = (voices: readonly Voice[], node: NodeName): boolean =>
  voices.every(({ local }) => local === undefined || local.has(node))

/** By score, then by being on the address' network; equals stay in the order of their hashes. */
const sortSlots = (field: Field, slots: readonly number[], ballot: Address): readonly number[] => {
  const near = field.networks.filter(({ subnets }) => isInSubnet(subnets, ballot))
  if (field.uniform && near.length === field.networks.length) return slots
  const far = (slot: number): number => (near.some((network) => network.slots.has(slot)) ? 0 : 1)
  return slots.toSorted((a, b) => field.scores[b]! - field.scores[a]! || far(a) - far(b))
}

const makeField = (
  cluster: Cluster,
  advertisements: readonly L2Advertisement[],
  service: Service,
  slotOf: ReadonlyMap<NodeName, number>,
): Field => {
  const scores: (number | undefined)[] = []
  const leaving = new Set<number>()
  const networks = new Map<string, { subnets: readonly Prefix[]; slots: Set<number> }>()
  for (const [name, node] of cluster.nodes) {
    const fitness = fitnessOf(advertisements, service, node, cluster.speakers.get(name))
    const slot = slotOf.get(name)!
    if (fitness.kind === "barred") continue
    scores[slot] = fitness.score
    if (fitness.leaving) leaving.add(slot)
    const key = subnetsKey(fitness.subnets)
    const network = networks.get(key) ?? { subnets: fitness.subnets, slots: new Set() }
    network.slots.add(slot)
    networks.set(key, network)
  }
  const distinct = new Set(scores.filter((score) => score !== undefined))
  return { scores, leaving, networks: [...networks.values()], uniform: distinct.size < 2 }
}
