import {
  type Address,
  bitsOf,
  familyOf,
  type Family,
  type Ipv4,
  type Ipv6,
  parseAddress,
  printAddress,
} from "./address.ts"
import type { AddressRange } from "./range.ts"

/** A network; its host bits are zero. Never a Map key: use its text. */
export type Prefix =
  | { readonly family: 4; readonly address: Ipv4; readonly length: number }
  | { readonly family: 6; readonly address: Ipv6; readonly length: number }

/** `address/length`; host bits are cleared, as Kubernetes and MetalLB do. A bare address, a netmask or a zone is undefined. */
export const parsePrefix = (text: string): Prefix | undefined => {
  const [addressText, lengthText, rest] = text.split("/")
  if (addressText === undefined || lengthText === undefined || rest !== undefined) return undefined
  const address = parseAddress(addressText)
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(lengthText)) return undefined
  return Number(lengthText) <= bitsOf(familyOf(address)) ? prefixOf(address, Number(lengthText)) : undefined
}

/** The network of `length` bits that holds `address`. */
export const prefixOf = (address: Address, length: number): Prefix => {
  if (typeof address === "number")
    return { family: 4, address: (address - (address % 2 ** (32 - length))) as Ipv4, length }
  const hostBits = BigInt(128 - length)
  return { family: 6, address: ((address >> hostBits) << hostBits) as Ipv6, length }
}

export const printPrefix = (prefix: Prefix): string => `${printAddress(prefix.address)}/${prefix.length}`

export const rangeOfPrefix = (prefix: Prefix): AddressRange =>
  prefix.family === 4
    ? { family: 4, first: prefix.address, last: (prefix.address + 2 ** (32 - prefix.length) - 1) as Ipv4 }
    : { family: 6, first: prefix.address, last: (prefix.address + (1n << BigInt(128 - prefix.length)) - 1n) as Ipv6 }

export const prefixHolds = (prefix: Prefix, address: Address): boolean =>
  familyOf(address) === (prefix.family satisfies Family) && prefixOf(address, prefix.length).address === prefix.address
