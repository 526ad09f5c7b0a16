import { type AddressRange, printRange, rangeBetween, rangesOverlap } from "../../net/range.ts"
import type { L2Advertisement } from "../advertisement.ts"
import type { Configuration } from "../cluster.ts"
import type { Labels, PoolName } from "../name.ts"
import { nearestName } from "../nearest.ts"
import type { Pool, PoolRestriction } from "../pool.ts"
import type { Problem } from "../problem.ts"
import { anySelects } from "../selector.ts"
import type { ReadAdvertisement } from "./advertisement.ts"
import { type Faults, faultsOf } from "./fault.ts"
import type { PoolEntry, ReadPool, ReadRestriction } from "./pool.ts"

export type ReadConfiguration = {
  /** By `namespace/name`, as advertisements are: problems name objects so. */
  readonly pools: ReadonlyMap<string, ReadPool>
  /** Gone, but the ledger still gives addresses of theirs. */
  readonly retired: ReadonlyMap<PoolName, ReadPool>
  readonly advertisements: ReadonlyMap<string, ReadAdvertisement>
  /** Pool names in advertisements of which nothing is in force, since they cannot be read; by `namespace/name`. */
  readonly unread: ReadonlyMap<string, readonly string[]>
  /** Labels of each namespace. */
  readonly namespaces: ReadonlyMap<string, Labels>
}

/**
 * Pools and advertisements seen together. Where two pools overlap the younger one's entry is left out (by creation,
 * then name): the other may have given addresses from it. All else of both works.
 */
export const assembleConfiguration = (
  read: ReadConfiguration,
): { readonly configuration: Configuration; readonly problems: readonly Problem[] } => {
  const problems: Problem[] = []
  const byAge = [...read.pools].sort(
    ([, a], [, b]) => compareText(a.createdAt, b.createdAt) || compareText(a.name, b.name),
  )
  const taken = createTaken()
  const pools = byAge.map(([key, pool]) => disjointPool(key, pool, taken, read.namespaces, problems))
  pools.sort((a, b) => compareText(a.name, b.name))
  const byName = new Map(pools.map((pool) => [pool.name, pool]))
  const retired = new Map([...read.retired].map(([name, pool]) => [name, retiredPool(pool, read.namespaces)]))
  const advertisements = [...read.advertisements]
    .map(([key, advertisement]) => attach(key, advertisement, byName, retired, problems))
    .sort((a, b) => compareText(a.name, b.name))
  for (const [key, names] of read.unread) {
    const faults = faultsOf("L2Advertisement", key)
    for (const name of names) if (!byName.has(name as PoolName)) noteNoPool(name, byName, faults)
    problems.push(...faults.problems)
  }
  return { configuration: { pools: byName, retired, advertisements }, problems }
}

export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

type Taken = {
  readonly claim: (
    pool: PoolName,
    entry: PoolEntry,
  ) => { readonly pool: PoolName; readonly entry: PoolEntry } | undefined
}

/** Ranges in order of their first address, disjoint, so that only two neighbours can overlap a new one. */
const createTaken = (): Taken => {
  const lists = { 4: [] as { pool: PoolName; entry: PoolEntry }[], 6: [] as { pool: PoolName; entry: PoolEntry }[] }
  return {
    claim: (pool, entry) => {
      const list = lists[entry.range.family]
      const at = firstAbove(list, entry.range)
      const other = [list[at - 1], list[at]].find(
        (near) => near !== undefined && rangesOverlap(near.entry.range, entry.range),
      )
      if (other === undefined) list.splice(at, 0, { pool, entry })
      return other
    },
  }
}

const firstAbove = (list: readonly { readonly entry: PoolEntry }[], range: AddressRange): number => {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (list[middle]!.entry.range.first > range.first) high = middle
    else low = middle + 1
  }
  return low
}

const disjointPool = (
  key: string,
  pool: ReadPool,
  taken: Taken,
  namespaces: ReadConfiguration["namespaces"],
  problems: Problem[],
): Pool => {
  const faults = faultsOf("IPAddressPool", key)
  const ranges: AddressRange[] = []
  for (const entry of pool.entries) {
    const other = taken.claim(pool.name, entry)
    if (other === undefined) ranges.push(entry.range)
    else {
      const whose =
        other.pool === pool.name ? `its own ${other.entry.text}` : `${other.entry.text} of the older pool ${other.pool}`
      faults.add(
        entry.field,
        entry.text,
        "part-left-out",
        `it overlaps ${whose}`,
        `take ${printRange(overlapOf(entry.range, other.entry.range))} out of one of them`,
      )
    }
  }
  problems.push(...faults.problems)
  const lost = ranges.length < pool.entries.length
  const { entries: _, onlyFor, ...rest } = pool
  return {
    ...rest,
    ranges,
    fault: pool.fault === "none" && lost ? "addresses" : pool.fault,
    onlyFor: onlyFor === undefined ? undefined : resolve(onlyFor, namespaces),
  }
}

/** Its ranges may meet those of a pool that took its place: nobody looks for an address in them. */
const retiredPool = (pool: ReadPool, namespaces: ReadConfiguration["namespaces"]): Pool => {
  const { entries, onlyFor, ...rest } = pool
  return {
    ...rest,
    ranges: entries.map(({ range }) => range),
    onlyFor: onlyFor === undefined ? undefined : resolve(onlyFor, namespaces),
  }
}

/** What two ranges that overlap have in common. */
const overlapOf = (a: AddressRange, b: AddressRange): AddressRange =>
  rangeBetween(a.first > b.first ? a.first : b.first, a.last < b.last ? a.last : b.last) ?? a

const resolve = (read: ReadRestriction, namespaces: ReadConfiguration["namespaces"]): PoolRestriction => {
  const rest = { priority: read.priority, services: read.services }
  if (read.namespaces.length === 0 && read.namespaceSelectors.length === 0) return { ...rest, namespaces: undefined }
  const names = new Set(read.namespaces)
  for (const [name, labels] of namespaces) if (anySelects(read.namespaceSelectors, labels)) names.add(name)
  return { ...rest, namespaces: names }
}

const noteNoPool = (name: string, pools: Configuration["pools"], faults: Faults): void => {
  const nearest = nearestName(name, pools.keys())
  faults.add(
    "spec.ipAddressPools",
    name,
    "noted",
    "there is no such pool",
    nearest === undefined ? "create it, or remove the name" : `write ${nearest}, if that is meant`,
  )
}

/** A retired pool stays attached, but a name that only it had is told like any that is no pool's. */
const attach = (
  key: string,
  read: ReadAdvertisement,
  pools: Configuration["pools"],
  retired: Configuration["retired"],
  problems: Problem[],
): L2Advertisement => {
  const { poolNames, poolSelectors, ...rest } = read
  if (poolNames.length === 0 && poolSelectors.length === 0) return { ...rest, pools: "all" }
  const faults = faultsOf("L2Advertisement", key)
  const names = new Set<PoolName>()
  for (const name of poolNames as readonly PoolName[]) {
    if (pools.has(name) || retired.has(name)) names.add(name)
    if (!pools.has(name)) noteNoPool(name, pools, faults)
  }
  for (const pool of [...pools.values(), ...retired.values()])
    if (anySelects(poolSelectors, pool.labels)) names.add(pool.name)
  if (names.size === 0)
    faults.add(
      "spec",
      read.name,
      "noted",
      "it selects no pool, so it announces nothing",
      "name a pool, or remove both lists to mean all pools",
    )
  problems.push(...faults.problems)
  return { ...rest, pools: names }
}
