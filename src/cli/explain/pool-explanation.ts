import type { PoolName } from "../../cluster/name.ts"
import type { Pool } from "../../cluster/pool.ts"
import { printSelector } from "../../cluster/selector.ts"
import { addressesOf } from "../../decision/allocate/ledger-change.ts"
import { isResting } from "../../decision/allocate/surroundings.ts"
import { advertisementsOf } from "../../decision/elect/candidacy.ts"
import { type Address, compareAddresses, type Family, printAddress } from "../../net/address.ts"
import { printPrefix } from "../../net/prefix.ts"
import { prefixesOfRange } from "../../net/range-prefixes.ts"
import { type AddressRange, printRange, rangeHolds, rangesOverlap, rangeSize } from "../../net/range.ts"
import { allocationSentence } from "../../wording/allocation.ts"
import type { Survey } from "../survey/survey.ts"
import { tell, type Told } from "../told.ts"
import { type ProblemView, problemsOf } from "./problem-view.ts"

/** Whom a pool is for, who announces it, what it has given and what comes next. */
export type PoolExplanation = {
  readonly about: { readonly kind: "IPAddressPool"; readonly name: string }
  readonly trouble: boolean
  readonly ranges: readonly string[]
  readonly use: readonly FamilyUse[]
  readonly autoAssign: boolean
  readonly avoidsBuggyAddresses: boolean
  readonly onlyFor: PoolRule | undefined
  /** L2Advertisements that speak of it; none: nobody announces its addresses. */
  readonly advertisements: readonly string[]
  readonly given: readonly { readonly address: string; readonly services: readonly string[] }[]
  /** Freed a short while ago: given by name at once, by itself only later. */
  readonly resting: readonly string[]
  /** Addresses in it that network facts give to others. */
  readonly reserved: readonly { readonly addresses: string; readonly reason: Told }[]
  readonly problems: readonly ProblemView[]
}

export type FamilyUse = {
  readonly family: Family
  readonly given: number
  /** As MetalLB counts, never above 2^63 - 1. As text: an IPv6 pool has more than a JSON number holds. */
  readonly capacity: string
  /** The same without that limit. */
  readonly size: string
  readonly reserved: string
  readonly next: string | undefined
}

export type PoolRule = {
  readonly priority: number
  readonly namespaces: readonly string[] | undefined
  readonly services: readonly string[]
}

/** @throws where there is no such pool: `findSubject` answers that. */
export const explainPool = (survey: Survey, name: PoolName): PoolExplanation => {
  const { cluster } = survey.settled
  const pool = cluster.configuration.pools.get(name)
  if (pool === undefined) throw new Error(`there is no pool ${name}`)
  const problems = problemsOf(survey, "IPAddressPool", name)
  const advertisements = advertisementsOf(cluster, pool).map((advertisement) => advertisement.name)
  return {
    about: { kind: "IPAddressPool", name },
    trouble: problems.some(({ effect }) => effect !== "noted") || advertisements.length === 0,
    ranges: pool.ranges.map(rangeText),
    use: familyUses(survey, pool),
    autoAssign: pool.autoAssign,
    avoidsBuggyAddresses: pool.avoidsBuggyAddresses,
    onlyFor: ruleOf(pool),
    advertisements,
    given: givenFrom(survey, pool),
    resting: restingIn(survey, pool),
    reserved: reservedIn(survey, pool),
    problems,
  }
}

export const familyUses = (survey: Survey, pool: Pool): readonly FamilyUse[] =>
  ([4, 6] as const).flatMap((family) => {
    const use = survey.poolUse(pool.name, family)
    if (use === undefined || !pool.ranges.some((range) => range.family === family)) return []
    return [
      {
        family,
        given: use.taken,
        capacity: String(use.capacity),
        size: String(family === 4 ? use.capacity : sizeOf(pool)),
        reserved: String(use.reserved),
        next: use.next === undefined ? undefined : printAddress(use.next),
      },
    ]
  })

/** `10.69.1.150-10.69.1.165`; of IPv6, where first to last is a long way, the prefix if it is one. */
export const rangeText = (range: AddressRange): string => {
  const [prefix, ...others] = range.family === 6 ? prefixesOfRange(range) : []
  return prefix === undefined || others.length > 0 ? printRange(range) : printPrefix(prefix)
}

const sizeOf = ({ ranges }: Pool): bigint =>
  ranges.filter(({ family }) => family === 6).reduce((sum, range) => sum + BigInt(rangeSize(range)), 0n)

const ruleOf = ({ onlyFor }: Pool): PoolRule | undefined =>
  onlyFor && {
    priority: onlyFor.priority,
    namespaces: onlyFor.namespaces === undefined ? undefined : [...onlyFor.namespaces].toSorted(),
    services: onlyFor.services.map(printSelector),
  }

const givenFrom = ({ settled }: Survey, pool: Pool): PoolExplanation["given"] => {
  const owners = new Map<Address, string[]>()
  for (const [name, allocation] of settled.decisions.allocations)
    for (const address of addressesOf(allocation))
      if (pool.ranges.some((range) => rangeHolds(range, address)))
        owners.set(address, [...(owners.get(address) ?? []), name])
  return [...owners]
    .toSorted(([a], [b]) => compareAddresses(a, b))
    .map(([address, services]) => ({ address: printAddress(address), services }))
}

const restingIn = ({ around, readAt }: Survey, pool: Pool): readonly string[] =>
  [...around.ledger.entries.values()]
    .filter(({ address, state }) => state === "freed" && pool.ranges.some((range) => rangeHolds(range, address)))
    .filter(({ address }) => isResting(around, address, readAt))
    .map(({ address }) => printAddress(address))

const reservedIn = ({ around }: Survey, pool: Pool): PoolExplanation["reserved"] =>
  [...around.reserved[4], ...around.reserved[6]]
    .filter(({ range }) => pool.ranges.some((own) => rangesOverlap(own, range)))
    .map((by) => ({
      addresses: printRange(by.range),
      reason: tell({ code: "reserved", address: by.range.first, by } as const, allocationSentence),
    }))
