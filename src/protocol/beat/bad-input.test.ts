import assert from "node:assert/strict"
import { test } from "node:test"
import { type Ipv4, parseAddress } from "../../net/address.ts"
import { parseMac } from "../../net/mac.ts"
import { sha256 } from "../../net/sha256.ts"
import { utf8Bytes } from "../../net/utf8.ts"
import { readUint32 } from "../bytes/reader.ts"
import { writeUint32 } from "../bytes/writer.ts"
import { sharedKey } from "../shared-key.ts"
import { type BeatContent, beatScope } from "./datagram.ts"
import { type BeatReceiver, type BeatRefusal, decodeBeat } from "./decode-beat.ts"
import { encodeBeat } from "./encode-beat.ts"

test("5d-91: without our key, with another key, or with one bit changed it is nobody's beat", () => {
  const honest = datagram()
  const stranger = encodeBeat(said, scope, sharedKey(utf8Bytes("not ours")))
  refused(stranger, "unknown-key", 3)
  const pretender = stranger.slice()
  pretender[3] = key.id
  refused(pretender, "wrong-tag", honest.length - 16)
  for (let at = 24; at < honest.length; at++)
    refused(withByte(honest, at, honest[at]! ^ 1), "wrong-tag", honest.length - 16)
})

test("5d-92: a recorded beat decodes as it did the first time: its boot and sequence are for ownership to judge", () => {
  const recorded = datagram()
  assert.deepEqual(decodeBeat(recorded, receiver), decodeBeat(recorded.slice(), receiver))
  const received = decodeBeat(recorded, receiver)
  assert.ok(received.kind === "beat")
  assert.deepEqual([received.beat.boot, received.beat.sequence, received.beat.toBoot], [5, 6, 7])
})

test("5d-93: another cluster on this LAN, or another segment that leaks in, is named before the signature is tried", () => {
  refused(encodeBeat(said, beatScope("other", "192.168.1.0/24"), key), "other-cluster", 4)
  refused(encodeBeat(said, beatScope("ours", "10.0.0.0/24"), key), "other-segment", 12)
})

test("5d-94: node names never cross the wire: ten kilobytes, a path or an emoji are four bytes like any other", () => {
  for (const name of ["n".repeat(10_240), "../../etc/passwd", "💡", ""]) {
    const from = readUint32(sha256(utf8Bytes(name)), 0) as BeatContent["from"]
    const received = decodeBeat(encodeBeat({ ...said, from }, scope, key), receiver)
    assert.equal(received.kind === "beat" && received.beat.from, from)
  }
})

test("5d-95: an epoch of 2^53 has no place in the datagram, and one in the last 1,000 of 32 bits is malformed", () => {
  assert.throws(() => encodeBeat({ ...said, offers: [{ ...claim, epoch: 2 ** 53 }] }, scope, key), RangeError)
  for (const epoch of [2 ** 32 - 1, 2 ** 32 - 1000]) {
    const late = { ...claim, epoch }
    refused(
      encodeBeat({ ...said, changes: [{ ...late, kind: "claimed", version: 1 }] }, scope, key),
      "epoch-out-of-range",
      80,
    )
    refused(encodeBeat({ ...said, offers: [late] }, scope, key), "epoch-out-of-range", 80)
    refused(encodeBeat({ ...said, estate: [late] }, scope, key), "epoch-out-of-range", 80)
  }
  const last = encodeBeat({ ...said, offers: [{ ...claim, epoch: 2 ** 32 - 1001 }] }, scope, key)
  assert.equal(decodeBeat(last, receiver).kind, "beat")
})

test("5d-96: cut at any byte, whether it was signed before the cut or after", () => {
  const whole = withOneOfEach()
  assert.equal(decodeBeat(whole, receiver).kind, "beat")
  for (let length = 0; length < 96; length++) refused(whole.subarray(0, length), "too-short", length)
  for (let length = 96; length < whole.length; length++) refused(whole.subarray(0, length), "wrong-tag", length - 16)
  for (let length = 80; length < whole.length - 16; length++) {
    const received = decodeBeat(signed(whole.subarray(0, length)), receiver)
    assert.ok(received.kind === "refused" && received.because === "list-too-long", `${length}`)
  }
})

test("5d-97: our own beat, reflected, and a beat for somebody else", () => {
  refused(encodeBeat({ ...said, from: receiver.self }, scope, key), "own-beat", 16)
  refused(encodeBeat({ ...said, from: receiver.self, to: said.from }, scope, key), "own-beat", 16)
  refused(encodeBeat({ ...said, to: said.from }, scope, key), "other-receiver", 20)
})

test("5d-98: a member that claims everything fills a page of 76 claims and no more", () => {
  const claims = (count: number): BeatContent => ({
    ...said,
    pageEnd: count,
    total: 2 ** 32 - 1,
    changes: Array.from({ length: count }, (_, i) => ({
      kind: "claimed",
      address: i as Ipv4,
      grant: 1,
      epoch: 1,
      version: i + 1,
    })),
  })
  const received = decodeBeat(encodeBeat(claims(66), scope, key), receiver)
  assert.equal(received.kind === "beat" && received.beat.changes.length, 66)
  assert.throws(() => encodeBeat(claims(67), scope, key), RangeError)
  refused(new Uint8Array(1233), "too-long", 1232)
})

test("5d-99: clock fields that make no sense: no interval, no misses, an age beyond the limit, a boot of 0 or of 2^53", () => {
  refused(resigned(38, 0), "interval-zero", 38)
  refused(resigned(39, 0), "misses-zero", 39)
  const heard = encodeBeat({ ...said, heard: [{ node: said.from, ageMs: 2500 }] }, scope, key)
  refused(signed(withByte(heard, 84, 251).subarray(0, -16)), "age-out-of-range", 80)
  refused(resigned(31, 0), "boot-out-of-range", 24)
  refused(resigned(25, 0x20), "boot-out-of-range", 24)
  refused(resigned(49, 0x20), "boot-out-of-range", 48)
})

test("what a member that runs other code may send: magic, version, state, MAC, pages, entries, bytes left over", () => {
  refused(withByte(datagram(), 0, 0), "not-a-beat", 0)
  refused(withByte(datagram(), 2, 2), "other-version", 2)
  for (const state of [0, 6, 255]) refused(resigned(36, state), "unknown-state", 36)
  refused(resigned(42, 0x01), "mac-not-a-station", 42)
  refused(encodeBeat({ ...said, base: 3, pageEnd: 2, total: 9 }, scope, key), "page-out-of-order", 64)
  refused(encodeBeat({ ...said, base: 1, pageEnd: 9, total: 8 }, scope, key), "page-out-of-order", 64)
  for (const kind of [0, 4, 5, 6, 0x7f, 0x84, 0xff]) {
    const received = decodeBeat(signed(withByte(withChange(1), 80, kind).subarray(0, -16)), receiver)
    assert.equal(received.kind, "refused", `${kind}`)
  }
  refused(signed(Uint8Array.of(...datagram().subarray(0, -16), 0)), "bytes-left-over", 80)
})

test("each entry stands in its own list: an offer among the estate, a claim among the offers", () => {
  const offer = encodeBeat({ ...said, offers: [claim] }, scope, key)
  for (const kind of [1, 2, 3, 5]) refused(signed(withByte(offer, 80, kind).subarray(0, -16)), "unknown-entry", 80)
  const estate = encodeBeat({ ...said, estate: [claim] }, scope, key)
  for (const kind of [1, 2, 3, 4]) refused(signed(withByte(estate, 80, kind).subarray(0, -16)), "unknown-entry", 80)
})

test("a change belongs to its page: its version is above the base and not above the end", () => {
  for (const version of [0, 3, 100]) refused(withChange(version), "version-outside-page", 80)
  assert.equal(decodeBeat(withChange(1), receiver).kind, "beat")
  assert.equal(decodeBeat(withChange(2), receiver).kind, "beat")
  const offer = encodeBeat({ ...said, offers: [claim] }, scope, key)
  writeUint32(offer, 93, 7)
  refused(signed(offer.subarray(0, -16)), "version-outside-page", 80)
})

test("a flag that a later version may bring is passed over", () => {
  const received = decodeBeat(signed(withByte(datagram(), 37, 0xfe).subarray(0, -16)), receiver)
  assert.equal(received.kind === "beat" && received.beat.alone, false)
})

const key = sharedKey(utf8Bytes("ours"))
const scope = beatScope("ours", "192.168.1.0/24")
const receiver: BeatReceiver = {
  self: 2 as BeatContent["to"],
  scope,
  keys: { current: key, next: sharedKey(utf8Bytes("next")) },
}

const said: BeatContent = {
  from: 1 as BeatContent["from"],
  to: receiver.self,
  boot: 5 as BeatContent["boot"],
  sequence: 6,
  state: "active",
  alone: false,
  hasGateway: false,
  intervalMs: 100,
  misses: 5,
  promiseSeconds: 0,
  mac: parseMac("02:42:ac:11:00:02")!,
  toBoot: 7 as BeatContent["boot"],
  toVersion: 0,
  toSequence: 0,
  base: 0,
  pageEnd: 2,
  total: 2,
  heard: [],
  changes: [],
  offers: [],
  estate: [],
}

const claim = { address: parseAddress("192.168.1.240")!, grant: 1, epoch: 1 }

const datagram = (): Uint8Array => encodeBeat(said, scope, key)

const withOneOfEach = (): Uint8Array =>
  encodeBeat(
    {
      ...said,
      heard: [{ node: said.from, ageMs: 10 }],
      changes: [{ kind: "claimed", ...claim, version: 1 }],
      offers: [claim],
      estate: [{ ...claim, address: parseAddress("2001:db8::240")! }],
    },
    scope,
    key,
  )

const withChange = (version: number): Uint8Array =>
  encodeBeat({ ...said, changes: [{ kind: "claimed", ...claim, version }] }, scope, key)

const withByte = (bytes: Uint8Array, at: number, value: number): Uint8Array => {
  const changed = bytes.slice()
  changed[at] = value
  return changed
}

/** These bytes with a tag that fits: what somebody with the key could have sent. */
const signed = (body: Uint8Array): Uint8Array => Uint8Array.of(...body, ...key.sign(body).subarray(0, 16))

const resigned = (at: number, value: number): Uint8Array => signed(withByte(datagram(), at, value).subarray(0, -16))

const refused = (bytes: Uint8Array, because: BeatRefusal, offset: number): void =>
  assert.deepEqual(decodeBeat(bytes, receiver), { kind: "refused", because, offset })
