import { type Address, type NonEmpty, printAddress } from "../../net/address.ts"
import { sha256 } from "../../net/sha256.ts"
import { utf8Bytes } from "../../net/utf8.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { ServiceName } from "../../cluster/name.ts"
import { poolAt } from "../../cluster/pool-at.ts"
import { type LedgerChange, sameNames, sameOwners } from "./ledger-change.ts"
import { asNonEmpty } from "./occupancy.ts"

/** So few addresses may always go at once: a home that deletes a namespace must not be asked. */
const releasesAlwaysFree = 3
const releasesShareMax = 0.1

/** A release so large that it is rather a missing CRD, an empty list or a slip of the hand. */
export type MassRelease = {
  /** What a person writes into `porchlight.dev/confirm-release`; it names exactly these addresses as they are given now. */
  readonly code: string
  readonly addresses: readonly Address[]
  readonly services: readonly ServiceName[]
  /** Addresses that are given to somebody now. */
  readonly given: number
  /** By Service: what it would get of those addresses. It loses none itself, and gets nothing else meanwhile. */
  readonly awaited: ReadonlyMap<ServiceName, NonEmpty<AwaitedAddress>>
}

export type AwaitedAddress = { readonly address: Address; readonly from: NonEmpty<ServiceName> }

/** What the brake must remember: objects of a kind that is being deleted go one by one, each a small release. */
export type ReleasesBefore = {
  /** Addresses of the release that waits: it does not become small because part of it is settled otherwise. */
  readonly held: ReadonlySet<Address>
  /** Addresses that went unconfirmed a short while ago, and not by the wish of those who had them. */
  readonly lately: ReadonlySet<Address>
  /** A list of Services or of pools came with nothing in it, and nobody saw them deleted. */
  readonly isEmptied: boolean
}

const nothing: ReadonlySet<Address> = new Set()

export type Braked = {
  readonly changes: readonly LedgerChange[]
  readonly held: MassRelease | undefined
  /** Addresses among the changes that go unconfirmed, and not by the wish of those who had them. */
  readonly groundless: readonly Address[]
}

/**
 * Parts the changes that may be made from a release that a person must confirm first. Counted are Services that still
 * exist and would lose their address, and those that vanished without anybody seeing them deleted (`deleted` names
 * those that were seen). Confirmed: a ledger carries the code in `porchlight.dev/confirm-release`.
 */
export const brake = (
  cluster: Cluster,
  changes: readonly LedgerChange[],
  deleted: ReadonlySet<ServiceName>,
  before: ReleasesBefore = { held: nothing, lately: nothing, isEmptied: false },
): Braked => {
  const counted = changes.filter((change) =>
    change.loses.some((owner) => !deleted.has(owner.service) || cluster.services.has(owner.service)),
  )
  const addresses = counted.map((change) => change.address)
  const groundless = counted.filter((change) => isGroundless(cluster, change)).map(({ address }) => address)
  const passed: Braked = { changes, held: undefined, groundless }
  const isHeldStill =
    addresses.some((address) => before.held.has(address)) || (before.isEmptied && groundless.length > 0)
  const lately = [...before.lately].filter((address) => !addresses.includes(address)).length
  const most = groundless.length === 0 ? counted.length : Math.max(counted.length, groundless.length + lately)
  if (most <= releasesAlwaysFree && !isHeldStill) return passed
  const given = [...cluster.ledger.entries.values()].filter((entry) => entry.state === "given").length
  if (most <= (given + lately) * releasesShareMax && !isHeldStill) return passed
  const code = codeOf(counted)
  if ([...cluster.ledger.objects.values()].some((object) => object.confirmedRelease === code))
    return { changes, held: undefined, groundless: [] }
  const services = [...new Set(counted.flatMap((change) => change.loses.map((owner) => owner.service)))].sort()
  const awaited = awaitedIn(counted, new Set(services))
  const waiting = new Set([...services, ...awaited.keys()])
  return {
    changes: changes
      .filter((change) => !counted.includes(change))
      .flatMap((change) => withoutExchange(change, waiting)),
    held: { code, addresses, services, given, awaited },
    groundless: [],
  }
}

const awaitedIn = (
  counted: readonly LedgerChange[],
  losers: ReadonlySet<ServiceName>,
): ReadonlyMap<ServiceName, NonEmpty<AwaitedAddress>> => {
  const awaited = new Map<ServiceName, NonEmpty<AwaitedAddress>>()
  for (const { address, before, entry, loses } of counted) {
    const from = asNonEmpty(loses.map(({ service }) => service))
    if (entry?.state !== "given" || from === undefined) continue
    for (const { service, uid } of entry.owners) {
      const had = before?.owners.some((owner) => owner.service === service && owner.uid === uid) === true
      if (!had && !losers.has(service)) awaited.set(service, [...(awaited.get(service) ?? []), { address, from }])
    }
  }
  return awaited
}

/** What its own wish did not take from a Service: it is gone, or something that it has is in no pool any more. */
const isGroundless = (cluster: Cluster, { loses }: LedgerChange): boolean =>
  loses.some(
    ({ service }) =>
      !cluster.services.has(service) ||
      [...(cluster.ledger.addressesOf.get(service) ?? [])].some(
        (address) =>
          cluster.ledger.entries.get(address)?.state === "given" &&
          poolAt(cluster.configuration, address) === undefined,
      ),
  )

/**
 * The change without those who wait: what a Service would have instead of the address it is to lose it gets when it
 * loses that, never both. Nothing where nobody else is left, or where all is as it was for those who are.
 */
export const withoutExchange = (change: LedgerChange, waiting: ReadonlySet<ServiceName>): readonly LedgerChange[] => {
  const { before, entry } = change
  if (entry?.state !== "given") return [change]
  const had = (name: ServiceName): boolean =>
    before?.state === "given" && before.owners.some((owner) => owner.service === name)
  const [first, ...rest] = entry.owners.filter(({ service }) => !waiting.has(service) || had(service))
  if (first === undefined) return []
  if (rest.length + 1 === entry.owners.length) return [change]
  const owners = [first, ...rest] as const
  if (before?.state !== "given" || !sameNames(before.owners, owners))
    return [{ ...change, entry: { ...entry, owners } }]
  const isAsBefore = before.grant === entry.grant && sameOwners(before.owners, owners)
  return isAsBefore ? [] : [{ ...change, entry: { ...entry, owners, by: before.by } }]
}

/**
 * Six hexadecimal characters over the sorted addresses and their grants: short enough to type, other addresses have
 * another. A confirmation stays on ledgers that its release did not write; once given anew, the addresses have another.
 */
const codeOf = (changes: readonly LedgerChange[]): string => {
  const givings = changes.map(({ address, before }) => `${printAddress(address)} ${before?.grant ?? 0}`)
  return [...sha256(utf8Bytes(givings.sort().join(" "))).subarray(0, 3)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
}
