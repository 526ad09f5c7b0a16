import { poolAt } from "../../cluster/pool-at.ts"
import type { ServiceName } from "../../cluster/name.ts"
import { addressesOf } from "../../decision/allocate/ledger-change.ts"
import { isBuggy } from "../../decision/allocate/eligibility.ts"
import { isResting, reservationAt, restSeconds } from "../../decision/allocate/surroundings.ts"
import { type Address, printAddress } from "../../net/address.ts"
import { allocationSentence } from "../../wording/allocation.ts"
import { printAge } from "../age.ts"
import type { Survey } from "../survey/survey.ts"
import { clauseOf, tell } from "../told.ts"
import { explainService, type Reports, type ServiceExplanation } from "./service-explanation.ts"

/** Whose an address is. */
export type AddressExplanation = {
  readonly about: { readonly kind: "Address"; readonly name: string }
  readonly trouble: boolean
  readonly pool: string | undefined
  /** What it is besides, or instead: each with a code. */
  readonly states: readonly AddressState[]
  readonly services: readonly ServiceExplanation[]
  /** Those who answer for it and are none of our speakers. */
  readonly strangers: Reports["strangers"]
}

export type AddressState = {
  readonly code: "given" | "free" | "next" | "resting" | "reserved" | "avoided" | "outside" | "node" | "cluster-address"
  readonly says: string
}

export const explainAddress = (survey: Survey, address: Address): AddressExplanation => {
  const services = ownersOf(survey, address)
  const strangers = (survey.strangers.get(address) ?? []).map((one) => ({ ...one, address: printAddress(one.address) }))
  return {
    about: { kind: "Address", name: printAddress(address) },
    trouble: strangers.length > 0 || services.some((name) => explainService(survey, name).trouble),
    pool: poolAt(survey.settled.cluster.configuration, address)?.name,
    states: [...usesOf(survey, address), ...placeOf(survey, address, services)],
    services: services.map((name) => explainService(survey, name)),
    strangers,
  }
}

const ownersOf = ({ settled }: Survey, address: Address): readonly ServiceName[] =>
  [...settled.decisions.allocations].flatMap(([name, allocation]) =>
    addressesOf(allocation).includes(address) ? [name] : [],
  )

/** What of the cluster itself has the address. */
const usesOf = ({ cluster }: Survey, address: Address): readonly AddressState[] => [
  ...[...cluster.nodes.values()]
    .filter(({ addresses }) => addresses.includes(address))
    .map(({ name }): AddressState => ({ code: "node", says: `the address of node ${name}` })),
  ...[...cluster.services.values()]
    .filter(({ clusterAddresses }) => clusterAddresses.includes(address))
    .map(({ name }): AddressState => ({
      code: "cluster-address",
      says: `the cluster address of ${name}: it exists on nodes and pods only`,
    })),
]

const placeOf = (survey: Survey, address: Address, services: readonly ServiceName[]): readonly AddressState[] => {
  const { around, readAt } = survey
  const pool = poolAt(around.configuration, address)
  const by = reservationAt(around, address)
  const reserved: readonly AddressState[] =
    by === undefined
      ? []
      : [{ code: "reserved", says: clauseOf(allocationSentence({ code: "reserved", address, by })) }]
  if (services.length > 0) return [{ code: "given", says: `given to ${services.join(", ")}` }, ...reserved]
  if (pool === undefined) return [...reserved, { code: "outside", says: `${printAddress(address)} is in no pool` }]
  if (reserved.length > 0) return reserved
  if (pool.avoidsBuggyAddresses && isBuggy(address))
    return [
      {
        code: "avoided",
        says: tell({ code: "buggy-address", address, pool: pool.name } as const, allocationSentence).says,
      },
    ]
  const entry = around.ledger.entries.get(address)
  if (entry?.state === "freed" && isResting(around, address, readAt)) {
    const left = printAge(entry.freedAt + restSeconds - readAt)
    const last = entry.owners.map(({ service }) => service).join(", ")
    return [
      {
        code: "resting",
        says: `free, last given to ${last}; it rests ${left} more, unless somebody asks for it by name`,
      },
    ]
  }
  const next = survey.poolUse(pool.name, typeof address === "number" ? 4 : 6)?.next === address
  return [next ? { code: "next", says: "free, and the next to be given" } : { code: "free", says: "free" }]
}
