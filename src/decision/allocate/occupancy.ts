import { type Address, compareAddresses, type Family, familyOf, type NonEmpty } from "../../net/address.ts"
import { type AddressRange, rangeHolds } from "../../net/range.ts"
import type { Configuration } from "../../cluster/cluster.ts"
import type { PoolName, ServiceName } from "../../cluster/name.ts"
import type { Pool } from "../../cluster/pool.ts"
import { poolAt } from "../../cluster/pool-at.ts"
import type { Service } from "../../cluster/service.ts"
import type { AllocationReason } from "./allocation.ts"
import { type AddressRuns, createAddressRuns } from "./address-runs.ts"
import { backendOf, sharingKeyOf, sharingRefusals } from "./sharing.ts"

/** Who has which address while Services are gone through, with the indexes that answer "which is the lowest free". */
const nobody: readonly never[] = []

export type Occupancy = {
  readonly occupy: (service: Service, addresses: readonly Address[]) => void
  readonly vacate: (name: ServiceName) => void
  readonly sharersOf: (address: Address) => readonly Service[]
  readonly addressesOf: (name: ServiceName) => readonly Address[]
  /** Why a Service may not have an address beside those who have it: empty where it may. */
  readonly refusals: (service: Service, address: Address) => readonly AllocationReason[]
  readonly used: (family: Family) => AddressRuns
  /** The first address of a pool, in its order, that others have and this Service may share. */
  readonly lowestShared: (service: Service, pool: Pool, family: Family) => Address | undefined
  readonly takenIn: (pool: PoolName, family: Family) => number
}

export const createOccupancy = (configuration: Configuration): Occupancy => {
  const sharers = new Map<Address, Service[]>()
  const addresses = new Map<ServiceName, readonly Address[]>()
  const runs = { 4: createAddressRuns(), 6: createAddressRuns() }
  const taken = new Map<string, number>()
  /** Addresses by what a Service must have in common with those on them. */
  const shareable = new Map<string, Set<Address>>()

  const count = (address: Address, by: number): void => {
    const pool = poolAt(configuration, address)
    if (pool === undefined) return
    const key = `${familyOf(address)} ${pool.name}`
    taken.set(key, (taken.get(key) ?? 0) + by)
  }

  const enter = (service: Service, address: Address): void => {
    const on = sharers.get(address)
    if (on === undefined) {
      sharers.set(address, [service])
      runs[familyOf(address)].add(address)
      count(address, 1)
    } else on.push(service)
    const bond = bondOf(service)
    if (bond !== undefined) shareable.set(bond, (shareable.get(bond) ?? new Set()).add(address))
  }

  const leave = (name: ServiceName, address: Address): void => {
    const on = sharers.get(address) ?? []
    const gone = on.find((service) => service.name === name)
    const rest = on.filter((service) => service !== gone)
    const bond = gone === undefined ? undefined : bondOf(gone)
    if (bond !== undefined && !rest.some((service) => bondOf(service) === bond)) shareable.get(bond)?.delete(address)
    if (rest.length > 0) return void sharers.set(address, rest)
    sharers.delete(address)
    runs[familyOf(address)].remove(address)
    count(address, -1)
  }

  const refusals = (service: Service, address: Address): readonly AllocationReason[] =>
    (sharers.get(address) ?? nobody)
      .filter((other) => other.name !== service.name)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((other) =>
        sharingRefusals(service, other).map((refusal) => ({
          code: "sharing-refused" as const,
          address,
          with: other.name,
          refusal,
        })),
      )

  return {
    refusals,
    used: (family) => runs[family],
    sharersOf: (address) => sharers.get(address) ?? [],
    addressesOf: (name) => addresses.get(name) ?? [],
    takenIn: (pool, family) => taken.get(`${family} ${pool}`) ?? 0,

    occupy: (service, list) => {
      addresses.set(service.name, list)
      for (const address of list) enter(service, address)
    },

    vacate: (name) => {
      for (const address of addresses.get(name) ?? []) leave(name, address)
      addresses.delete(name)
    },

    lowestShared: (service, pool, family) => {
      const bond = bondOf(service)
      let best: Address | undefined
      for (const address of bond === undefined ? [] : (shareable.get(bond) ?? [])) {
        if (familyOf(address) !== family || positionIn(pool, address) < 0) continue
        if (best !== undefined && comparePlaces(pool, address, best) > 0) continue
        if (refusals(service, address).length === 0) best = address
      }
      return best
    },
  }
}

/** Which range of the pool holds an address, -1 for none: pools are gone through range by range. */
export const positionIn = (pool: Pool, address: Address): number =>
  pool.ranges.findIndex((range: AddressRange) => rangeHolds(range, address))

export const comparePlaces = (pool: Pool, a: Address, b: Address): number =>
  positionIn(pool, a) - positionIn(pool, b) || compareAddresses(a, b)

const bonds = new WeakMap<Service, string>()

/** What Services must have in common to share; undefined for those who never do. */
const bondOf = (service: Service): string | undefined => {
  const key = sharingKeyOf(service)
  if (key === undefined) return undefined
  const made = bonds.get(service) ?? JSON.stringify([key, backendOf(service)])
  bonds.set(service, made)
  return made
}

export const asNonEmpty = <T>(list: readonly T[]): NonEmpty<T> | undefined =>
  list.length === 0 ? undefined : (list as NonEmpty<T>)
