import { type Address, familyOf, type Ipv4, type Ipv6, parseAddress, printAddress } from "./address.ts"

/** Addresses from `first` to `last`, both included; first is never above last. */
export type AddressRange =
  | { readonly family: 4; readonly first: Ipv4; readonly last: Ipv4 }
  | { readonly family: 6; readonly first: Ipv6; readonly last: Ipv6 }

/** The range between two addresses of one family, or undefined where they are of two families or in the wrong order. */
export const rangeBetween = (first: Address, last: Address): AddressRange | undefined => {
  if (typeof first === "number" && typeof last === "number")
    return first <= last ? { family: 4, first, last } : undefined
  if (typeof first === "bigint" && typeof last === "bigint")
    return first <= last ? { family: 6, first, last } : undefined
  return undefined
}

/** `first-last`, blanks round the dash allowed. */
export const parseRange = (text: string): AddressRange | undefined => {
  const [firstText, lastText, rest] = text.split("-")
  if (firstText === undefined || lastText === undefined || rest !== undefined) return undefined
  const first = parseAddress(firstText.trim())
  const last = parseAddress(lastText.trim())
  return first === undefined || last === undefined ? undefined : rangeBetween(first, last)
}

export const printRange = (range: AddressRange): string =>
  range.first === range.last ? printAddress(range.first) : `${printAddress(range.first)}-${printAddress(range.last)}`

export const rangeHolds = (range: AddressRange, address: Address): boolean =>
  familyOf(address) === range.family && address >= range.first && address <= range.last

export const rangesOverlap = (a: AddressRange, b: AddressRange): boolean =>
  a.family === b.family && a.first <= b.last && b.first <= a.last

/** How many addresses: a number for IPv4, a bigint for IPv6. */
export const rangeSize = (range: AddressRange): number | bigint =>
  range.family === 4 ? range.last - range.first + 1 : range.last - range.first + 1n
