import { type Address, familyOf } from "../net/address.ts"
import { addressIndex, type AddressIndex } from "./address-index.ts"
import type { ClaimChange, Epoch, Grant } from "./beat.ts"

/**
 * Bytes of a beat on the wire, so that whoever fills one knows when it is full. `page`: with the headers of IPv6 and UDP
 * it is 1,280, which every link carries whole (RFC 8200 section 5); a beat that a lowered MTU cuts would be lost for as
 * long as that lasts. `heardMax`: a list longer than that of 200 nodes would leave no room for what changed.
 */
export const beatBytes = {
  fixed: 96,
  heard: 5,
  heardMax: 199,
  entry: { 4: 17, 6: 29 },
  page: 1232,
  listMax: 255,
} as const

export const entryBytes = (address: Address): number => beatBytes.entry[familyOf(address)]

/** The changes with base < version <= pageEnd. */
export type Page = { readonly base: number; readonly pageEnd: number; readonly changes: readonly ClaimChange[] }

/**
 * What this node claims, as the last change of each address. Each receiver acknowledges the version up to which it knows
 * all of it; a page begins there. A release stays in the log until every peer has it.
 */
export type ClaimLog = {
  version: number
  /** By version; a change that a later one of the same address replaced stays until the log is tidied. */
  changes: ClaimChange[]
  readonly latest: Map<AddressIndex, ClaimChange>
}

export const createClaimLog = (): ClaimLog => ({ version: 0, changes: [], latest: new Map() })

export const logChange = (
  log: ClaimLog,
  kind: ClaimChange["kind"],
  address: Address,
  grant: Grant,
  epoch: Epoch,
): void => {
  const change = { kind, address, grant, epoch, version: ++log.version }
  log.changes.push(change)
  log.latest.set(addressIndex(address), change)
}

/** The page that follows `base`, as long as `bytes` allow, and the bytes it takes. */
export const pageAfter = (
  log: ClaimLog,
  base: number,
  bytes: number,
): { readonly page: Page; readonly bytes: number } => {
  const changes: ClaimChange[] = []
  let used = 0
  for (let at = firstAfter(log.changes, base); at < log.changes.length; at++) {
    const change = log.changes[at]!
    if (log.latest.get(addressIndex(change.address)) !== change) continue
    const size = entryBytes(change.address)
    if (used + size > bytes || changes.length === beatBytes.listMax)
      return { page: { base, pageEnd: changes.at(-1)?.version ?? base, changes }, bytes: used }
    changes.push(change)
    used += size
  }
  return { page: { base, pageEnd: log.version, changes }, bytes: used }
}

/** Drops replaced changes, and releases that every peer has acknowledged, once they are more than what is claimed. */
export const tidyLog = (log: ClaimLog, acknowledgedByAll: number): void => {
  if (log.changes.length < 64 || log.changes.length < 2 * log.latest.size) return
  log.changes = log.changes.filter((change) => {
    const index = addressIndex(change.address)
    if (log.latest.get(index) !== change) return false
    const over = change.kind === "free" && change.version <= acknowledgedByAll
    if (over) log.latest.delete(index)
    return !over
  })
}

const firstAfter = (changes: readonly ClaimChange[], base: number): number => {
  let low = 0
  let high = changes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (changes[middle]!.version <= base) low = middle + 1
    else high = middle
  }
  return low
}
