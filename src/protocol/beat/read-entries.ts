import type { ByteReader } from "../bytes/reader.ts"
import { epochMax } from "../token.ts"
import { type BeatChange, type BeatClaim, entryKinds, type Heard, heardAgeMsMax, ipv6EntryFlag } from "./datagram.ts"

export type EntryFault =
  | "list-too-long"
  | "age-out-of-range"
  | "unknown-entry"
  | "epoch-out-of-range"
  | "version-outside-page"

export type RefusedEntry = { readonly kind: "refused"; readonly because: EntryFault; readonly offset: number }

/** Whom the sender heard: `count` entries of five bytes. */
export const readHeard = (reader: ByteReader, count: number): readonly Heard[] | RefusedEntry => {
  const heard: Heard[] = []
  for (let i = 0; i < count; i++) {
    const offset = reader.offset
    const node = reader.uint32() as Heard["node"]
    const ageMs = reader.uint8() * 10
    if (reader.overrun) return refused("list-too-long", offset)
    if (ageMs > heardAgeMsMax) return refused("age-out-of-range", offset)
    heard.push({ node, ageMs })
  }
  return heard
}

/** The sender's own changes of one page: their versions lie above `base` and not above `pageEnd`. */
export const readChanges = (
  reader: ByteReader,
  count: number,
  page: { readonly base: number; readonly pageEnd: number },
): readonly BeatChange[] | RefusedEntry => {
  const changes: BeatChange[] = []
  for (let i = 0; i < count; i++) {
    const offset = reader.offset
    const entry = readEntry(reader)
    if (entry.kind === "refused") return entry
    const { kind, claim, version } = entry
    if (kind === "offer" || kind === "estate") return refused("unknown-entry", offset)
    if (version <= page.base || version > page.pageEnd) return refused("version-outside-page", offset)
    changes.push({ kind, ...claim, version })
  }
  return changes
}

/** Offers or estate claims: they have no version of their own, so theirs is 0. */
export const readClaims = (
  reader: ByteReader,
  kind: "offer" | "estate",
  count: number,
): readonly BeatClaim[] | RefusedEntry => {
  const claims: BeatClaim[] = []
  for (let i = 0; i < count; i++) {
    const offset = reader.offset
    const entry = readEntry(reader)
    if (entry.kind === "refused") return entry
    if (entry.kind !== kind) return refused("unknown-entry", offset)
    if (entry.version !== 0) return refused("version-outside-page", offset)
    claims.push(entry.claim)
  }
  return claims
}

type EntryKind = keyof typeof entryKinds
type Entry = { readonly kind: EntryKind; readonly claim: BeatClaim; readonly version: number }

const readEntry = (reader: ByteReader): Entry | RefusedEntry => {
  const offset = reader.offset
  const code = reader.uint8()
  const kind = kindOf(code & ~ipv6EntryFlag)
  const address = (code & ipv6EntryFlag) === 0 ? reader.ipv4() : reader.ipv6()
  const claim: BeatClaim = { address, grant: reader.uint32(), epoch: reader.uint32() }
  const version = reader.uint32()
  if (reader.overrun) return refused("list-too-long", offset)
  if (kind === undefined) return refused("unknown-entry", offset)
  return claim.epoch > epochMax ? refused("epoch-out-of-range", offset) : { kind, claim, version }
}

const kinds = ["claimed", "free", "revoked", "offer", "estate"] as const

const kindOf = (code: number): EntryKind | undefined => kinds.find((kind) => entryKinds[kind] === code)

const refused = (because: EntryFault, offset: number): RefusedEntry => ({ kind: "refused", because, offset })
