import { type Address, bitsOf, type Family } from "../../net/address.ts"
import { prefixesOfRange } from "../../net/range-prefixes.ts"
import { type AddressRange, rangeSize } from "../../net/range.ts"
import type { Pool } from "../../cluster/pool.ts"
import type { Reservation } from "../../cluster/reservation.ts"
import type { AllocationReason } from "./allocation.ts"
import type { Search } from "./lowest-free.ts"
import { lowestFree } from "./lowest-free.ts"

/** How full one pool is in one family. */
export type PoolUse = {
  /** As MetalLB counts: without .0 and .255 where the pool avoids them, nothing else taken off. */
  readonly capacity: number | bigint
  /** Distinct addresses that Services have. */
  readonly taken: number
  /** Addresses that Network facts give to others, whether or not a Service has one of them. */
  readonly reserved: number | bigint
  /** The address that an unpinned, unshared Service would get. */
  readonly next: Address | undefined
}

export const poolUse = (search: Search, pool: Pool, family: Family): PoolUse => ({
  capacity: capacityOf(pool, family),
  taken: search.occupancy.takenIn(pool.name, family),
  reserved: reservedCount(search.around.reserved[family], pool, family),
  next: lowestFree(search, pool, family).address,
})

export const poolFull = (search: Search, pool: Pool, family: Family): AllocationReason => ({
  code: "pool-full",
  pool: pool.name,
  family,
  capacity: capacityOf(pool, family),
  taken: search.occupancy.takenIn(pool.name, family),
  reserved: reservedCount(search.around.reserved[family], pool, family),
})

/** MetalLB's cap: an IPv6 prefix with 62 or more host bits counts as this many. */
const capacityMax = 9_223_372_036_854_775_807n

/** Pools and lists of reservations are never changed, and a full pool is asked once a waiting Service. */
const capacities = { 4: new WeakMap<Pool, number | bigint>(), 6: new WeakMap<Pool, number | bigint>() }
const reservedCounts = new WeakMap<readonly Reservation[], Map<Pool, number | bigint>>()

/** Usable addresses; a bigint for IPv6. */
export const capacityOf = (pool: Pool, family: Family): number | bigint => {
  const made = capacities[family].get(pool) ?? countCapacity(pool, family)
  capacities[family].set(pool, made)
  return made
}

const reservedCount = (reserved: readonly Reservation[], pool: Pool, family: Family): number | bigint => {
  const known = reservedCounts.get(reserved) ?? new Map<Pool, number | bigint>()
  reservedCounts.set(reserved, known)
  const made = known.get(pool) ?? reservedIn(pool, reserved, family)
  known.set(pool, made)
  return made
}

const countCapacity = (pool: Pool, family: Family): number | bigint => {
  const ranges = pool.ranges.filter((range) => range.family === family)
  if (family === 6) {
    let sum = 0n
    for (const range of ranges) sum += BigInt(rangeSize(range))
    return sum > capacityMax || ranges.some(isHuge) ? capacityMax : sum
  }
  let sum = 0
  for (const range of ranges) sum += Number(rangeSize(range)) - (pool.avoidsBuggyAddresses ? buggyIn(range) : 0)
  return sum
}

const isHuge = (range: AddressRange): boolean =>
  prefixesOfRange(range).some((prefix) => bitsOf(6) - prefix.length >= 62)

/** Addresses ending in .0 or .255 from first to last. */
const buggyIn = ({ first, last }: AddressRange): number => {
  const upTo = (address: number, ending: number): number => Math.floor((address - ending) / 256) + 1
  const [from, to] = [Number(first), Number(last)]
  return upTo(to, 0) - upTo(from - 1, 0) + upTo(to, 255) - upTo(from - 1, 255)
}

/** Size of what reservations cover of a pool; overlapping ones count once. */
const reservedIn = (pool: Pool, reserved: readonly Reservation[], family: Family): number | bigint => {
  let sum: bigint = 0n
  for (const range of pool.ranges) {
    if (range.family !== family) continue
    let from = BigInt(range.first)
    for (const { range: other } of reserved) {
      const first = BigInt(other.first) > from ? BigInt(other.first) : from
      const last = other.last < range.last ? BigInt(other.last) : BigInt(range.last)
      if (first > last) continue
      sum += last - first + 1n
      from = last + 1n
    }
  }
  return family === 4 ? Number(sum) : sum
}
