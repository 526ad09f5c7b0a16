import { type Address, compareAddresses, type Family, familyOf } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { rangeHolds } from "../../net/range.ts"
import type { Cluster, Configuration } from "../../cluster/cluster.ts"
import { type AddressLedger, type Ledger, ledgerNameFor } from "../../cluster/ledger.ts"
import type { NodeName, PoolName } from "../../cluster/name.ts"
import type { Pool } from "../../cluster/pool.ts"
import { poolAt } from "../../cluster/pool-at.ts"
import type { Reservation } from "../../cluster/reservation.ts"
import type { Service } from "../../cluster/service.ts"

/** A freed address is not chosen for so long: stale holders, neighbour caches and DNS records die out. A wish takes it at once. */
export const restSeconds = 600

/** All that allocation reads beside the Services: made once, as long as only Services and ledgers change. */
export type Surroundings = {
  readonly configuration: Configuration
  readonly ledger: Ledger
  /** By first address, a family each. */
  readonly reserved: Readonly<Record<Family, readonly Reservation[]>>
  /** By their own addresses, for which their kernels answer: nobody else may. */
  readonly nodes: ReadonlyMap<Address, NodeName>
  readonly contested: ReadonlyMap<Address, { readonly mac: Mac; readonly seenBy: NodeName }>
}

export const surroundingsOf = (cluster: Cluster): Surroundings => {
  const sorted = cluster.reserved.toSorted((a, b) => compareAddresses(a.range.first, b.range.first))
  return {
    configuration: cluster.configuration,
    ledger: cluster.ledger,
    reserved: {
      4: sorted.filter(({ range }) => range.family === 4),
      6: sorted.filter(({ range }) => range.family === 6),
    },
    nodes: new Map([...cluster.nodes.values()].flatMap(({ name, addresses }) => addresses.map((own) => [own, name]))),
    contested: contestsOf(cluster),
  }
}

/** Addresses that strangers answer for, as speakers report; of several reports the first node's. */
export const contestsOf = (cluster: Cluster): Surroundings["contested"] => {
  const contested = new Map<Address, { mac: Mac; seenBy: NodeName }>()
  for (const [seenBy, report] of cluster.speakers)
    for (const [address, { mac }] of report.contested)
      if (!contested.has(address)) contested.set(address, { mac, seenBy })
  return contested
}

export const reservationAt = (around: Surroundings, address: Address): Reservation | undefined =>
  around.reserved[familyOf(address)].find(({ range }) => rangeHolds(range, address))

/** Given to somebody who is gone or may not keep it, or freed a short while ago. */
export const isResting = (around: Surroundings, address: Address, wallSeconds: number): boolean => {
  const entry = around.ledger.entries.get(address)
  if (entry === undefined) return false
  return entry.state === "given" || wallSeconds < entry.freedAt + restSeconds
}

/**
 * The pool an address was given from: the one that holds it, or one of which part could not be read and which the
 * ledger, or where there is none the Service, names.
 */
export const homeOf = (around: Surroundings, service: Service, address: Address): Pool | undefined => {
  const pool = poolAt(around.configuration, address)
  if (pool !== undefined) return pool
  const named: PoolName | undefined = around.ledger.entries.get(address)?.pool ?? service.reportedPool
  const faulty = named === undefined ? undefined : around.configuration.pools.get(named)
  return faulty === undefined || faulty.fault === "none" ? undefined : faulty
}

/**
 * What a Service has. The ledger says so; a status that names an address which the ledger does not give to that
 * Service is a report that anybody may have written. Only where no ledger object covers the address' block yet (first
 * start, or coming from MetalLB) what stands in status is adopted.
 */
export const heldBy = (
  around: Surroundings,
  service: Service,
): { readonly addresses: readonly Address[]; readonly disowned: readonly Address[] } => {
  const given: Address[] = []
  for (const address of around.ledger.addressesOf.get(service.name) ?? nothing)
    if (gives(around.ledger, service, address)) given.push(address)
  if (given.length === service.reported.length && given.every((address) => service.reported.includes(address)))
    return { addresses: given.length > 1 ? given.sort(compareAddresses) : given, disowned: nothing }
  const others = service.reported.filter((address) => !given.includes(address))
  const adopted = given.length > 0 ? [] : others.filter((address) => isUncovered(around, service, address))
  return {
    addresses: [...given, ...adopted].sort(compareAddresses),
    disowned: others.filter((address) => !adopted.includes(address)),
  }
}

const nothing: readonly never[] = []

export const gives = (ledger: Ledger, service: Service, address: Address): boolean => {
  const entry = ledger.entries.get(address)
  if (entry?.state !== "given") return false
  for (const owner of entry.owners) if (owner.service === service.name && sameUid(owner.uid, service.uid)) return true
  return false
}

/** Files carry no uids: there a name must do. */
export const sameUid = (a: string, b: string): boolean => a === b || a === "" || b === ""

/** Whether no ledger has ever spoken of an address' block. */
const isUncovered = (around: Surroundings, service: Service, address: Address): boolean => {
  if (around.ledger.entries.has(address)) return false
  const pool = homeOf(around, service, address)
  const objects: ReadonlyMap<string, AddressLedger> = around.ledger.objects
  return pool === undefined ? objects.size === 0 : !objects.has(ledgerNameFor(pool.name, address))
}
