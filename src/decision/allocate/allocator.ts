import { type Address, familyOf } from "../../net/address.ts"
import type { Cluster, Touched } from "../../cluster/cluster.ts"
import { keepEqual, sameValue } from "../../cluster/equal.ts"
import { namespaceOf, type PoolName, type ServiceName } from "../../cluster/name.ts"
import type { Service } from "../../cluster/service.ts"
import type { Family } from "../../net/address.ts"
import { createChangeFinder } from "../change-finder.ts"
import type { Allocation, Loss } from "./allocation.ts"
import { choose, completeFrom, formerOf, reasonsOr } from "./choose.ts"
import { givingOf, grantWish, joinLosses, keep, lossOf, type Standing, standingOf } from "./keep.ts"
import type { Search } from "./lowest-free.ts"
import { asNonEmpty, createOccupancy } from "./occupancy.ts"
import { type PoolUse, poolUse } from "./pool-use.ts"
import { type Request, requestOf } from "./request.ts"
import { contestsOf, gives, heldBy, surroundingsOf } from "./surroundings.ts"

/** By Service: those of ours, and those that were. A Service of another class has none. Live, like a Cluster's maps. */
export type Allocations = ReadonlyMap<ServiceName, Allocation>

export type Allocated = {
  readonly allocations: Allocations
  /** Whose allocation differs from the one before, or is gone. */
  readonly changed: ReadonlySet<ServiceName>
}

/** Owns the indexes of who has what, so that its work follows the change. Its answers equal `allocate`'s at each look. */
export type Allocator = {
  readonly decide: (cluster: Cluster, touched: Touched, wallSeconds: number) => Allocated
  /** How full a pool is after the last decision. */
  readonly use: (pool: PoolName, family: Family) => PoolUse | undefined
}

/** Who gets which address, from nothing but the snapshot. `wallSeconds` tells how long freed addresses have rested. */
export const allocate = (cluster: Cluster, wallSeconds: number): Allocations =>
  createAllocator().decide(cluster, { kind: "everything" }, wallSeconds).allocations

export const createAllocator = (): Allocator => {
  const allocations = new Map<ServiceName, Allocation>()
  /** Those not simply kept: they are looked at again whenever anything changes, for it may have freed an address. */
  const unsettled = new Set<ServiceName>()
  const finder = createChangeFinder()
  let search: Search | undefined
  let looked: Cluster | undefined

  /** Nothing that speaks of all Services differs: pools, facts, and what strangers answer for. */
  const isAsBefore = (cluster: Cluster): boolean =>
    looked?.configuration === cluster.configuration &&
    looked.reserved === cluster.reserved &&
    sameValue(search?.around.contested, contestsOf(cluster))

  /** The named Services, and all who have or claim an address with one of them, and so on: they are judged together. */
  const withSharers = (cluster: Cluster, { occupancy }: Search, names: ReadonlySet<ServiceName>): Set<ServiceName> => {
    const found = new Set([...names, ...unsettled])
    for (const name of found) {
      const ledgered = cluster.ledger.addressesOf.get(name) ?? []
      for (const address of [
        ...occupancy.addressesOf(name),
        ...ledgered,
        ...(cluster.services.get(name)?.reported ?? []),
      ]) {
        for (const sharer of occupancy.sharersOf(address)) found.add(sharer.name)
        for (const owner of cluster.ledger.entries.get(address)?.owners ?? []) found.add(owner.service)
      }
    }
    return found
  }

  const decide: Allocator["decide"] = (cluster, touched, wallSeconds) => {
    const differing = finder.find(cluster, touched)
    const kept = isAsBefore(cluster) ? search : undefined
    const now: Search =
      kept === undefined
        ? { around: surroundingsOf(cluster), occupancy: createOccupancy(cluster.configuration), wallSeconds }
        : { ...kept, around: { ...kept.around, ledger: cluster.ledger }, wallSeconds }
    search = now
    looked = cluster
    const names =
      kept === undefined || differing === undefined
        ? new Set([...cluster.services.keys(), ...allocations.keys()])
        : withSharers(cluster, now, differing)
    for (const name of names) now.occupancy.vacate(name)
    const fresh = allocateAll(
      now,
      [...names].flatMap((name) => cluster.services.get(name) ?? []),
    )
    const changed = new Set<ServiceName>()
    for (const name of names) {
      const before = allocations.get(name)
      const allocation = fresh.get(name)
      if (allocation === undefined) {
        if (allocations.delete(name)) changed.add(name)
        unsettled.delete(name)
        continue
      }
      const same = keepEqual(before, allocation)
      if (same !== before) changed.add(name)
      allocations.set(name, same)
      if (isSettled(allocation, cluster.services.get(name))) unsettled.delete(name)
      else unsettled.add(name)
    }
    return { allocations, changed }
  }

  const use: Allocator["use"] = (name, family) => {
    const pool = search?.around.configuration.pools.get(name)
    return search === undefined || pool === undefined ? undefined : poolUse(search, pool, family)
  }
  return { decide, use }
}

/** Nothing that happens to others can change it for the better. */
const isSettled = (allocation: Allocation, service: Service | undefined): boolean =>
  allocation.kind === "released" ||
  (allocation.kind === "kept" &&
    allocation.added.length === 0 &&
    allocation.addresses.length === service?.clusterAddresses.length)

/** The canonical order: what stands, then wishes by address, then the rest, each by creation, namespace and name. */
const allocateAll = (search: Search, services: readonly Service[]): ReadonlyMap<ServiceName, Allocation> => {
  const done = new Map<ServiceName, Allocation>()
  const standings: Standing[] = []
  for (const service of services) {
    const standing = standingOrAnswer(search, service)
    if (standing === undefined) continue
    if ("kind" in standing) done.set(service.name, standing)
    else standings.push(standing)
  }
  const settle = (service: Service, allocation: Allocation): void => {
    if (allocation.kind === "kept" || allocation.kind === "given")
      search.occupancy.occupy(service, allocation.addresses)
    done.set(service.name, allocation)
  }
  const losses = keepWhatStands(search, standings, settle)
  const open = standings.filter(({ request }) => isOpen(request, done.get(request.service.name))).sort(byAge)
  for (const { request } of open) {
    const { wish, service, misunderstood } = request
    const lost = losses.get(service.name)
    if (done.has(service.name)) continue
    if (misunderstood !== undefined) settle(service, { kind: "pending", because: [misunderstood], lost })
    else if (wish.kind === "addresses") settle(service, giveWished(search, { ...request, wish }, lost))
  }
  for (const standing of open) {
    const { service } = standing.request
    const have = done.get(service.name)
    if (have === undefined) settle(service, giveChosen(search, standing, losses.get(service.name)))
    else if (have.kind === "kept") done.set(service.name, complete(search, standing, have))
  }
  return done
}

/** Has nothing yet, or one address where it would like two. */
const isOpen = ({ families }: Request, have: Allocation | undefined): boolean =>
  have === undefined || (have.kind === "kept" && have.addresses.length < families.wanted.length)

/** A Service that can be given something, or the answer for one that cannot; undefined for those that are nobody's concern. */
const standingOrAnswer = (search: Search, service: Service): Standing | Allocation | undefined => {
  if (service.exposure.kind === "other-class") return undefined
  if (service.exposure.kind !== "ours") return releaseOf(search, service)
  const request = requestOf(service, service.exposure.wish)
  if ("service" in request) return standingOf(search.around, request)
  const { addresses, disowned } = heldBy(search.around, service)
  return { kind: "pending", because: [request], lost: lossOf([...addresses, ...disowned], [request]) }
}

/** Only what a controller of ours gave: the ledger says so, or the annotation that names the pool. */
const releaseOf = ({ around }: Search, service: Service): Allocation | undefined => {
  const given = [...(around.ledger.addressesOf.get(service.name) ?? [])].filter((address) =>
    gives(around.ledger, service, address),
  )
  if (given.length === 0 && service.reportedPool === undefined) return undefined
  return { kind: "released", lost: asNonEmpty([...new Set([...given, ...service.reported])]) }
}

const byAge = (a: Standing, b: Standing): number => compareAge(a.request.service, b.request.service)

/** Oldest first; of one second, by namespace, then name. */
export const compareAge = (a: Service, b: Service): number => {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? -1 : 1
  const [ours, theirs] = [namespaceOf(a.name), namespaceOf(b.name)]
  if (ours !== theirs) return ours < theirs ? -1 : 1
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

type Settle = (service: Service, allocation: Allocation) => void

/** Those who share under the terms the ledger knows come before those who changed theirs. Answers what others lose. */
const keepWhatStands = (
  search: Search,
  standings: readonly Standing[],
  settle: Settle,
): Map<ServiceName, Loss | undefined> => {
  const losses = new Map<ServiceName, Loss | undefined>()
  const incomplete: Standing[] = []
  for (const standing of inOrderOfRight(standings)) {
    const { request, held, lost } = standing
    if (lost !== undefined) losses.set(request.service.name, lost)
    if (held.length === 0) continue
    const kept = keep(search, standing)
    if ("reasons" in kept) losses.set(request.service.name, joinLosses(lost, lossOf(held, kept.reasons)))
    else if (request.families.bothNeeded && held.length < 2) incomplete.push(standing)
    else settle(request.service, kept.kept)
  }
  for (const standing of incomplete.sort(byAge)) completeOrLose(search, standing, settle, losses)
  return losses
}

/** Order matters only among those who claim one address: sorting all would be half the cost of deciding. */
const inOrderOfRight = (standings: readonly Standing[]): readonly Standing[] => {
  const claims = new Map<Address, number>()
  for (const { held } of standings) for (const address of held) claims.set(address, (claims.get(address) ?? 0) + 1)
  const alone: Standing[] = []
  const sharing: Standing[] = []
  for (const standing of standings)
    (standing.held.every((address) => claims.get(address) === 1) ? alone : sharing).push(standing)
  sharing.sort((a, b) => Number(b.byTerms) - Number(a.byTerms) || byAge(a, b))
  return [...alone, ...sharing]
}

/** RequireDualStack with one address: the other one from the same pool, or both anew. */
const completeOrLose = (
  search: Search,
  standing: Standing,
  settle: Settle,
  losses: Map<ServiceName, Loss | undefined>,
): void => {
  const { request, held, lost } = standing
  const choice = choose(search, request, held)
  if (choice.kind === "chosen" && held.every((address) => choice.addresses.includes(address))) {
    const added = choice.addresses.filter((address) => !held.includes(address))
    const { addresses, pool, passedOver } = choice
    const giving = givingOf(search.around, held[0]!)
    return settle(request.service, { kind: "kept", addresses, pool: pool.name, added, giving, passedOver, lost })
  }
  losses.set(
    request.service.name,
    joinLosses(
      lost,
      lossOf(
        held,
        held.map((address) => ({ code: "family-changed", address })),
      ),
    ),
  )
}

const giveWished = (search: Search, request: Parameters<typeof grantWish>[1], lost: Loss | undefined): Allocation => {
  const wish = grantWish(search, request)
  if ("reasons" in wish) return { kind: "pending", because: reasonsOr(wish.reasons), lost }
  const [first, ...rest] = request.wish.addresses.toSorted((a, b) => familyOf(a) - familyOf(b))
  return { kind: "given", by: "wish", addresses: [first!, ...rest], pool: wish.pool.name, passedOver: [], lost }
}

const giveChosen = (search: Search, { request }: Standing, lost: Loss | undefined): Allocation => {
  const choice = choose(search, request, formerOf(search, request.service))
  if (choice.kind === "nothing") return { kind: "pending", because: reasonsOr(choice.reasons), lost }
  const { addresses, pool, former, passedOver } = choice
  return { kind: "given", by: former ? "former" : "choice", addresses, pool: pool.name, passedOver, lost }
}

/** PreferDualStack with one address of two: the other family from the same pool, if it can be had. */
const complete = (search: Search, { request }: Standing, kept: Allocation & { readonly kind: "kept" }): Allocation => {
  const { service, families } = request
  const pool = search.around.configuration.pools.get(kept.pool)
  const missing = families.wanted.find((family) => !kept.addresses.some((address) => familyOf(address) === family))
  if (missing === undefined || pool === undefined || request.misunderstood !== undefined) return kept
  const { address, reason, passedOver } = completeFrom(search, service, pool, missing)
  if (address === undefined)
    return { ...kept, passedOver: [...kept.passedOver, ...(reason === undefined ? [] : [reason]), ...passedOver] }
  search.occupancy.vacate(service.name)
  const [first, ...rest] = inOrder([...kept.addresses, address])
  search.occupancy.occupy(service, [first!, ...rest])
  return { ...kept, addresses: [first!, ...rest], added: [address], passedOver: [...kept.passedOver, ...passedOver] }
}

/** IPv4 before IPv6, always: the first is the ballot of elections, so it must not change. */
const inOrder = (addresses: readonly Address[]): readonly Address[] =>
  addresses.toSorted((a, b) => familyOf(a) - familyOf(b))
