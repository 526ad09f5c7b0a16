import { type Address, printAddress } from "../../net/address.ts"
import { sha256 } from "../../net/sha256.ts"
import { utf8Bytes } from "../../net/utf8.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { ServiceName } from "../../cluster/name.ts"
import type { LedgerChange } from "./ledger-change.ts"

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
): { readonly changes: readonly LedgerChange[]; readonly held: MassRelease | undefined } => {
  const counted = changes.filter((change) =>
    change.loses.some((owner) => !deleted.has(owner.service) || cluster.services.has(owner.service)),
  )
  if (counted.length <= releasesAlwaysFree) return { changes, held: undefined }
  const given = [...cluster.ledger.entries.values()].filter((entry) => entry.state === "given").length
  if (counted.length <= given * releasesShareMax) return { changes, held: undefined }
  const addresses = counted.map((change) => change.address)
  const code = codeOf(counted)
  if ([...cluster.ledger.objects.values()].some((object) => object.confirmedRelease === code))
    return { changes, held: undefined }
  const services = [...new Set(counted.flatMap((change) => change.loses.map((owner) => owner.service)))].sort()
  const waiting = new Set(services)
  return {
    changes: changes.filter((change) => !counted.includes(change) && !isInExchange(change, waiting)),
    held: { code, addresses, services, given },
  }
}

/** What a Service would have instead of the address it is to lose: it gets that when it loses this, never both. */
const isInExchange = ({ before, entry }: LedgerChange, waiting: ReadonlySet<ServiceName>): boolean =>
  entry?.state === "given" &&
  entry.owners.some(({ service }) => waiting.has(service) && !before?.owners.some((owner) => owner.service === service))

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
