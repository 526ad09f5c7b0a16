import type { Address } from "../../net/address.ts"
import type { Prefix } from "../../net/prefix.ts"
import type { L2Advertisement } from "../../cluster/advertisement.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { NodeName } from "../../cluster/name.ts"
import type { Service } from "../../cluster/service.ts"
import { fitnessOf, isInSubnet, subnetsKey } from "./candidacy.ts"

/** Every node's fitness for one set of advertisements, by the ranking's slots. */
export type Field = {
  /** 1 at the slots that may answer. Plain arrays of numbers: they are looked at a million times when a node goes. */
  readonly fit: readonly number[]
  readonly scores: readonly number[]
  readonly leaving: ReadonlySet<number>
  readonly wireless: ReadonlySet<number>
  /** Slots by the networks they are on; most clusters have one entry. */
  readonly networks: readonly { readonly subnets: readonly Prefix[]; readonly slots: ReadonlySet<number> }[]
  /** All scores are equal, nobody leaves and nobody is on Wi-Fi, so that only networks and hashes order. */
  readonly simple: boolean
}

export const fieldFor = (
  cluster: Cluster,
  advertisements: readonly L2Advertisement[],
  service: Service,
  slotOf: ReadonlyMap<NodeName, number>,
): Field => {
  const length = Math.max(-1, ...slotOf.values()) + 1
  const fit = Array.from({ length }, () => 0)
  const scores = Array.from({ length }, () => 0)
  const distinct = new Set<number>()
  const leaving = new Set<number>()
  const wireless = new Set<number>()
  const networks = new Map<string, { subnets: readonly Prefix[]; slots: Set<number> }>()
  for (const [name, node] of cluster.nodes) {
    const fitness = fitnessOf(advertisements, service, node, cluster.speakers.get(name))
    const slot = slotOf.get(name)
    if (fitness.kind === "barred" || slot === undefined) continue
    fit[slot] = 1
    scores[slot] = fitness.score
    distinct.add(fitness.score)
    if (fitness.leaving) leaving.add(slot)
    if (fitness.wireless) wireless.add(slot)
    const key = subnetsKey(fitness.subnets)
    const network = networks.get(key) ?? { subnets: fitness.subnets, slots: new Set() }
    network.slots.add(slot)
    networks.set(key, network)
  }
  const simple = distinct.size < 2 && leaving.size === 0 && wireless.size === 0
  return { fit, scores, leaving, wireless, networks: [...networks.values()], simple }
}

/** Whether hashes alone decide about this address. */
export const isPlain = ({ simple, networks }: Field, ballot: Address): boolean =>
  simple && (networks.length < 2 || new Set(networks.map(({ subnets }) => isInSubnet(subnets, ballot))).size < 2)

/** By score, then by being on the address' network, then by a cable; equals stay as they stood. */
export const sortSlots = (
  { networks, scores, wireless }: Field,
  slots: readonly number[],
  ballot: Address,
): readonly number[] => {
  const near = networks.filter(({ subnets }) => isInSubnet(subnets, ballot))
  const far = (slot: number): number => (near.some((network) => network.slots.has(slot)) ? 0 : 1)
  const radio = (slot: number): number => (wireless.has(slot) ? 1 : 0)
  return slots.toSorted((a, b) => scores[b]! - scores[a]! || far(a) - far(b) || radio(a) - radio(b))
}
