import type { Ipv6 } from "../../net/address.ts"

/** The group that hears questions for an address: ff02::1:ff00:0/104 and its low 24 bits (RFC 4291 section 2.7.1). */
export const solicitedNodeGroup = (address: Ipv6): Ipv6 => (solicitedNodeBase | BigInt.asUintN(24, address)) as Ipv6

export const isSolicitedNodeGroup = (address: Ipv6): boolean => address >> 24n === solicitedNodeBase >> 24n

/** ff02::1 */
export const allNodesGroup: Ipv6 = 0xff020000000000000000000000000001n as Ipv6

const solicitedNodeBase = 0xff0200000000000000000001ff000000n
