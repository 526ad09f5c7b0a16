import { type Address, parseIpv6 } from "../src/net/address.ts"
import type { NonEmpty } from "../src/net/address.ts"
import type { Group } from "../src/ownership/group.ts"
import { nodeIdOf } from "./lan.ts"
import type { Port } from "./packet.ts"

/** What the controller decided about one group. */
export type TrueGroup = {
  readonly key: Address
  readonly addresses: NonEmpty<Address>
  grant: number
  order: readonly Port[]
  isDeleted: boolean
  /** Nodes whose watcher computes another order: views that contradict each other. */
  readonly otherOrders: Map<Port, readonly Port[]>
  /** Other programs than ours that answer for the group, on these nodes. */
  readonly otherHolder: Port | undefined
}

const ipv4At = (index: number): Address => (0x0a000100 + index) as Address
const ipv6Base = parseIpv6("2001:db8::100")!
const ipv6At = (index: number): Address => ((ipv6Base as bigint) + BigInt(index)) as Address

/** Every second group has an IPv6 ballot, every third both families. */
export const addressesOf = (index: number): NonEmpty<Address> => {
  const [first, second] = index % 2 === 0 ? [ipv4At(index), ipv6At(index)] : [ipv6At(index), ipv4At(index)]
  return index % 3 === 2 ? [first, second] : [first]
}

/** The group as that node's watcher sees it. */
export const viewOf = (group: TrueGroup, node: Port, ready: boolean): Group => ({
  key: group.key,
  addresses: group.addresses,
  grant: group.grant,
  order: (group.otherOrders.get(node) ?? group.order).map((port) => ({ node: nodeIdOf(port), score: 0 })),
  ready,
})
