import assert from "node:assert/strict"
import { createHash, createHmac } from "node:crypto"
import { test } from "node:test"
import * as fc from "fast-check"
import { type Address, type Ipv4, type Ipv6, parseAddress } from "../../net/address.ts"
import { type Mac, parseMac } from "../../net/mac.ts"
import { sharedKey } from "../shared-key.ts"
import { epochMax } from "../token.ts"
import { beatBytes, type BeatContent, beatScope } from "./datagram.ts"
import { type BeatReceiver, decodeBeat } from "./decode-beat.ts"
import { encodeBeat, writeBeat } from "./encode-beat.ts"

test("parsed: the datagram on the sheet is the beat on the sheet", () => {
  assert.deepEqual(decodeBeat(sheet(), receiver), { kind: "beat", beat: said, signedWith: "current" })
})

test("emitted: the beat on the sheet is the datagram on the sheet", () => {
  assert.equal(hexOf(encodeBeat(said, scope, key)), hexOf(sheet()))
  assert.equal(beatBytes(said), sheet().length)
})

test("written: no byte of the buffer keeps what it held", () => {
  const datagram = new Uint8Array(beatBytes(said)).fill(0xa5)
  writeBeat(datagram, said, scope, key)
  assert.equal(hexOf(datagram), hexOf(sheet()))
})

test("fields: each is read from its own bytes", () => {
  const other: BeatContent = {
    ...said,
    from: 305419896 as BeatContent["from"],
    boot: 7 as BeatContent["boot"],
    sequence: 99,
    state: "leaving",
    alone: false,
    hasGateway: true,
    intervalMs: 2550,
    misses: 255,
    promiseSeconds: 65535,
    mac: parseMac("02:00:00:00:00:01")!,
    toBoot: undefined,
    toVersion: 8,
    toSequence: 9,
    base: 1,
    pageEnd: 4e9,
    total: 0xee6b2801,
  }
  for (const name of Object.keys(other) as (keyof BeatContent)[]) {
    if (name === "base" || name === "pageEnd" || name === "total") continue
    const beat: BeatContent = { ...said, [name]: other[name] }
    const datagram = encodeBeat(beat, scope, key)
    assert.deepEqual(decodeBeat(datagram, receiver), { kind: "beat", beat, signedWith: "current" }, name)
  }
  const beat = { ...said, base: 1, pageEnd: 4_000_000_000, total: 4_000_000_001 }
  assert.deepEqual(decodeBeat(encodeBeat(beat, scope, key), receiver), { kind: "beat", beat, signedWith: "current" })
})

test("sizes: 106 bytes among three nodes, 341 among fifty, 591 among a hundred, 65 changes in a page among five", () => {
  const quiet = (nodes: number): BeatContent => ({ ...empty, heard: heardBy(nodes - 1) })
  assert.deepEqual(
    [3, 50, 100].map((nodes) => beatBytes(quiet(nodes))),
    [106, 341, 591],
  )
  const full = { ...quiet(5), changes: changesOf(65), pageEnd: 65, total: 65 }
  assert.equal(beatBytes(full), 1221)
  assert.equal(encodeBeat(full, scope, key).length, 1221)
  assert.throws(
    () => encodeBeat({ ...full, changes: changesOf(66) }, scope, key),
    /1238 bytes is longer than a page of 1232/,
  )
})

test("what the sender heard longer ago than 2.5 s is left out, and no witness looks fresher than it is", () => {
  const beat = {
    ...empty,
    heard: [0, 1, 9, 10, 11, 2500, 2501, 60_000].map((ageMs, i) => ({ node: i as BeatContent["to"], ageMs })),
  }
  const received = decodeBeat(encodeBeat(beat, scope, key), receiver)
  assert.ok(received.kind === "beat")
  assert.deepEqual(
    received.beat.heard.map(({ ageMs }) => ageMs),
    [0, 10, 10, 10, 20, 2500],
  )
})

test("a value that its field cannot hold is the sender's fault, and is never cut", () => {
  for (const fault of [
    { intervalMs: 2560 },
    { intervalMs: 105 },
    { misses: 256 },
    { promiseSeconds: 65536 },
    { sequence: -1 },
    { total: 2 ** 32 },
  ])
    assert.throws(() => encodeBeat({ ...empty, ...fault }, scope, key), RangeError, JSON.stringify(fault))
})

test("either key is accepted while keys are rotated, and which one it was is told", () => {
  for (const signedWith of ["current", "next"] as const) {
    const received = decodeBeat(encodeBeat(said, scope, receiver.keys[signedWith]!), receiver)
    assert.deepEqual(received, { kind: "beat", beat: said, signedWith })
  }
})

test("two keys with the same id are both tried", () => {
  let twin = 0
  while (sharedKey(Uint8Array.of(9, twin >> 8, twin & 255)).id !== key.id) twin++
  const next = sharedKey(Uint8Array.of(9, twin >> 8, twin & 255))
  const received = decodeBeat(encodeBeat(said, scope, next), { ...receiver, keys: { current: key, next } })
  assert.deepEqual(received, { kind: "beat", beat: said, signedWith: "next" })
})

test("what can be built can be sent, and comes back as it was", () => {
  fc.assert(
    fc.property(anyBeat, (beat) => {
      const received = decodeBeat(encodeBeat(beat, scope, key), receiver)
      assert.deepEqual(received, { kind: "beat", beat, signedWith: "current" })
    }),
  )
})

const secret = Uint8Array.from({ length: 32 }, (_, i) => i)
const key = sharedKey(secret)
const scope = beatScope("6d1e0c4e-cluster", "192.168.1.0/24")
const receiver: BeatReceiver = {
  self: 0xbbbbbbbb as BeatContent["to"],
  scope,
  keys: { current: key, next: sharedKey(Uint8Array.of(1)) },
}
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

const said: BeatContent = {
  from: 0xaaaaaaaa as BeatContent["from"],
  to: receiver.self,
  boot: 0x001fffff_00000001 as BeatContent["boot"],
  sequence: 0x01020304,
  state: "active",
  alone: true,
  hasGateway: false,
  intervalMs: 100,
  misses: 5,
  promiseSeconds: 30,
  mac: parseMac("02:42:ac:11:00:02")!,
  toBoot: 0x0000000a_0000000b as BeatContent["boot"],
  toVersion: 0x11,
  toSequence: 0x12,
  base: 0x13,
  pageEnd: 0x15,
  total: 0x16,
  heard: [{ node: 0xbbbbbbbb as BeatContent["to"], ageMs: 30 }],
  changes: [
    { kind: "claimed", address: parseAddress("192.168.1.240")!, grant: 7, epoch: 0x65000000, version: 0x14 },
    { kind: "revoked", address: parseAddress("2001:db8::240")!, grant: 8, epoch: 0x65000001, version: 0x15 },
  ],
  offers: [{ address: parseAddress("192.168.1.241")!, grant: 9, epoch: 0 }],
  estate: [{ address: parseAddress("2001:db8::241")!, grant: 10, epoch: 0x65000002 }],
}

function sheet(): Uint8Array {
  const hash = (text: string, bytes: number): string =>
    createHash("sha256")
      .update(text)
      .digest("hex")
      .slice(0, 2 * bytes)
  const body = [
    `506c 01 ${createHash("sha256").update(secret).digest("hex").slice(0, 2)}`,
    `${hash("6d1e0c4e-cluster", 8)} ${hash("192.168.1.0/24", 4)}`,
    "aaaaaaaa bbbbbbbb 001fffff00000001 01020304",
    "02 01 0a 05 001e 0242ac110002",
    "0000000a0000000b 00000011 00000012 00000013 00000015 00000016",
    "01 02 01 01",
    "bbbbbbbb 03",
    "01 c0a801f0 00000007 65000000 00000014",
    "83 20010db8000000000000000000000240 00000008 65000001 00000015",
    "04 c0a801f1 00000009 00000000 00000000",
    "85 20010db8000000000000000000000241 0000000a 65000002 00000000",
  ]
  const signed = Buffer.from(body.join("").replaceAll(" ", ""), "hex")
  return new Uint8Array(Buffer.concat([signed, createHmac("sha256", secret).update(signed).digest().subarray(0, 16)]))
}

const empty: BeatContent = { ...said, base: 0, pageEnd: 0, total: 0, heard: [], changes: [], offers: [], estate: [] }
const heardBy = (nodes: number): BeatContent["heard"] =>
  Array.from({ length: nodes }, (_, i) => ({ node: i as BeatContent["to"], ageMs: 10 * (i % 250) }))
const changesOf = (count: number): BeatContent["changes"] =>
  Array.from({ length: count }, (_, i) => ({ kind: "claimed", address: i as Ipv4, grant: 1, epoch: 1, version: i + 1 }))

const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const anyAddress: fc.Arbitrary<Address> = fc.oneof(
  uint32.map((value) => value as Ipv4),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((value) => value as Ipv6),
)
const anyClaim = fc
  .tuple(anyAddress, uint32, fc.integer({ min: 0, max: epochMax }))
  .map(([address, grant, epoch]) => ({ address, grant, epoch }))
const anyChange = fc
  .tuple(anyClaim, fc.constantFrom("claimed", "free", "revoked"), fc.integer({ min: 101, max: 200 }))
  .map(([claim, kind, version]) => ({ kind, ...claim, version }))
const anyBeat: fc.Arbitrary<BeatContent> = fc
  .tuple(
    fc.tuple(
      uint32.filter((node) => node !== receiver.self),
      uint32,
      fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
      fc.nat(Number.MAX_SAFE_INTEGER),
    ),
    fc.tuple(
      fc.constantFrom("warming", "active", "doubting", "restarting", "leaving"),
      fc.boolean(),
      fc.integer({ min: 1, max: 255 }),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(65535),
    ),
    fc.integer({ min: 1, max: 2 ** 40 - 1 }),
    fc.array(fc.tuple(uint32, fc.nat(250)), { maxLength: 20 }),
    fc.tuple(
      fc.array(anyChange, { maxLength: 15 }),
      fc.array(anyClaim, { maxLength: 12 }),
      fc.array(anyClaim, { maxLength: 12 }),
    ),
  )
  .map(
    ([
      [from, sequence, boot, toBoot],
      [state, alone, tens, misses, promiseSeconds],
      mac,
      heard,
      [changes, offers, estate],
    ]) => ({
      ...said,
      from: from as BeatContent["from"],
      sequence,
      boot: boot as BeatContent["boot"],
      toBoot: toBoot === 0 ? undefined : (toBoot as BeatContent["boot"]),
      state,
      alone,
      intervalMs: tens * 10,
      misses,
      promiseSeconds,
      mac: mac as Mac,
      changes,
      offers,
      estate,
      base: 100,
      pageEnd: 200,
      total: 300,
      heard: heard.map(([node, age]) => ({
        node: node as BeatContent["to"],
        ageMs: age * 10,
      })),
    }),
  )
