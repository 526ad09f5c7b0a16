import type { Address } from "../../net/address.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import { keepEqual } from "../../cluster/equal.ts"
import type { NodeName } from "../../cluster/name.ts"
import type { Candidate } from "./election.ts"
import { type Field, fieldFor, isPlain, sortSlots } from "./field.ts"
import type { Ranking } from "./ranking.ts"
import type { Voice } from "./voice.ts"

/** Who may answer, best first. */
export type Candidates = {
  /** Reads nodes, reports and advertisements anew; `order` then speaks of them. Answers whether any order may differ by that. */
  readonly look: (cluster: Cluster) => boolean
  /** Nodes that may answer as all voices say. The same list where nothing it comes from differs. */
  readonly order: (voices: readonly Voice[], ballot: Address) => readonly Candidate[]
  readonly forget: (ballot: Address) => void
}

type Made = { readonly field: Field; readonly ranked: Uint16Array; readonly order: readonly Candidate[] }

export const createCandidates = (ranking: Ranking): Candidates => {
  let cluster: Cluster | undefined
  let slotOf: ReadonlyMap<NodeName, number> = new Map()
  let earlier: ReadonlyMap<string, Field> = new Map()
  /** Whose field it is, to make it anew at the next look. */
  const askers = new Map<string, Voice>()
  let fields = new Map<string, Field>()
  let byList = new Map<Voice["advertisements"], Field>()
  let shared: Candidate[] = []
  const orders = new Map<Address, Made>()

  /** One object a node without preference: a hundred thousand of them are alive. */
  const candidateAt = (slot: number, score: number): Candidate => {
    const known = shared[slot]
    if (known?.score === score && known.node === ranking.nodeAt(slot)) return known
    return (shared[slot] = { node: ranking.nodeAt(slot), score })
  }

  const fieldOf = (voice: Voice): Field => {
    const { advertisements, service } = voice
    const quick = byList.get(advertisements)
    if (quick !== undefined) return quick
    const key = keyOf(advertisements)
    const made = fields.get(key) ?? keepEqual(earlier.get(key), fieldFor(cluster!, advertisements, service, slotOf))
    fields.set(key, made)
    askers.set(key, voice)
    byList.set(advertisements, made)
    return made
  }

  const orderOf = (
    field: Field,
    ranked: Uint16Array,
    may: (slot: number) => boolean,
    ballot: Address,
    isEnding: ((slot: number) => boolean) | undefined,
  ): readonly Candidate[] => {
    const slots: number[] = []
    for (const slot of ranked) if (may(slot)) slots.push(slot)
    const lasting = isEnding === undefined ? slots : without(slots, isEnding)
    const left = field.leaving.size === 0 ? lasting : without(lasting, (slot) => field.leaving.has(slot))
    const sorted = isPlain(field, ballot) ? left : sortSlots(field, left, ballot)
    return sorted.map((slot) => candidateAt(slot, field.scores[slot]!))
  }

  return {
    look: (now) => {
      const sameAdvertisements = cluster?.configuration === now.configuration
      cluster = now
      const slots = ranking.slots(now.nodes.keys())
      slotOf = new Map([...now.nodes.keys()].map((node, index) => [node, slots[index]!]))
      earlier = fields
      fields = new Map()
      byList = new Map()
      if (shared.length > slots.length * 2) shared = []
      const voices = sameAdvertisements ? [...askers.values()] : []
      askers.clear()
      const before = earlier
      return !sameAdvertisements || voices.some((voice) => fieldOf(voice) !== before.get(keyOf(voice.advertisements)))
    },

    forget: (ballot) => {
      orders.delete(ballot)
      ranking.forget(ballot)
    },

    order: (voices, ballot) => {
      const [first, ...rest] = voices
      if (first === undefined) return []
      const field = fieldOf(first)
      const ranked = ranking.order(ballot)
      if (rest.length === 0 && first.local === undefined) {
        const made = orders.get(ballot)
        if (made !== undefined && made.field === field && made.ranked === ranked) return made.order
        const order = orderOf(field, ranked, (slot) => field.fit[slot] === 1, ballot, undefined)
        orders.set(ballot, { field, ranked, order })
        return order
      }
      const all = [field, ...rest.map(fieldOf)]
      const locals = voices.flatMap(({ local }) => local ?? [])
      const may = (slot: number): boolean =>
        all.every(({ fit }) => fit[slot] === 1) && locals.every(({ serving }) => serving.has(ranking.nodeAt(slot)))
      const isEnding = (slot: number): boolean =>
        locals.some(({ terminating }) => terminating.has(ranking.nodeAt(slot)))
      return orderOf(field, ranked, may, ballot, isEnding)
    },
  }
}

/** A node that is to be left answers only where nobody else can: so the address is handed over while it still serves. */
const without = (slots: readonly number[], isGoing: (slot: number) => boolean): readonly number[] => {
  const staying = slots.filter((slot) => !isGoing(slot))
  return staying.length > 0 ? staying : slots
}

const keyOf = (advertisements: Voice["advertisements"]): string => advertisements.map(({ name }) => name).join("\n")
