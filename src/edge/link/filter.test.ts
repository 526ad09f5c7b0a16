import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { type Address, addressBytes, type Ipv4, type Ipv6, parseAddress } from "../../net/address.ts"
import { parseRange, type AddressRange, rangeHolds } from "../../net/range.ts"
import {
  ancillary,
  arpFilter,
  encodeProgram,
  type Filter,
  type Instruction,
  instructionsMax,
  ndpFilter,
} from "./filter.ts"

const pool = [ranged("192.168.40.200-192.168.40.210"), ranged("10.0.0.7-10.0.0.7"), ranged("fd00:40::200-fd00:40::2ff")]

test("a broadcast question for an address of the pool passes", () => {
  assert.ok(passes(arpFilter(pool), arp({ target: "192.168.40.205" }), { type: broadcast }))
})

test("a question for a neighbour outside the pool never reaches the program", () => {
  assert.ok(!passes(arpFilter(pool), arp({ target: "192.168.40.211" }), { type: broadcast }))
  assert.ok(!passes(arpFilter(pool), arp({ target: "192.168.40.199" }), { type: broadcast }))
})

test("a stranger's announcement of a pool address passes: that is the conflict watch", () => {
  assert.ok(passes(arpFilter(pool), arp({ opcode: 2, sender: "10.0.0.7", target: "10.0.0.7" }), { type: broadcast }))
})

test("the gateway's answer to our own question passes, because it is sent to us", () => {
  assert.ok(passes(arpFilter(pool), arp({ opcode: 2, sender: "192.168.40.1" }), { type: host }))
  assert.ok(!passes(arpFilter(pool), arp({ opcode: 2, sender: "192.168.40.1" }), { type: broadcast }))
})

test("a frame for another host, and our own outgoing one, are dropped by the first rule", () => {
  for (const filter of [arpFilter(pool), ndpFilter(pool)])
    for (const type of [otherHost, outgoing]) {
      assert.ok(!passes(filter, arp({ target: "192.168.40.205" }), { type }))
      assert.ok(!passes(filter, neighbour({ target: "fd00:40::205" }), { type }))
    }
})

test("a frame of VLAN 42 is not ours though its tag was taken off; a priority tag (VLAN 0) is no VLAN", () => {
  const question = arp({ target: "192.168.40.205" })
  assert.ok(!passes(arpFilter(pool), question, { type: broadcast, vlan: 42 }))
  assert.ok(passes(arpFilter(pool), question, { type: broadcast, vlan: 0xe000 }))
})

test("only requests and replies of IPv4 over Ethernet pass", () => {
  for (const opcode of [0, 3, 4, 9, 0xffff])
    assert.ok(!passes(arpFilter(pool), arp({ opcode, target: "192.168.40.205" }), { type: broadcast }))
  for (const at of [15, 16, 18, 19]) {
    const frame = arp({ target: "192.168.40.205" })
    frame[at] = 77
    assert.ok(!passes(arpFilter(pool), frame, { type: broadcast }), `byte ${at}`)
  }
})

test("a frame cut short is dropped, wherever it is cut", () => {
  const question = arp({ target: "192.168.40.205" })
  for (let length = 0; length < 42; length++)
    assert.ok(!passes(arpFilter(pool), question.subarray(0, length), { type: broadcast }), `${length} bytes`)
})

test("solicitations and advertisements for the pool pass, router advertisements and other hop limits do not", () => {
  const seen = (frame: Uint8Array) => passes(ndpFilter(pool), frame, { type: multicast })
  assert.ok(seen(neighbour({ target: "fd00:40::205" })))
  assert.ok(seen(neighbour({ kind: 136, target: "fd00:40::205" })))
  assert.ok(seen(neighbour({ source: "fd00:40::2ff", target: "fe80::1" })))
  assert.ok(!seen(neighbour({ target: "fd00:40::305" })))
  assert.ok(!seen(neighbour({ kind: 134, target: "fd00:40::205" })))
  assert.ok(!seen(neighbour({ kind: 137, target: "fd00:40::205" })))
  assert.ok(!seen(neighbour({ target: "fd00:40::205", hopLimit: 254 })))
  assert.ok(passes(ndpFilter(pool), neighbour({ kind: 136, target: "fe80::1" }), { type: host }))
})

test("without a pool only what is sent to us passes", () => {
  assert.ok(!passes(arpFilter([]), arp({ target: "192.168.40.205" }), { type: broadcast }))
  assert.ok(passes(arpFilter([]), arp({ target: "192.168.40.205" }), { type: host }))
})

test("whatever the ranges, every address inside passes, and a filter that is not widened passes no IPv4 outside", () => {
  fc.assert(
    fc.property(fc.array(ipv4Range(), { maxLength: 12 }), fc.integer({ min: 0, max: 0xffffffff }), (ranges, any) => {
      const filter = arpFilter(ranges)
      const probe = (address: number) => passes(filter, arp({ target: address as Ipv4 }), { type: broadcast })
      for (const range of ranges) assert.ok(probe(Number(range.first)) && probe(Number(range.last)))
      assert.equal(
        probe(any),
        ranges.some((range) => rangeHolds(range, any as Ipv4)),
      )
    }),
  )
})

test("whatever the IPv6 ranges, both ends pass", () => {
  fc.assert(
    fc.property(fc.array(ipv6Range(), { maxLength: 12 }), (ranges) => {
      const filter = ndpFilter(ranges)
      const probe = (target: Address) => passes(filter, neighbour({ target }), { type: multicast })
      for (const range of ranges) assert.ok(probe(range.first) && probe(range.last))
    }),
  )
})

test("ten thousand scattered ranges make a wider filter that says so, not one that the kernel refuses", () => {
  const scattered4 = Array.from({ length: 10_000 }, (_, i) => single((0x0a000000 + i * 331) as Ipv4))
  const scattered6 = Array.from({ length: 10_000 }, (_, i) => single(((0xfd00n << 112n) + BigInt(i) * 65_537n) as Ipv6))
  for (const [filter, build] of [
    [arpFilter(scattered4), (i: number) => arp({ target: scattered4[i]!.first })],
    [ndpFilter(scattered6), (i: number) => neighbour({ target: scattered6[i]!.first })],
  ] as const) {
    assert.ok(filter.widened)
    assert.ok(filter.program.length <= instructionsMax, `${filter.program.length} instructions`)
    for (const i of [0, 1, 4999, 9999]) assert.ok(passes(filter, build(i), { type: broadcast }))
  }
})

test("a program is laid out as struct sock_filter", () => {
  const bytes = new Uint8Array(16)
  encodeProgram(
    [
      { code: 0x28, jt: 0, jf: 0, k: 12 },
      { code: 0x15, jt: 1, jf: 2, k: 0x86dd },
    ],
    bytes,
  )
  assert.equal(Buffer.from(bytes).toString("hex"), "280000000c00000015000102dd860000")
})

const host = 0
const broadcast = 1
const multicast = 2
const otherHost = 3
const outgoing = 4

type Arrival = { type: number; vlan?: number }

/** A tiny classic BPF machine: the instructions that filters here are made of, with the kernel's meaning. */
function passes(filter: Filter, frame: Uint8Array, arrival: Arrival): boolean {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  let accumulator = 0
  for (let at = 0, left = 5000; left > 0; at++, left--) {
    const instruction = filter.program[at]
    assert.ok(instruction !== undefined, "the program runs off its end")
    assert.ok(instruction.jt < 256 && instruction.jf < 256, "a jump is one byte")
    const { code, jt, jf, k } = instruction
    if (code === 0x06) return k > 0
    if (code === 0x54) accumulator = (accumulator & k) >>> 0
    else if (code === 0x15) at += accumulator === k ? jt : jf
    else if (code === 0x25) at += accumulator > k ? jt : jf
    else if (code === 0x35) at += accumulator >= k ? jt : jf
    else {
      const loaded = loadFrom(view, instruction, arrival)
      if (loaded === undefined) return false
      accumulator = loaded
    }
  }
  throw new Error("the program does not end")
}

function loadFrom(view: DataView, { code, k }: Instruction, arrival: Arrival): number | undefined {
  if (k === ancillary.packetType) return arrival.type
  if (k === ancillary.vlanTagPresent) return arrival.vlan === undefined ? 0 : 1
  if (k === ancillary.vlanTag) return arrival.vlan ?? 0xffff
  const size = code === 0x20 ? 4 : code === 0x28 ? 2 : 1
  assert.ok([0x20, 0x28, 0x30].includes(code), `instruction ${code}`)
  if (k + size > view.byteLength) return undefined
  return size === 4 ? view.getUint32(k) : size === 2 ? view.getUint16(k) : view.getUint8(k)
}

function arp(what: { opcode?: number; sender?: string | Address; target?: string | Address }): Uint8Array {
  const frame = new Uint8Array(60)
  frame.set([0x08, 0x06, 0, 1, 0x08, 0, 6, 4], 12)
  new DataView(frame.buffer).setUint16(20, what.opcode ?? 1)
  frame.set(bytesOf(what.sender ?? "172.16.9.9"), 28)
  frame.set(bytesOf(what.target ?? "172.16.9.8"), 38)
  return frame
}

function neighbour(what: { kind?: number; source?: string; target: string | Address; hopLimit?: number }): Uint8Array {
  const frame = new Uint8Array(86)
  frame.set([0x86, 0xdd], 12)
  frame.set([58, what.hopLimit ?? 255], 20)
  frame.set(bytesOf(what.source ?? "fe80::9"), 22)
  frame[54] = what.kind ?? 135
  frame.set(bytesOf(what.target), 62)
  return frame
}

function bytesOf(address: string | Address): Uint8Array {
  const value = typeof address === "string" ? parseAddress(address) : address
  assert.ok(value !== undefined)
  return addressBytes(value)
}

function ranged(text: string): AddressRange {
  const range = parseRange(text)
  assert.ok(range !== undefined)
  return range
}

function single(address: Address): AddressRange {
  return typeof address === "number"
    ? { family: 4, first: address, last: address }
    : { family: 6, first: address, last: address }
}

function ipv4Range(): fc.Arbitrary<AddressRange> {
  const number = fc.integer({ min: 0, max: 0xffffffff })
  return fc.tuple(number, fc.nat(5000)).map(([first, size]) => ({
    family: 4,
    first: first as Ipv4,
    last: Math.min(first + size, 0xffffffff) as Ipv4,
  }))
}

function ipv6Range(): fc.Arbitrary<AddressRange> {
  const number = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })
  return fc.tuple(number, number).map(([a, b]) => ({
    family: 6,
    first: (a < b ? a : b) as Ipv6,
    last: (a < b ? b : a) as Ipv6,
  }))
}
