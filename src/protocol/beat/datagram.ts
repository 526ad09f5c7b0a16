import type { Address, Brand } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { sha256 } from "../../net/sha256.ts"
import { utf8Bytes } from "../../net/utf8.ts"

/**
 * What one speaker tells another on one segment, as it crosses the wire. The same shape as `Beat` of `ownership`, so
 * that values pass between the two rooms, which do not know each other.
 */
export type BeatContent = {
  readonly from: Brand<number, "NodeId">
  readonly to: Brand<number, "NodeId">
  readonly boot: Brand<number, "Boot">
  readonly sequence: number
  readonly state: "warming" | "active" | "doubting" | "restarting" | "leaving"
  readonly alone: boolean
  readonly hasGateway: boolean
  /** On the wire in tens of milliseconds: 10 to 2,550. */
  readonly intervalMs: number
  readonly misses: number
  readonly promiseSeconds: number
  readonly mac: Mac
  readonly toBoot: Brand<number, "Boot"> | undefined
  readonly toVersion: number
  readonly toSequence: number
  readonly base: number
  readonly pageEnd: number
  readonly total: number
  readonly heard: readonly Heard[]
  readonly changes: readonly BeatChange[]
  readonly offers: readonly BeatClaim[]
  readonly estate: readonly BeatClaim[]
}

/** On the wire the age is in tens of milliseconds, rounded up: a witness must not look fresher than it is. */
export type Heard = { readonly node: Brand<number, "NodeId">; readonly ageMs: number }

export type BeatClaim = { readonly address: Address; readonly grant: number; readonly epoch: number }
export type BeatChange = BeatClaim & { readonly kind: "claimed" | "free" | "revoked"; readonly version: number }

/** Which cluster and which layer-2 segment a beat belongs to: the first 8 and 4 bytes of SHA-256 of their names. */
export type BeatScope = { readonly cluster: Uint8Array; readonly segment: Uint8Array }

/** The cluster's name is the uid of the Namespace kube-system, the segment's its first connected prefix as text. */
export const beatScope = (cluster: string, segment: string): BeatScope => ({
  cluster: sha256(utf8Bytes(cluster)).slice(0, 8),
  segment: sha256(utf8Bytes(segment)).slice(0, 4),
})

/** UDP. Not MetalLB's 7946, so that both may run on a node. */
export const beatPort = 7947

/**
 * What a beat costs in bytes: `fixed`, then `heard` for each node heard, then `entry` of its family for each change,
 * offer and estate claim; never more than `page`. Who fills pages counts with these.
 */
export const beatSizes: {
  readonly fixed: number
  readonly heard: number
  readonly entry: { readonly 4: number; readonly 6: number }
  readonly page: number
  readonly countMax: number
} = {
  fixed: 96,
  heard: 5,
  entry: { 4: 17, 6: 29 },
  /** 1,280 with the headers of IPv6 and UDP: no link may carry less (RFC 8200 section 5). */
  page: 1232,
  /** Each of the four lists has its length in one byte. */
  countMax: 255,
}

/** The age of what was heard has one byte of tens of milliseconds, and nobody's window is longer: what is older is left out. */
export const heardAgeMsMax = 2500

/** How long the datagram of this beat is. */
export const beatBytes = (beat: BeatContent): number => {
  let bytes = beatSizes.fixed
  for (const { ageMs } of beat.heard) if (ageMs <= heardAgeMsMax) bytes += beatSizes.heard
  for (const entries of [beat.changes, beat.offers, beat.estate])
    for (const { address } of entries) bytes += beatSizes.entry[typeof address === "number" ? 4 : 6]
  return bytes
}

/** Field values of the wire. */
export const beatMagic = 0x506c
export const beatVersion = 1
export const beatStates = { warming: 1, active: 2, doubting: 3, restarting: 4, leaving: 5 } as const
export const aloneFlag = 1
export const gatewayFlag = 2
export const entryKinds = { claimed: 1, free: 2, revoked: 3, offer: 4, estate: 5 } as const
/** Set in the kind of an entry whose address has 16 bytes. */
export const ipv6EntryFlag = 0x80
export const beatTagBytes = 16
