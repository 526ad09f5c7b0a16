import { type Address, familyOf } from "../net/address.ts"
import type { AddressRange } from "../net/range.ts"
import type { Configuration } from "./cluster.ts"
import type { Pool } from "./pool.ts"

type Place = { readonly range: AddressRange; readonly pool: Pool }
type Index = { readonly 4: readonly Place[]; readonly 6: readonly Place[] }

/** Made once a Configuration, which is never changed. */
const indexes = new WeakMap<Configuration, Index>()

/** The pool that holds an address; pools are disjoint, so there is one at most. */
export const poolAt = (configuration: Configuration, address: Address): Pool | undefined => {
  const places = indexOf(configuration)[familyOf(address)]
  const place = places[below(places, address)]
  return place !== undefined && address <= place.range.last ? place.pool : undefined
}

/** The pool whose range comes nearest to an address of its family: for "did you mean". */
export const nearestPool = (configuration: Configuration, address: Address): Pool | undefined => {
  const places = indexOf(configuration)[familyOf(address)]
  const at = below(places, address)
  const [left, right] = [places[at], places[at + 1]]
  if (left === undefined || right === undefined) return (left ?? right)?.pool
  return distance(address, left.range.last) <= distance(right.range.first, address) ? left.pool : right.pool
}

const distance = (a: Address, b: Address): bigint => BigInt(a) - BigInt(b)

/** Index of the last place that begins at or below the address, or -1. */
const below = (places: readonly Place[], address: Address): number => {
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (places[middle]!.range.first <= address) low = middle + 1
    else high = middle
  }
  return low - 1
}

const indexOf = (configuration: Configuration): Index => {
  const made = indexes.get(configuration)
  if (made !== undefined) return made
  const places: Place[] = []
  for (const pool of configuration.pools.values()) for (const range of pool.ranges) places.push({ range, pool })
  places.sort((a, b) => (a.range.first < b.range.first ? -1 : 1))
  const index = {
    4: places.filter(({ range }) => range.family === 4),
    6: places.filter(({ range }) => range.family === 6),
  }
  indexes.set(configuration, index)
  return index
}
