import type { Ipv4, Ipv6 } from "./address.ts"
import type { Prefix } from "./prefix.ts"
import type { AddressRange } from "./range.ts"

/** The fewest prefixes that hold exactly the addresses of a range, ascending: at most 62 for IPv4 and 254 for IPv6. */
export const prefixesOfRange = (range: AddressRange): readonly Prefix[] =>
  range.family === 4 ? ipv4Prefixes(range.first, range.last) : ipv6Prefixes(range.first, range.last)

const ipv4Prefixes = (first: Ipv4, last: Ipv4): readonly Prefix[] => {
  const prefixes: Prefix[] = []
  for (let at: number = first; at <= last;) {
    let hostBits = 0
    while (at % 2 ** (hostBits + 1) === 0 && at + 2 ** (hostBits + 1) - 1 <= last) hostBits++
    prefixes.push({ family: 4, address: at as Ipv4, length: 32 - hostBits })
    at += 2 ** hostBits
  }
  return prefixes
}

const ipv6Prefixes = (first: Ipv6, last: Ipv6): readonly Prefix[] => {
  const prefixes: Prefix[] = []
  for (let at: bigint = first; at <= last;) {
    let hostBits = 0n
    while (at % (2n << hostBits) === 0n && at + (2n << hostBits) - 1n <= last) hostBits++
    prefixes.push({ family: 6, address: at as Ipv6, length: 128 - Number(hostBits) })
    at += 1n << hostBits
  }
  return prefixes
}
