import assert from "node:assert/strict"
import { test } from "node:test"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { type Ipv4, type Ipv6, parseAddress, parseIpv4, parseIpv6 } from "../net/address.ts"
import { broadcastMac, parseMac } from "../net/mac.ts"
import { arpRequest, gratuitousArp, openArpToken } from "./arp/frames.ts"
import { emitArp, parseArp } from "./arp/packet.ts"
import { respondToArp } from "./arp/responder.ts"
import { type BeatContent, beatScope } from "./beat/datagram.ts"
import { type BeatReceiver, decodeBeat } from "./beat/decode-beat.ts"
import { encodeBeat } from "./beat/encode-beat.ts"
import { checksumOfSum } from "./bytes/checksum.ts"
import { writeUint16 } from "./bytes/writer.ts"
import { emitNdp } from "./ndp/emit-message.ts"
import { neighborSolicitation, openNdpToken, unsolicitedAdvertisement } from "./ndp/frames.ts"
import { icmpSum, parseNdp } from "./ndp/parse-message.ts"
import { respondToNdp } from "./ndp/responder.ts"
import { sharedKey, type SharedKeys } from "./shared-key.ts"
import { sealToken } from "./token.ts"

/** A decoder under fire: a member's honest frames, and what is done with a changed one. */
type Target = {
  readonly samples: readonly Uint8Array[]
  /** Throws where something is wrong, and says whether the input was accepted, so that a run without any is noticed. */
  readonly decode: (bytes: Uint8Array) => boolean
}

test("ARP: what is accepted can be sent again and means the same", () => bombard(arp()))

test("neighbour discovery: refused for its checksum, most of the time", () => bombard(ndp((bytes) => bytes)))

test("neighbour discovery by somebody who can reckon a checksum", () => bombard(ndp(withChecksum)))

test("beats by somebody without the key", () => bombard(beat((bytes) => bytes)))

test("beats by somebody with the key", () => bombard(beat(resign)))

/** A million in CI; enough to notice a blunder while somebody waits. */
const mutations = Number(process.env["PORCHLIGHT_MUTATIONS"] ?? 20_000)
/** What may be left over after garbage collection, however many inputs there were: 16 bytes an input of a million, and other tests share the heap. */
const growthBytesMax = 16_000_000

const bombard = ({ samples, decode }: Target): void => {
  for (const sample of samples) assert.ok(decode(sample), "the unchanged sample is accepted")
  const random = numbersFrom(0x5eed)
  let accepted = 0
  const run = (count: number): void => {
    for (let i = 0; i < count; i++) {
      const input = mutate(samples[random() % samples.length]!, random)
      const copy = input.slice()
      try {
        if (decode(input)) accepted++
      } catch (cause) {
        throw new Error(`a decoder threw at ${Buffer.from(copy).toString("hex")}`, { cause })
      }
    }
  }
  run(mutations / 10)
  const before = heapBytes()
  run(mutations - mutations / 10)
  const growth = heapBytes() - before
  assert.ok(growth < growthBytesMax, `the heap grew by ${growth} bytes over ${mutations} inputs`)
  assert.ok(accepted > 0 && accepted < mutations, `${accepted} of ${mutations} were accepted`)
}

const mutate = (sample: Uint8Array, random: () => number): Uint8Array => {
  let bytes = sample.slice()
  for (let changes = 1 + (random() % 4); changes > 0; changes--) {
    const at = random() % (bytes.length || 1)
    switch (random() % 7) {
      case 0:
      case 1:
        bytes[at]! ^= 1 << (random() % 8)
        break
      case 2:
        bytes[at] = random()
        break
      case 3:
        bytes[at] = awkward[random() % awkward.length]!
        break
      case 4:
        bytes = bytes.slice(0, at)
        break
      case 5:
        bytes = Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(random() % (bytes.length || 1)))
        break
      default:
        bytes.fill(random(), at, at + (random() % 16))
    }
  }
  return bytes
}

const awkward = [0, 1, 2, 4, 6, 8, 0x10, 0x20, 0x3a, 0x7f, 0x80, 0x81, 0x86, 0x87, 0x88, 0xfe, 0xff]

/** Marsaglia's xorshift: the same inputs in each run. */
const numbersFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

const heapBytes = (): number => {
  setFlagsFromString("--expose-gc")
  const collect = runInNewContext("gc") as () => void
  collect()
  return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
}

const keys: SharedKeys = { current: sharedKey(Uint8Array.of(1, 2, 3)), next: sharedKey(Uint8Array.of(4, 5, 6)) }
const member = parseMac("02:42:ac:11:00:02")!
const ours = parseMac("02:42:ac:11:00:03")!

function arp(): Target {
  const target = parseIpv4("192.168.1.240")!
  const asked = { mac: member, sender: parseIpv4("192.168.1.2")!, target }
  const sealedToken = sealToken(keys.current, member, target, { kind: "question", nonce: 77 })
  const { request, reply } = gratuitousArp(
    member,
    target,
    sealToken(keys.current, member, target, { kind: "announcement", grant: 1, epoch: 2 }),
  )
  return {
    samples: [
      arpRequest({ ...asked, destination: broadcastMac, sealedToken: undefined }),
      arpRequest({ ...asked, destination: ours, sealedToken }),
      arpRequest({ ...asked, sender: 0 as Ipv4, destination: broadcastMac, sealedToken: undefined }),
      request,
      reply,
    ],
    decode: (bytes) => {
      const packet = parseArp(bytes)
      if (packet.kind === "malformed") return assertPlace(packet.offset, bytes)
      assert.deepEqual(parseArp(emitArp(packet)), packet)
      openArpToken(keys, packet)
      const outcome = respondToArp(packet, { mac: ours }, (address) => (address === target ? 1 : undefined))
      assert.ok(outcome.kind !== "reply" || outcome.frame.length === 60)
      return true
    },
  }
}

function ndp(prepare: (bytes: Uint8Array) => Uint8Array): Target {
  const target = parseIpv6("2001:db8::240")!
  const asked = { mac: member, sender: parseIpv6("fe80::2")!, target }
  const sealedToken = sealToken(keys.current, member, target, { kind: "question", nonce: 77 })
  const announced = sealToken(keys.current, member, target, { kind: "announcement", grant: 1, epoch: 2 })
  return {
    samples: [
      neighborSolicitation({ ...asked, station: undefined, sealedToken: undefined }),
      neighborSolicitation({ ...asked, station: ours, sealedToken }),
      unsolicitedAdvertisement(member, target, announced),
    ],
    decode: (bytes) => {
      const message = parseNdp(prepare(bytes))
      if (message.kind === "malformed") return assertPlace(message.offset, bytes)
      assert.deepEqual(parseNdp(emitNdp(message)), message)
      openNdpToken(keys, message)
      const outcome = respondToNdp(message, { mac: ours }, (address) => (address === target ? 1 : undefined))
      assert.ok(outcome.kind !== "reply" || parseNdp(outcome.frame).kind === "advertisement")
      return true
    },
  }
}

const withChecksum = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length < 58) return bytes
  writeUint16(bytes, 56, 0)
  const end = 54 + ((bytes[18]! << 8) | bytes[19]!)
  if (end <= bytes.length) writeUint16(bytes, 56, checksumOfSum(icmpSum(bytes, end)))
  return bytes
}

function beat(prepare: (bytes: Uint8Array) => Uint8Array): Target {
  const receiver: BeatReceiver = { self: 2 as BeatContent["to"], scope: beatScope("ours", "192.168.1.0/24"), keys }
  const claim = { address: parseIpv4("192.168.1.240")!, grant: 1, epoch: 1 }
  const said: BeatContent = {
    from: 1 as BeatContent["from"],
    to: receiver.self,
    boot: 5 as BeatContent["boot"],
    sequence: 6,
    state: "active",
    alone: false,
    hasGateway: true,
    intervalMs: 100,
    misses: 5,
    promiseSeconds: 0,
    mac: member,
    toBoot: 7 as BeatContent["boot"],
    toVersion: 0,
    toSequence: 0,
    base: 0,
    pageEnd: 9,
    total: 9,
    heard: [3, 4, 5].map((node) => ({
      node: node as BeatContent["to"],
      ageMs: 10 * node,
    })),
    changes: [1, 2, 3].map((version) => ({
      kind: "claimed",
      ...claim,
      version,
    })),
    offers: [
      {
        ...claim,
        address: parseAddress("2001:db8::240") as Ipv6,
      },
    ],
    estate: [claim],
  }
  return {
    samples: [said, { ...said, heard: [], changes: [], offers: [], estate: [] }].map((beat) =>
      encodeBeat(beat, receiver.scope, keys.current),
    ),
    decode: (bytes) => {
      const input = prepare(bytes)
      const received = decodeBeat(input, receiver)
      if (received.kind === "refused") return assertPlace(received.offset, input)
      const again = decodeBeat(encodeBeat(received.beat, receiver.scope, keys.current), receiver)
      assert.deepEqual(again, { ...received, signedWith: "current" })
      return true
    },
  }
}

const resign = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length < 16) return bytes
  bytes[3] = keys.current.id
  bytes.set(keys.current.sign(bytes.subarray(0, -16)).subarray(0, 16), bytes.length - 16)
  return bytes
}

const assertPlace = (offset: number, bytes: Uint8Array): false => {
  assert.ok(offset >= 0 && offset <= bytes.length, `offset ${offset} of ${bytes.length} bytes`)
  return false
}
