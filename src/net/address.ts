import { Address6 } from "ip-address"

declare const brand: unique symbol
/** A value that type checking keeps apart from others of the same shape. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name }
export type NonEmpty<T> = readonly [T, ...T[]]

/** An IPv4 address as its number, 0 to 2^32 - 1. */
export type Ipv4 = Brand<number, "Ipv4">
/** An IPv6 address as its number, 0 to 2^128 - 1. Never key a Map by an IPv6 network: V8 hashes the low digits only. */
export type Ipv6 = Brand<bigint, "Ipv6">
/** `typeof` narrows, `===` compares, `<` orders inside a family. */
export type Address = Ipv4 | Ipv6
export type Family = 4 | 6

export const familyOf = (address: Address): Family => (typeof address === "number" ? 4 : 6)

export const bitsOf = (family: Family): 32 | 128 => (family === 4 ? 32 : 128)

const ipv4Text = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/

/** Four decimal octets without leading zeros; anything else is undefined (`010.0.0.1` means different hosts to different programs). */
export const parseIpv4 = (text: string): Ipv4 | undefined => {
  const octets = ipv4Text.exec(text)
  if (octets === null) return undefined
  let value = 0
  for (const octet of octets.slice(1)) {
    if (Number(octet) > 255) return undefined
    value = value * 256 + Number(octet)
  }
  return value as Ipv4
}

/** RFC 4291 text; zone identifiers, prefixes and ports are refused. */
export const parseIpv6 = (text: string): Ipv6 | undefined => {
  if (!text.includes(":") || /[^0-9a-fA-F:.]/.test(text) || !Address6.isValid(text)) return undefined
  return new Address6(text).bigInt() as Ipv6
}

/** An address of either family. IPv4-mapped IPv6 (`::ffff:1.2.3.4`) stays IPv6: callers who must not meet it refuse it by name. */
export const parseAddress = (text: string): Address | undefined => parseIpv4(text) ?? parseIpv6(text)

/** Dotted IPv4, or RFC 5952 IPv6 (IPv4-mapped in the mixed form of its section 5): what Go prints, so what MetalLB hashes and Kubernetes stores. */
export const printAddress = (address: Address): string => {
  if (typeof address === "number")
    return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
  return isMappedIpv4(address)
    ? `::ffff:${printAddress(Number(address & 0xffffffffn) as Ipv4)}`
    : Address6.fromBigInt(address).correctForm()
}

export const isMappedIpv4 = (address: Ipv6): boolean => address >> 32n === 0xffffn

/** IPv4 before IPv6, then by number. */
export const compareAddresses = (a: Address, b: Address): number => {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1
  return a < b ? -1 : a > b ? 1 : 0
}

export const ipv4FromBytes = (bytes: Uint8Array, at = 0): Ipv4 =>
  (((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0) as Ipv4

/** Big-endian bytes of an address: 4 or 16. */
export const addressBytes = (address: Address): Uint8Array => {
  if (typeof address === "number") return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address)
  const bytes = new Uint8Array(16)
  const view = new DataView(bytes.buffer)
  view.setBigUint64(0, address >> 64n)
  view.setBigUint64(8, BigInt.asUintN(64, address))
  return bytes
}

export const ipv6FromBytes = (bytes: Uint8Array, at = 0): Ipv6 =>
  ((BigInt(ipv4FromBytes(bytes, at)) << 96n) |
    (BigInt(ipv4FromBytes(bytes, at + 4)) << 64n) |
    (BigInt(ipv4FromBytes(bytes, at + 8)) << 32n) |
    BigInt(ipv4FromBytes(bytes, at + 12))) as Ipv6
