import { type Address, type Family, familyOf } from "../../net/address.ts"
import type { Pool } from "../../cluster/pool.ts"
import { nearestPool, poolAt } from "../../cluster/pool-at.ts"
import type { Service } from "../../cluster/service.ts"
import type { Allocation, AllocationReason, Loss } from "./allocation.ts"
import { isBuggy, restriction } from "./eligibility.ts"
import type { Search } from "./lowest-free.ts"
import { asNonEmpty } from "./occupancy.ts"
import type { Request } from "./request.ts"
import { heldBy, homeOf, reservationAt, type Surroundings } from "./surroundings.ts"
import { sharingTerms } from "./sharing.ts"

/** What a Service has as it stands: addresses of its families, one each, and what it may not keep of them. */
export type Standing = {
  readonly request: Request
  readonly held: readonly Address[]
  readonly lost: Loss | undefined
  /** It shares under the terms the ledger knows, so that in a conflict another gave the cause. */
  readonly byTerms: boolean
}

export const standingOf = (around: Surroundings, request: Request): Standing => {
  const { service, families } = request
  const { addresses, disowned } = heldBy(around, service)
  const held = families.wanted.flatMap((family) => preferReported(addresses, family, service) ?? [])
  const byTerms = standsByTerms(around, service, held)
  const other = addresses.length === held.length ? nothing : addresses.filter((address) => !held.includes(address))
  if (disowned.length + other.length === 0) return { request, held, lost: undefined, byTerms }
  const reasons: AllocationReason[] = [
    ...disowned.map((address) => ({ code: "not-in-ledger" as const, address })),
    ...other.map((address) => ({ code: "family-changed" as const, address })),
  ]
  return { request, held, lost: lossOf([...disowned, ...other], reasons), byTerms }
}

const preferReported = (addresses: readonly Address[], family: Family, { reported }: Service): Address | undefined => {
  if (addresses.length === 1) return familyOf(addresses[0]!) === family ? addresses[0] : undefined
  const of = addresses.filter((address) => familyOf(address) === family)
  return of.find((address) => reported.includes(address)) ?? of[0]
}

const standsByTerms = (around: Surroundings, service: Service, held: readonly Address[]): boolean =>
  held.every((address) => {
    const owner = around.ledger.entries.get(address)?.owners.find((owner) => owner.service === service.name)
    return owner === undefined || owner.terms === sharingTerms(service)
  })

export const lossOf = (addresses: readonly Address[], because: readonly AllocationReason[]): Loss | undefined => {
  const [some, why] = [asNonEmpty(addresses), asNonEmpty(because)]
  return some === undefined || why === undefined ? undefined : { addresses: some, because: why }
}

/** Both losses as one. */
export const joinLosses = (a: Loss | undefined, b: Loss | undefined): Loss | undefined =>
  a === undefined || b === undefined ? (a ?? b) : lossOf([...a.addresses, ...b.addresses], [...a.because, ...b.because])

/** Keeps what a Service has, if each of MetalLB's conditions still holds; else says all that do not. */
export const keep = (
  { around, occupancy }: Search,
  { request, held, lost }: Standing,
): { readonly kept: Allocation & { readonly kind: "kept" } } | { readonly reasons: readonly AllocationReason[] } => {
  const addresses = asNonEmpty(held)
  const homes = held.map((address) => homeOf(around, request.service, address))
  const reasons: AllocationReason[] = []
  for (const [index, address] of held.entries()) {
    const reason = placeReason(around, request.service, address, homes[index])
    if (reason !== undefined) reasons.push(reason)
  }
  if (held.length > 1) reasons.push(...differentPools(held, homes))
  if (request.wish.kind !== "any") reasons.push(...wishReasons(request, held, homes[0]))
  for (const address of held) reasons.push(...occupancy.refusals(request.service, address))
  const pool = homes[0]
  if (reasons.length > 0 || addresses === undefined || pool === undefined) return { reasons }
  const passedOver = request.misunderstood === undefined ? nothing : [request.misunderstood]
  const giving = givingOf(around, addresses[0])
  return { kept: { kind: "kept", addresses, pool: pool.name, added: nothing, giving, passedOver, lost } }
}

/** Why and when an address was given to who has it. */
export const givingOf = ({ ledger }: Surroundings, address: Address): (Allocation & { kind: "kept" })["giving"] => {
  const entry = ledger.entries.get(address)
  return entry?.state === "given" && entry.by !== undefined ? { by: entry.by, since: entry.since } : undefined
}

const nothing: readonly never[] = []

const placeReason = (
  around: Surroundings,
  service: Service,
  address: Address,
  home: Pool | undefined,
): AllocationReason | undefined => {
  if (home === undefined)
    return { code: "outside-every-pool", address, nearest: nearestPool(around.configuration, address)?.name }
  if (home.avoidsBuggyAddresses && isBuggy(address)) return { code: "buggy-address", address, pool: home.name }
  return home.fault === "rules" ? undefined : restriction(home, service)
}

const differentPools = (
  held: readonly Address[],
  homes: readonly (Pool | undefined)[],
): readonly AllocationReason[] => {
  const names = asNonEmpty([...new Set(homes.flatMap((pool) => pool?.name ?? []))])
  const addresses = asNonEmpty(held)
  return names === undefined || addresses === undefined || names.length < 2
    ? []
    : [{ code: "of-two-pools", addresses, pools: names }]
}

const wishReasons = (
  { wish }: Request,
  held: readonly Address[],
  home: Pool | undefined,
): readonly AllocationReason[] => {
  const reasons: AllocationReason[] = []
  const pool = wish.kind === "any" ? undefined : wish.pool
  if (pool !== undefined && home !== undefined && pool !== home.name)
    for (const address of held) reasons.push({ code: "outside-wished-pool", address, wished: pool, pool: home.name })
  if (wish.kind !== "addresses") return reasons
  const same = held.length === wish.addresses.length && held.every((address) => wish.addresses.includes(address))
  const unwished = held.filter((address) => !wish.addresses.includes(address))
  if (!same)
    for (const address of unwished.length > 0 ? unwished : held) reasons.push({ code: "wish-changed", address })
  return reasons
}

/** Gives the addresses a Service asks for by name: all of them, or none with every reason. */
export const grantWish = (
  { around, occupancy }: Search,
  request: Request & { readonly wish: { readonly kind: "addresses" } },
): { readonly pool: Pool } | { readonly reasons: readonly AllocationReason[] } => {
  const { service, wish } = request
  const pools = wish.addresses.map((address) => poolAt(around.configuration, address))
  const reasons = [
    ...wish.addresses.flatMap((address, index) => wishedPlaceReasons(around, service, address, pools[index])),
    ...differentPools(wish.addresses, pools),
    ...wish.addresses.flatMap((address) => occupancy.refusals(service, address)),
  ]
  const pool = pools[0]
  if (pool !== undefined && wish.pool !== undefined && pool.name !== wish.pool)
    reasons.push({ code: "outside-wished-pool", address: wish.addresses[0], wished: wish.pool, pool: pool.name })
  return reasons.length > 0 || pool === undefined ? { reasons } : { pool }
}

const wishedPlaceReasons = (
  around: Surroundings,
  service: Service,
  address: Address,
  pool: Pool | undefined,
): readonly AllocationReason[] => {
  const reason = placeReason(around, service, address, pool)
  if (pool?.fault === "rules") return [{ code: "pool-unreadable", pool: pool.name }]
  const place = reason === undefined ? [] : [reason]
  const by = reservationAt(around, address)
  return by === undefined ? place : [...place, { code: "reserved", address, by }]
}
