import type { Address, Ipv4, Ipv6 } from "./address.ts"
import type { Mac } from "./mac.ts"

/** What a link is made of. `ethernet`: a plain port; `wifi` access points often drop a MAC they did not associate. */
export type InterfaceKind =
  | "ethernet"
  | "wifi"
  | "bridge"
  | "bond"
  | "team"
  | "vlan"
  | "veth"
  | "vrf"
  | "loopback"
  | "other"

/**
 * The link this one belongs to. A member of a bridge, bond or team is not spoken through: its master answers.
 * A member of a VRF keeps its own responder.
 */
export type Membership = {
  readonly index: number
  readonly kind: "bridge" | "bond" | "team" | "vrf" | "other"
}

/** `tentative`: duplicate address detection still runs. `duplicate`: it failed, the address is not usable. */
export type InterfaceAddress = {
  readonly address: Address
  /** Bits of the connected prefix. */
  readonly length: number
  readonly state: "usable" | "tentative" | "duplicate"
}

/** One link of this machine, as the kernel last told it. */
export type Interface = {
  readonly index: number
  readonly name: string
  /** Undefined on links without a 48-bit hardware address (tunnels, loopback has zero). */
  readonly mac: Mac | undefined
  /** Switched on (IFF_UP). */
  readonly up: boolean
  /** Has carrier, so frames pass (IFF_LOWER_UP and an operational state that is not down). */
  readonly running: boolean
  readonly mtuBytes: number
  readonly kind: InterfaceKind
  readonly master: Membership | undefined
  /** IFF_NOARP: neighbours are not asked for on this link. */
  readonly noArp: boolean
  /** IFF_BROADCAST: ARP works here. */
  readonly broadcast: boolean
  /** In the kernel's order: the first of a family is the primary one. */
  readonly addresses: readonly InterfaceAddress[]
  /** The usable fe80::/64 address; without one there is no IPv6 neighbour discovery here. */
  readonly linkLocal: Ipv6 | undefined
  /** Next hop of the best default route over this link. */
  readonly gateway4: Ipv4 | undefined
  readonly gateway6: Ipv6 | undefined
}
