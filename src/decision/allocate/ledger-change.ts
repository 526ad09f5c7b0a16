import { type Address, compareAddresses } from "../../net/address.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import {
  type AddressLedger,
  type GivenBy,
  type LedgerEntry,
  type LedgerOwner,
  ledgerNameFor,
} from "../../cluster/ledger.ts"
import type { PoolName, ServiceName } from "../../cluster/name.ts"
import type { Service } from "../../cluster/service.ts"
import type { Allocation } from "./allocation.ts"
import type { Allocations } from "./allocator.ts"
import { asNonEmpty } from "./occupancy.ts"
import { sharingTerms } from "./sharing.ts"
import { sameUid } from "./surroundings.ts"

/** A freed address keeps its last owners for so long. */
export const rememberSeconds: number = 30 * 86_400
/** Grants begin at the clock and rise by one a giving: what a speaker reports beyond this is none of ours. */
const aheadSecondsMax = 365 * 86_400

/** An AddressLedger as it is to be: created where `resourceVersion` is undefined, else replaced under that version. */
export type LedgerWrite = Pick<AddressLedger, "name" | "pool" | "grantFloor" | "entries"> & {
  readonly resourceVersion: string | undefined
}

/** One address whose entry must change; `entry` undefined: forgotten. */
export type LedgerChange = {
  readonly address: Address
  readonly before: LedgerEntry | undefined
  readonly entry: LedgerEntry | undefined
  /** Owners that lose it by this. */
  readonly loses: readonly LedgerOwner[]
}

/**
 * What the ledger must say so that it agrees with the allocations of these Services (undefined: of all, and what has
 * been remembered long enough is forgotten). A grant rises where an address passes to Services of which none had it,
 * above every other: the new owner's address may have been answered for under the higher grant of one it was shared
 * with. Joining or leaving a share raises nothing, but for what speakers already answer under: a lower grant than that,
 * after a share was parted or etcd restored, is one that nobody else would ever claim. What is adopted while speakers
 * answer for it lost its ledger, not its owner: it keeps the grant they answer under, so nothing moves.
 */
export const ledgerChanges = (
  cluster: Cluster,
  allocations: Allocations,
  wallSeconds: number,
  names: ReadonlySet<ServiceName> | undefined,
): readonly LedgerChange[] => {
  const changes: LedgerChange[] = []
  let highest: number | undefined
  const newGrant = (address: Address, floor: number): number =>
    Math.max((highest ??= highestGrant(cluster)), floor, reportedGrant(cluster, address, wallSeconds)) + 1
  for (const [address, having] of concerned(cluster, allocations, names)) {
    const before = cluster.ledger.entries.get(address)
    const owners = ownersOf(cluster, allocations, address, before, having)
    const entry = nextEntry({ cluster, allocations, wallSeconds, newGrant }, before, address, owners)
    if (entry === before) continue
    const loses =
      before?.state === "given" ? before.owners.filter((owner) => !owners.some((other) => isSame(owner, other))) : []
    changes.push({ address, before, entry, loses })
  }
  return changes
}

/** Addresses to look at, each with the named Services that have it now. */
const concerned = (
  cluster: Cluster,
  allocations: Allocations,
  names: ReadonlySet<ServiceName> | undefined,
): ReadonlyMap<Address, readonly ServiceName[]> => {
  const found = new Map<Address, ServiceName[]>()
  const at = (address: Address): ServiceName[] => {
    const list = found.get(address) ?? []
    found.set(address, list)
    return list
  }
  if (names === undefined) for (const address of cluster.ledger.entries.keys()) at(address)
  for (const name of names ?? allocations.keys()) {
    for (const address of cluster.ledger.addressesOf.get(name) ?? []) at(address)
    for (const address of addressesOf(allocations.get(name))) at(address).push(name)
  }
  return found
}

export const addressesOf = (allocation: Allocation | undefined): readonly Address[] =>
  allocation?.kind === "kept" || allocation?.kind === "given" ? allocation.addresses : []

/** Who has the address now: those recorded who still do, and those of `having`; in order of names. */
const ownersOf = (
  cluster: Cluster,
  allocations: Allocations,
  address: Address,
  before: LedgerEntry | undefined,
  having: readonly ServiceName[],
): readonly LedgerOwner[] => {
  const names = new Set(having)
  for (const { service } of before?.owners ?? [])
    if (addressesOf(allocations.get(service)).includes(address)) names.add(service)
  return [...names].sort().flatMap((name) => {
    const service = cluster.services.get(name)
    return service === undefined ? [] : [ownerOf(service, before)]
  })
}

/** A uid that is not known (a file) does not replace one that is. */
const ownerOf = (service: Service, before: LedgerEntry | undefined): LedgerOwner => {
  const known = before?.owners.find((owner) => owner.service === service.name)?.uid ?? ""
  return { service: service.name, uid: service.uid === "" ? known : service.uid, terms: sharingTerms(service) }
}

const isSame = (a: LedgerOwner, b: LedgerOwner): boolean => a.service === b.service && sameUid(a.uid, b.uid)

type Round = {
  readonly cluster: Cluster
  readonly allocations: Allocations
  readonly wallSeconds: number
  readonly newGrant: (address: Address, floor: number) => number
}

const nextEntry = (
  { cluster, allocations, wallSeconds, newGrant }: Round,
  before: LedgerEntry | undefined,
  address: Address,
  list: readonly LedgerOwner[],
): LedgerEntry | undefined => {
  const owners = asNonEmpty(list)
  if (owners === undefined) return nextFreed(before, wallSeconds)
  const carriedOn =
    before?.state === "given" && before.owners.some((owner) => owners.some((other) => isSame(owner, other)))
  if (carriedOn) {
    const grant = answeredGrant(cluster, before, wallSeconds)
    if (grant === before.grant && sameOwners(before.owners, owners)) return before
    return { ...before, grant, owners, by: sameNames(before.owners, owners) ? before.by : undefined }
  }
  const pool = poolOf(allocations.get(owners[0].service)) ?? before?.pool
  if (pool === undefined) return before
  const floor = cluster.ledger.objects.get(ledgerNameFor(pool, address))?.grantFloor ?? Math.floor(wallSeconds)
  const by = owners.length > 1 ? undefined : givenByOf(allocations.get(owners[0].service), address)
  const lost = before === undefined && by === "adopted" ? reportedGrant(cluster, address, wallSeconds) : 0
  const grant = lost > 0 ? lost : newGrant(address, before?.grant ?? floor)
  return { state: "given", address, pool: before?.pool ?? pool, grant, owners, since: Math.floor(wallSeconds), by }
}

/** Every grant of every ledger is at most this. */
const highestGrant = ({ ledger }: Cluster): number => {
  let highest = 0
  for (const { grantFloor } of ledger.objects.values()) highest = Math.max(highest, grantFloor)
  for (const { grant } of ledger.entries.values()) highest = Math.max(highest, grant)
  return highest
}

/** The highest under which a speaker says it answers; of addresses that are answered for together that is the group's. */
const reportedGrant = ({ speakers }: Cluster, address: Address, wallSeconds: number): number => {
  let highest = 0
  for (const { holds } of speakers.values()) {
    const grant = holds.get(address)?.grant ?? 0
    if (grant <= wallSeconds + aheadSecondsMax) highest = Math.max(highest, grant)
  }
  return highest
}

/** An entry's own grant, or the reported one where neither it nor any other address of its owners accounts for that. */
const answeredGrant = (cluster: Cluster, { address, grant, owners }: LedgerEntry, wallSeconds: number): number => {
  const reported = reportedGrant(cluster, address, wallSeconds)
  if (reported <= grant) return grant
  const theirs = owners.flatMap(({ service }) => [...(cluster.ledger.addressesOf.get(service) ?? [])])
  const accountsForIt = (entry: LedgerEntry | undefined): boolean => entry?.state === "given" && entry.grant >= reported
  return theirs.some((other) => accountsForIt(cluster.ledger.entries.get(other))) ? grant : reported
}

/** What is kept though no ledger gave it was adopted, but for an address that joins it now. */
const givenByOf = (allocation: Allocation | undefined, address: Address): GivenBy | undefined => {
  if (allocation?.kind === "given") return allocation.by
  if (allocation?.kind !== "kept") return undefined
  return allocation.added.includes(address) ? "choice" : "adopted"
}

const nextFreed = (before: LedgerEntry | undefined, wallSeconds: number): LedgerEntry | undefined => {
  if (before === undefined) return undefined
  if (before.state === "freed") return wallSeconds < before.freedAt + rememberSeconds ? before : undefined
  const { since: _, by: __, ...rest } = before
  return { ...rest, state: "freed", freedAt: Math.floor(wallSeconds) }
}

const poolOf = (allocation: Allocation | undefined): PoolName | undefined =>
  allocation?.kind === "kept" || allocation?.kind === "given" ? allocation.pool : undefined

export const sameNames = (a: readonly LedgerOwner[], b: readonly LedgerOwner[]): boolean =>
  a.length === b.length && a.every((owner, i) => owner.service === b[i]!.service)

export const sameOwners = (a: readonly LedgerOwner[], b: readonly LedgerOwner[]): boolean =>
  a.length === b.length &&
  a.every((owner, i) => owner.service === b[i]!.service && owner.uid === b[i]!.uid && owner.terms === b[i]!.terms)

/** The objects to write, whole. A change goes to the object that has the address' entry, or to the one its block belongs to. */
export const ledgerWrites = (
  cluster: Cluster,
  changes: readonly LedgerChange[],
  wallSeconds: number,
): readonly LedgerWrite[] => {
  const byObject = new Map<string, LedgerChange[]>()
  for (const change of changes) {
    const pool = change.entry?.pool ?? change.before?.pool
    if (pool === undefined) continue
    const name = cluster.ledger.objectOf.get(change.address) ?? ledgerNameFor(pool, change.address)
    byObject.set(name, [...(byObject.get(name) ?? []), change])
  }
  return [...byObject].map(([name, list]) => writeOf(cluster.ledger.objects.get(name), name, list, wallSeconds))
}

const writeOf = (
  object: AddressLedger | undefined,
  name: string,
  changes: readonly LedgerChange[],
  wallSeconds: number,
): LedgerWrite => {
  const entries = new Map((object?.entries ?? []).map((entry) => [entry.address, entry]))
  let grantFloor = object?.grantFloor ?? Math.floor(wallSeconds)
  for (const { address, before, entry } of changes) {
    if (entry !== undefined) entries.set(address, entry)
    else {
      entries.delete(address)
      grantFloor = Math.max(grantFloor, before?.grant ?? 0)
    }
  }
  const pool = object?.pool ?? changes[0]!.entry!.pool
  const sorted = [...entries.values()].sort((a, b) => compareAddresses(a.address, b.address))
  return { name, pool, grantFloor, entries: sorted, resourceVersion: object?.resourceVersion }
}
