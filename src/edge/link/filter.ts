import type { Ipv6 } from "../../net/address.ts"
import { prefixOf } from "../../net/prefix.ts"
import type { AddressRange } from "../../net/range.ts"
import { ETH_P_ARP, ETH_P_IPV6 } from "./abi.ts"

/** One instruction of classic BPF: `code k`, and how many instructions to skip if true or false. */
export type Instruction = { readonly code: number; readonly jt: number; readonly jf: number; readonly k: number }

/** A program for SO_ATTACH_FILTER. `widened`: there were too many ranges, so it also passes addresses between them. */
export type Filter = { readonly program: readonly Instruction[]; readonly widened: boolean }

/** The kernel refuses more than 4,096; half of that still fits the 20 KiB optmem_max of older kernels (measured: 2,500). */
export const instructionsMax = 2048
const preambleMax = 40
/** An IPv4 range costs three instructions a field, an IPv6 prefix at most ten; two fields of a frame are compared. */
const rangesMax = Math.floor((instructionsMax - preambleMax) / 6)
const prefixesMax = Math.floor((instructionsMax - preambleMax) / 20)

const op = { ldWord: 0x20, ldHalf: 0x28, ldByte: 0x30, and: 0x54, eq: 0x15, gt: 0x25, ge: 0x35, ret: 0x06 } as const
/** Offsets that load what the kernel knows about the frame instead of its bytes (SKF_AD_OFF in linux/filter.h). */
export const ancillary = { packetType: 0xfffff004, vlanTag: 0xfffff02c, vlanTagPresent: 0xfffff030 } as const
/** PACKET_HOST, PACKET_BROADCAST and PACKET_MULTICAST; above them are other hosts' and our own outgoing frames. */
const packetHost = 0
const packetMulticast = 2

const passBytes = 0x40000
const pass: Instruction = { code: op.ret, jt: 0, jf: 0, k: passBytes }
const drop: Instruction = { code: op.ret, jt: 0, jf: 0, k: 0 }
const load = (code: number, k: number): Instruction => ({ code, jt: 0, jf: 0, k })
/** Goes on if the test holds, else drops. */
const need = (code: number, k: number): Instruction[] => [{ code, jt: 1, jf: 0, k }, drop]
/** Drops if the test holds, else goes on. */
const refuse = (code: number, k: number): Instruction[] => [{ code, jt: 0, jf: 1, k }, drop]

/** A frame of another VLAN reaches an untagged socket with its tag taken off; only its packet type and tag tell. */
const forThisLink: readonly Instruction[] = [
  load(op.ldWord, ancillary.packetType),
  ...refuse(op.gt, packetMulticast),
  load(op.ldWord, ancillary.vlanTagPresent),
  { code: op.eq, jt: 4, jf: 0, k: 0 },
  load(op.ldWord, ancillary.vlanTag),
  { code: op.and, jt: 0, jf: 0, k: 0x0fff },
  ...need(op.eq, 0),
]

/** Answers to our own questions come to our hardware address, whatever they are about. */
const sentToUs: readonly Instruction[] = [
  load(op.ldWord, ancillary.packetType),
  { code: op.eq, jt: 0, jf: 1, k: packetHost },
  pass,
]

const byteOf = { arpSender: 28, arpTarget: 38, ipv6Source: 22, neighbourTarget: 62 } as const

/** RFC 826 requests and replies for Ethernet and IPv4 whose sender or target lies in `ranges`, or that are sent to us. */
export const arpFilter = (ranges: readonly AddressRange[]): Filter => {
  const { spans, widened } = ipv4Spans(ranges)
  const program = [
    ...forThisLink,
    load(op.ldHalf, 12),
    ...need(op.eq, ETH_P_ARP),
    load(op.ldWord, 14),
    ...need(op.eq, 0x0001_0800),
    load(op.ldHalf, 18),
    ...need(op.eq, 0x0604),
    load(op.ldHalf, 20),
    ...need(op.gt, 0),
    ...refuse(op.gt, 2),
    ...sentToUs,
    ...passSpans(byteOf.arpSender, spans),
    ...passSpans(byteOf.arpTarget, spans),
    drop,
  ]
  return { program, widened }
}

/** RFC 4861 NS (135) and NA (136) with hop limit 255 whose source or target lies in `ranges`, or that are sent to us. */
export const ndpFilter = (ranges: readonly AddressRange[]): Filter => {
  const { prefixes, widened } = ipv6Prefixes(ranges)
  const program = [
    ...forThisLink,
    load(op.ldHalf, 12),
    ...need(op.eq, ETH_P_IPV6),
    load(op.ldByte, 20),
    ...need(op.eq, 58),
    load(op.ldByte, 21),
    ...need(op.eq, 255),
    load(op.ldByte, 54),
    ...need(op.gt, 134),
    ...refuse(op.gt, 136),
    ...sentToUs,
    ...prefixes.flatMap((prefix) => passPrefix(byteOf.neighbourTarget, prefix)),
    ...prefixes.flatMap((prefix) => passPrefix(byteOf.ipv6Source, prefix)),
    drop,
  ]
  return { program, widened }
}

/** struct sock_filter, eight bytes each, little-endian. */
export const encodeProgram = (program: readonly Instruction[], into: Uint8Array<ArrayBuffer>): void => {
  const view = new DataView(into.buffer)
  for (const [at, { code, jt, jf, k }] of program.entries()) {
    view.setUint16(at * 8, code, true)
    view.setUint8(at * 8 + 2, jt)
    view.setUint8(at * 8 + 3, jf)
    view.setUint32(at * 8 + 4, k, true)
  }
}

type Span = readonly [first: number, last: number]

const passSpans = (offset: number, spans: readonly Span[]): Instruction[] =>
  spans.length === 0 ? [] : [load(op.ldWord, offset), ...spans.flatMap(passSpan)]

const passSpan = ([first, last]: Span): Instruction[] => [
  { code: op.ge, jt: 0, jf: 2, k: first },
  { code: op.gt, jt: 1, jf: 0, k: last },
  pass,
]

/** The IPv4 ranges in order, touching ones as one; rounded outwards to ever larger blocks until they fit the program. */
const ipv4Spans = (ranges: readonly AddressRange[]): { spans: readonly Span[]; widened: boolean } => {
  const exact = ranges.flatMap((range): Span[] => (range.family === 4 ? [[range.first, range.last]] : []))
  for (let block = 1; ; block *= 2) {
    const rounded = exact.map(([first, last]): Span => [first - (first % block), last - (last % block) + block - 1])
    const spans = joined(rounded)
    if (spans.length <= rangesMax) return { spans, widened: block > 1 }
  }
}

const joined = (spans: readonly Span[]): readonly Span[] => {
  const result: [number, number][] = []
  for (const [first, last] of [...spans].sort((a, b) => a[0] - b[0])) {
    const before = result.at(-1)
    if (before !== undefined && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else result.push([first, last])
  }
  return result
}

type Net = { readonly address: Ipv6; readonly length: number }

/** For each IPv6 range the smallest prefix round it; all made shorter together until they fit the program. */
const ipv6Prefixes = (ranges: readonly AddressRange[]): { prefixes: readonly Net[]; widened: boolean } => {
  const exact = ranges.flatMap((range) => (range.family === 6 ? [enclosing(range.first, range.last)] : []))
  for (let lengthMax = 128; ; lengthMax -= 8) {
    const prefixes = distinct(exact.map((net) => shortened(net, lengthMax)))
    if (prefixes.length <= prefixesMax) return { prefixes, widened: lengthMax < 128 }
  }
}

const enclosing = (first: Ipv6, last: Ipv6): Net => {
  const differs = first ^ last
  return shortened({ address: first, length: 128 }, differs === 0n ? 128 : 128 - differs.toString(2).length)
}

const shortened = ({ address, length }: Net, lengthMax: number): Net => {
  const network = prefixOf(address, Math.min(length, lengthMax))
  return network.family === 6 ? { address: network.address, length: network.length } : { address, length }
}

const distinct = (nets: readonly Net[]): readonly Net[] => [
  ...new Map(nets.map((net) => [`${net.address}/${net.length}`, net])).values(),
]

/** Compares word by word; the first word that differs skips to the end of this prefix. */
const passPrefix = (offset: number, { address, length }: Net): Instruction[] => {
  const program: Instruction[] = [pass]
  for (let word = Math.ceil(length / 32) - 1; word >= 0; word--) {
    const value = Number((address >> BigInt(96 - word * 32)) & 0xffffffffn)
    const bits = Math.min(32, length - word * 32)
    const mask = (0xffffffff << (32 - bits)) >>> 0
    program.unshift({ code: op.eq, jt: 0, jf: program.length, k: value })
    if (bits < 32) program.unshift({ code: op.and, jt: 0, jf: 0, k: mask })
    program.unshift(load(op.ldWord, offset + word * 4))
  }
  return program
}
