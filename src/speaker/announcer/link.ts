import type { Address, Ipv4, Ipv6 } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import { isGroupMac, type Mac, zeroMac } from "../../net/mac.ts"
import { type Prefix, prefixHolds, prefixOf } from "../../net/prefix.ts"

/** Why an interface gets no responder. `member`: the bridge, bond or team it belongs to answers instead. */
export type UnusableReason = "loopback" | "down" | "no-arp" | "member" | "no-hardware-address"

/** An interface that may carry announcements. ARP needs no address of its own; NDP needs a link-local one. */
export type Link = {
  readonly index: number
  readonly name: string
  readonly mac: Mac
  readonly arp: boolean
  readonly linkLocal: Ipv6 | undefined
  /** The primary IPv4 address: the sender of questions. */
  readonly ipv4: Ipv4 | undefined
  /** Usable addresses in the kernel's order, without fe80::/10, and their networks. */
  readonly addresses: readonly Address[]
  readonly prefixes: readonly Prefix[]
  readonly gateway4: Ipv4 | undefined
  readonly gateway6: Ipv6 | undefined
}

export type LinkVerdict =
  | { readonly use: "yes"; readonly link: Link }
  | { readonly use: "no"; readonly name: string; readonly because: UnusableReason }

const linkLocalNetwork: Prefix = { family: 6, address: (0xfe80n << 112n) as Ipv6, length: 10 }

/** Judges one interface. Those that the exclude file names are not even told. */
export const judgeInterface = (device: Interface): LinkVerdict => {
  const because = unusable(device)
  return because === undefined ? { use: "yes", link: linkOf(device) } : { use: "no", name: device.name, because }
}

/** A VRF is no bridge: its members speak for themselves. */
const unusable = (device: Interface): UnusableReason | undefined => {
  if (device.kind === "loopback") return "loopback"
  if (device.master !== undefined && device.master.kind !== "vrf") return "member"
  if (!device.up || !device.running) return "down"
  if (device.noArp) return "no-arp"
  if (device.mac === undefined || device.mac === zeroMac || isGroupMac(device.mac)) return "no-hardware-address"
  return undefined
}

const linkOf = (device: Interface): Link => {
  const own = device.addresses.filter(
    ({ address, state }) => state === "usable" && !prefixHolds(linkLocalNetwork, address),
  )
  return {
    index: device.index,
    name: device.name,
    mac: device.mac!,
    arp: device.broadcast,
    linkLocal: device.linkLocal,
    ipv4: own.map(({ address }) => address).find((address) => typeof address === "number"),
    addresses: own.map(({ address }) => address),
    prefixes: own.map(({ address, length }) => prefixOf(address, length)),
    gateway4: device.gateway4,
    gateway6: device.gateway6,
  }
}

/** The network that names the segment: the first IPv4 one, else the first IPv6 one. Undefined: nobody can be told of there. */
export const segmentPrefix = (link: Link): Prefix | undefined =>
  link.prefixes.find((prefix) => prefix.family === 4) ?? link.prefixes[0]

/** Whether this link can answer for an address of that family at all. */
export const carries = (link: Link, address: Address): boolean =>
  typeof address === "number" ? link.arp : link.linkLocal !== undefined
