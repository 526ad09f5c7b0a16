import { isGroupMac, zeroMac } from "../../net/mac.ts"
import { equalInConstantTime } from "../../net/sha256.ts"
import { ByteReader } from "../bytes/reader.ts"
import type { SharedKeys } from "../shared-key.ts"
import {
  aloneFlag,
  type BeatContent,
  beatMagic,
  type BeatScope,
  beatSizes,
  beatStates,
  beatTagBytes,
  beatVersion,
  gatewayFlag,
} from "./datagram.ts"
import { type EntryFault, readChanges, readClaims, readHeard } from "./read-entries.ts"

/** The first ten are found before the signature fits: anybody can have sent such a datagram. The rest is the fault of one who has the key. */
export type BeatRefusal =
  | "too-short"
  | "too-long"
  | "not-a-beat"
  | "other-version"
  | "other-cluster"
  | "other-segment"
  | "own-beat"
  | "other-receiver"
  | "unknown-key"
  | "wrong-tag"
  | "boot-out-of-range"
  | "unknown-state"
  | "interval-zero"
  | "misses-zero"
  | "mac-not-a-station"
  | "page-out-of-order"
  | "bytes-left-over"
  | EntryFault

/** `offset` is where in the datagram the fault stands. */
export type RefusedBeat = { readonly kind: "refused"; readonly because: BeatRefusal; readonly offset: number }
export type ReceivedBeat = {
  readonly kind: "beat"
  readonly beat: BeatContent
  readonly signedWith: "current" | "next"
}

export type BeatReceiver = {
  readonly self: BeatContent["to"]
  readonly scope: BeatScope
  readonly keys: SharedKeys
}

/**
 * Reads a datagram: who it is for, then the signature, then the content. Never throws. That it is new (boot and
 * sequence) is for the receiver's machine to judge: a recorded beat decodes as it did the first time.
 */
export const decodeBeat = (datagram: Uint8Array, receiver: BeatReceiver): ReceivedBeat | RefusedBeat => {
  const fault = addressingFault(datagram, receiver)
  if (fault !== undefined) return fault
  const signedWith = signerOf(datagram, receiver.keys)
  if (signedWith === undefined) {
    const known = datagram[field.keyId] === receiver.keys.current.id || datagram[field.keyId] === receiver.keys.next?.id
    return known ? refused("wrong-tag", datagram.length - beatTagBytes) : refused("unknown-key", field.keyId)
  }
  const beat = readBeat(new ByteReader(datagram, field.from, datagram.length - beatTagBytes))
  return "kind" in beat ? beat : { kind: "beat", beat, signedWith }
}

const addressingFault = (datagram: Uint8Array, { self, scope }: BeatReceiver): RefusedBeat | undefined => {
  if (datagram.length < beatSizes.fixed) return refused("too-short", datagram.length)
  if (datagram.length > beatSizes.page) return refused("too-long", beatSizes.page)
  const reader = new ByteReader(datagram)
  if (reader.uint16() !== beatMagic) return refused("not-a-beat", 0)
  if (reader.uint8() !== beatVersion) return refused("other-version", field.version)
  reader.skip(1)
  if (!equalInConstantTime(reader.bytes(8), scope.cluster)) return refused("other-cluster", field.cluster)
  if (!equalInConstantTime(reader.bytes(4), scope.segment)) return refused("other-segment", field.segment)
  if (reader.uint32() === self) return refused("own-beat", field.from)
  return reader.uint32() === self ? undefined : refused("other-receiver", field.to)
}

const signerOf = (datagram: Uint8Array, keys: SharedKeys): "current" | "next" | undefined => {
  const signed = datagram.subarray(0, datagram.length - beatTagBytes)
  const tag = datagram.subarray(datagram.length - beatTagBytes)
  for (const which of ["current", "next"] as const) {
    const key = keys[which]
    if (key === undefined || key.id !== datagram[field.keyId]) continue
    if (equalInConstantTime(key.sign(signed).subarray(0, beatTagBytes), tag)) return which
  }
  return undefined
}

const readBeat = (reader: ByteReader): BeatContent | RefusedBeat => {
  const head = readHead(reader)
  const fault = headFault(head)
  if (fault !== undefined) return fault
  const { stateCode: _, flags, toBoot, counts, ...rest } = head
  const heard = readHeard(reader, counts.heard)
  if ("kind" in heard) return heard
  const changes = readChanges(reader, counts.changes, head)
  if ("kind" in changes) return changes
  const offers = readClaims(reader, "offer", counts.offers)
  if ("kind" in offers) return offers
  const estate = readClaims(reader, "estate", counts.estate)
  if ("kind" in estate) return estate
  if (reader.left > 0) return refused("bytes-left-over", reader.offset)
  return {
    ...rest,
    state: stateOf(head.stateCode)!,
    alone: (flags & aloneFlag) !== 0,
    hasGateway: (flags & gatewayFlag) !== 0,
    toBoot: toBoot === 0 ? undefined : toBoot,
    heard,
    changes,
    offers,
    estate,
  }
}

type Head = ReturnType<typeof readHead>

/** Unknown flags are ignored, so that a later version may add one while both versions run. */
const readHead = (reader: ByteReader) => ({
  from: reader.uint32() as BeatContent["from"],
  to: reader.uint32() as BeatContent["to"],
  boot: reader.uint64() as BeatContent["boot"],
  sequence: reader.uint32(),
  stateCode: reader.uint8(),
  flags: reader.uint8(),
  intervalMs: reader.uint8() * 10,
  misses: reader.uint8(),
  promiseSeconds: reader.uint16(),
  mac: reader.mac(),
  toBoot: reader.uint64() as BeatContent["boot"],
  toVersion: reader.uint32(),
  toSequence: reader.uint32(),
  base: reader.uint32(),
  pageEnd: reader.uint32(),
  total: reader.uint32(),
  counts: { heard: reader.uint8(), changes: reader.uint8(), offers: reader.uint8(), estate: reader.uint8() },
})

const headFault = (head: Head): RefusedBeat | undefined => {
  if (head.boot === 0 || !Number.isSafeInteger(head.boot)) return refused("boot-out-of-range", field.boot)
  if (stateOf(head.stateCode) === undefined) return refused("unknown-state", field.state)
  if (head.intervalMs === 0) return refused("interval-zero", field.interval)
  if (head.misses === 0) return refused("misses-zero", field.misses)
  if (head.mac === zeroMac || isGroupMac(head.mac)) return refused("mac-not-a-station", field.mac)
  if (!Number.isSafeInteger(head.toBoot)) return refused("boot-out-of-range", field.toBoot)
  return head.base <= head.pageEnd && head.pageEnd <= head.total ? undefined : refused("page-out-of-order", field.base)
}

const refused = (because: BeatRefusal, offset: number): RefusedBeat => ({ kind: "refused", because, offset })

const stateOf = (code: number): BeatContent["state"] | undefined => states.find((state) => beatStates[state] === code)

const states = ["warming", "active", "doubting", "restarting", "leaving"] as const

/** Where the fields that can be refused begin. */
const field = {
  version: 2,
  keyId: 3,
  cluster: 4,
  segment: 12,
  from: 16,
  to: 20,
  boot: 24,
  state: 36,
  interval: 38,
  misses: 39,
  mac: 42,
  toBoot: 48,
  base: 64,
} as const
