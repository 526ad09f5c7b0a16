import type { Address, Family } from "../../net/address.ts"
import type { AddressRange } from "../../net/range.ts"
import type { Pool } from "../../cluster/pool.ts"
import type { AllocationReason } from "./allocation.ts"
import { nextAddress } from "./address-runs.ts"
import { isBuggy } from "./eligibility.ts"
import type { Occupancy } from "./occupancy.ts"
import { isResting, type Surroundings } from "./surroundings.ts"

export type Search = {
  readonly around: Surroundings
  readonly occupancy: Occupancy
  readonly wallSeconds: number
}

/**
 * The lowest address of a pool that nobody has, ranges in the pool's order. Addresses of others (`reserved`) and those
 * a stranger answers for are passed over and told; a resting one is taken only where there is no other.
 */
export const lowestFree = (
  search: Search,
  pool: Pool,
  family: Family,
): { readonly address: Address | undefined; readonly passedOver: readonly AllocationReason[] } => {
  for (const mayRest of [false, true]) {
    const passedOver: AllocationReason[] = []
    for (const range of pool.ranges) {
      if (range.family !== family) continue
      const address = lowestInRange(search, pool, range, mayRest, passedOver)
      if (address !== undefined) return { address, passedOver }
    }
    if (mayRest) return { address: undefined, passedOver }
  }
  return { address: undefined, passedOver: [] }
}

/** Each turn of the loop leaves a whole run of used or reserved addresses behind, or one odd address. */
const lowestInRange = (
  { around, occupancy, wallSeconds }: Search,
  pool: Pool,
  range: AddressRange,
  mayRest: boolean,
  passedOver: AllocationReason[],
): Address | undefined => {
  const used = occupancy.used(range.family)
  const reserved = around.reserved[range.family]
  let next = 0
  for (let at: Address = range.first; at <= range.last;) {
    while (next < reserved.length && reserved[next]!.range.last < at) next++
    const end = used.endOfRun(at)
    const nearest = reserved[next]
    const by = nearest !== undefined && nearest.range.first <= at ? nearest : undefined
    const contest = around.contested.get(at)
    if (end !== undefined) at = nextAddress(end)
    else if (by !== undefined) {
      passedOver.push({ code: "reserved", address: at, by })
      at = nextAddress(by.range.last)
    } else if (contest !== undefined) {
      passedOver.push({ code: "contested", address: at, ...contest })
      at = nextAddress(at)
    } else if ((pool.avoidsBuggyAddresses && isBuggy(at)) || (!mayRest && isResting(around, at, wallSeconds)))
      at = nextAddress(at)
    else return at
  }
  return undefined
}
