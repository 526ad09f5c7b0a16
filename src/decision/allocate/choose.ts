import { type Address, type Family, familyOf, type NonEmpty } from "../../net/address.ts"
import { nearestName } from "../../cluster/nearest.ts"
import type { Pool } from "../../cluster/pool.ts"
import { poolAt } from "../../cluster/pool-at.ts"
import type { Service } from "../../cluster/service.ts"
import type { AllocationReason } from "./allocation.ts"
import { closed, isBuggy, leftOut, passesOf } from "./eligibility.ts"
import { lowestFree, type Search } from "./lowest-free.ts"
import { asNonEmpty, comparePlaces } from "./occupancy.ts"
import { poolFull } from "./pool-use.ts"
import type { Request } from "./request.ts"
import { reservationAt } from "./surroundings.ts"

export type Choice =
  | {
      readonly kind: "chosen"
      readonly addresses: NonEmpty<Address>
      readonly pool: Pool
      readonly former: boolean
      readonly passedOver: readonly AllocationReason[]
    }
  | { readonly kind: "nothing"; readonly reasons: readonly AllocationReason[] }

/**
 * An address nobody named: one the Service had before, else the lowest of the first pool that is free or may be shared.
 * `before`: addresses it would like to have (again), a family each.
 */
export const choose = (search: Search, request: Request, before: readonly Address[]): Choice => {
  const { passes, reasons } = poolsFor(search, request)
  const again = passes
    .flat()
    .find((pool) => before.some((address) => poolAt(search.around.configuration, address) === pool))
  if (again !== undefined) {
    const choice = chooseIn(search, request, [again], before)
    if (choice.kind === "chosen" && choice.addresses.some((address) => before.includes(address)))
      return { ...choice, former: true }
  }
  const failed = [...reasons]
  for (const pass of passes) {
    const choice = chooseIn(search, request, pass, [])
    if (choice.kind === "chosen") return choice
    failed.push(...choice.reasons)
  }
  return { kind: "nothing", reasons: failed.length > 0 ? failed : [{ code: "no-pools" }] }
}

/** Pools that may serve the request, pass by pass, and why the others may not. */
const poolsFor = (
  { around }: Search,
  { service, wish }: Request,
): { readonly passes: readonly (readonly Pool[])[]; readonly reasons: readonly AllocationReason[] } => {
  const { pools } = around.configuration
  if (wish.kind === "pool") {
    const pool = pools.get(wish.pool)
    const reason = pool === undefined ? unknownPool(wish.pool, pools) : closed(pool, service)
    return reason === undefined && pool !== undefined
      ? { passes: [[pool]], reasons: [] }
      : { passes: [], reasons: [reason!] }
  }
  const reasons: AllocationReason[] = []
  const passes = passesOf(around.configuration).map((pass) =>
    pass.filter((pool) => {
      const reason = leftOut(pool, service)
      if (reason !== undefined) reasons.push(reason)
      return reason === undefined
    }),
  )
  return { passes, reasons }
}

const unknownPool = (pool: Pool["name"], pools: ReadonlyMap<Pool["name"], Pool>): AllocationReason => ({
  code: "unknown-pool",
  pool,
  nearest: nearestName(pool, pools.keys()),
})

/** One pass: the first pool with every family wanted; where one will do, the first with the primary, then with the other. */
const chooseIn = (search: Search, request: Request, pools: readonly Pool[], before: readonly Address[]): Choice => {
  const { families } = request
  const reasons: AllocationReason[] = []
  const lone = new Map<Family, Choice & { readonly kind: "chosen" }>()
  for (const pool of pools) {
    const picks = families.wanted.map((family) => pick(search, request.service, pool, family, before))
    const addresses = picks.flatMap((found) => found.address ?? [])
    const failed = picks.flatMap((found) => found.reason ?? [])
    const passedOver = [...reasons, ...failed, ...picks.flatMap((found) => found.passedOver)]
    const [first, ...rest] = addresses
    if (first !== undefined && rest.length + 1 === families.wanted.length)
      return { kind: "chosen", addresses: [first, ...rest], pool, former: false, passedOver }
    if (first !== undefined && !lone.has(familyOf(first)))
      lone.set(familyOf(first), { kind: "chosen", addresses: [first], pool, former: false, passedOver })
    reasons.push(...failed)
  }
  const other: Family = families.primary === 4 ? 6 : 4
  const alone = families.bothNeeded ? undefined : (lone.get(families.primary) ?? lone.get(other))
  return alone ?? { kind: "nothing", reasons }
}

type Pick = {
  readonly address: Address | undefined
  readonly reason: AllocationReason | undefined
  readonly passedOver: readonly AllocationReason[]
}

/** The lowest address of one family in one pool that is free or may be shared, whichever comes first (MetalLB). */
const pick = (search: Search, service: Service, pool: Pool, family: Family, before: readonly Address[]): Pick => {
  const again = before.find((address) => familyOf(address) === family && mayHave(search, service, pool, address))
  if (again !== undefined) return { address: again, reason: undefined, passedOver: [] }
  if (!pool.ranges.some((range) => range.family === family))
    return { address: undefined, reason: { code: "pool-lacks-family", pool: pool.name, family }, passedOver: [] }
  const shared = search.occupancy.lowestShared(service, pool, family)
  const { address: free, passedOver } = lowestFree(search, pool, family)
  if (shared !== undefined && (free === undefined || comparePlaces(pool, shared, free) < 0))
    return { address: shared, reason: undefined, passedOver: [] }
  return { address: free, reason: free === undefined ? poolFull(search, pool, family) : undefined, passedOver }
}

/** Whether a Service may have a given address of a pool without having asked for it by name. */
const mayHave = (search: Search, service: Service, pool: Pool, address: Address): boolean =>
  poolAt(search.around.configuration, address) === pool &&
  !(pool.avoidsBuggyAddresses && isBuggy(address)) &&
  reservationAt(search.around, address) === undefined &&
  !search.around.contested.has(address) &&
  search.occupancy.refusals(service, address).length === 0

/** A missing second address of a Service that has one, from the same pool. */
export const completeFrom = (search: Search, service: Service, pool: Pool, family: Family): Pick =>
  pick(search, service, pool, family, [])

/** Addresses of which a Service was the last owner, the ones freed last first, one a family. */
export const formerOf = ({ around }: Search, service: Service): readonly Address[] => {
  const named = [...(around.ledger.addressesOf.get(service.name) ?? [])]
  const freedAt = (address: Address): number => {
    const entry = around.ledger.entries.get(address)
    return entry?.state === "freed" ? entry.freedAt : Infinity
  }
  const byTime = named.sort((a, b) => (freedAt(a) > freedAt(b) ? -1 : freedAt(a) < freedAt(b) ? 1 : a < b ? -1 : 1))
  return ([4, 6] as const).flatMap((family) => byTime.find((address) => familyOf(address) === family) ?? [])
}

export const reasonsOr = (reasons: readonly AllocationReason[]): NonEmpty<AllocationReason> =>
  asNonEmpty(reasons) ?? [{ code: "no-pools" }]
