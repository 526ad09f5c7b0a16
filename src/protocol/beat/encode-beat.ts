import { ByteWriter } from "../bytes/writer.ts"
import type { SharedKey } from "../shared-key.ts"
import {
  aloneFlag,
  beatBytes,
  type BeatChange,
  type BeatClaim,
  type BeatContent,
  beatMagic,
  type BeatScope,
  beatSizes,
  beatStates,
  beatTagBytes,
  beatVersion,
  entryKinds,
  gatewayFlag,
  heardAgeMsMax,
  ipv6EntryFlag,
} from "./datagram.ts"

/**
 * The signed datagram of a beat. Throws a RangeError where a value does not fit its field, a list has more than 255
 * entries or the whole is longer than a page: whoever fills pages counts with `beatSizes` first.
 */
export const encodeBeat = (beat: BeatContent, scope: BeatScope, key: SharedKey): Uint8Array => {
  const length = beatBytes(beat)
  if (length > beatSizes.page)
    throw new RangeError(`a beat of ${length} bytes is longer than a page of ${beatSizes.page}`)
  const datagram = new Uint8Array(length)
  writeBeat(datagram, beat, scope, key)
  return datagram
}

/** Writes every byte of `datagram`, which is `beatBytes(beat)` long. */
export const writeBeat = (datagram: Uint8Array, beat: BeatContent, scope: BeatScope, key: SharedKey): void => {
  const writer = new ByteWriter(datagram)
  const heard = beat.heard.filter(({ ageMs }) => ageMs <= heardAgeMsMax)
  writeAddressing(writer, beat, scope, key)
  writeLife(writer, beat)
  for (const list of [heard, beat.changes, beat.offers, beat.estate]) writer.uint8(list.length)
  for (const { node, ageMs } of heard) {
    writer.uint32(node)
    writer.uint8(Math.ceil(ageMs / 10))
  }
  for (const change of beat.changes) writeEntry(writer, change.kind, change, change.version)
  for (const offer of beat.offers) writeEntry(writer, "offer", offer, 0)
  for (const claim of beat.estate) writeEntry(writer, "estate", claim, 0)
  writer.bytes(key.sign(datagram.subarray(0, writer.offset)).subarray(0, beatTagBytes))
  writer.finish()
}

const writeAddressing = (writer: ByteWriter, beat: BeatContent, scope: BeatScope, key: SharedKey): void => {
  writer.uint16(beatMagic)
  writer.uint8(beatVersion)
  writer.uint8(key.id)
  writer.bytes(scope.cluster)
  writer.bytes(scope.segment)
  writer.uint32(beat.from)
  writer.uint32(beat.to)
  writer.uint64(beat.boot)
  writer.uint32(beat.sequence)
}

const writeLife = (writer: ByteWriter, beat: BeatContent): void => {
  writer.uint8(beatStates[beat.state])
  writer.uint8((beat.alone ? aloneFlag : 0) | (beat.hasGateway ? gatewayFlag : 0))
  writer.uint8(beat.intervalMs / 10)
  writer.uint8(beat.misses)
  writer.uint16(beat.promiseSeconds)
  writer.mac(beat.mac)
  writer.uint64(beat.toBoot ?? 0)
  for (const number of [beat.toVersion, beat.toSequence, beat.base, beat.pageEnd, beat.total]) writer.uint32(number)
}

const writeEntry = (
  writer: ByteWriter,
  kind: BeatChange["kind"] | "offer" | "estate",
  claim: BeatClaim,
  version: number,
): void => {
  writer.uint8(entryKinds[kind] | (typeof claim.address === "bigint" ? ipv6EntryFlag : 0))
  writer.address(claim.address)
  writer.uint32(claim.grant)
  writer.uint32(claim.epoch)
  writer.uint32(version)
}
