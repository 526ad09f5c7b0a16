import type { Ipv6 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"

/** The group MAC of an IPv6 multicast address: 33:33 and its low 32 bits (RFC 2464 section 7). */
export const multicastMac = (group: Ipv6): Mac => (0x3333 * 2 ** 32 + Number(BigInt.asUintN(32, group))) as Mac

export const isMulticast = (address: Ipv6): boolean => address >> 120n === 0xffn
