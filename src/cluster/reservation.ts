import type { AddressRange } from "../net/range.ts"

/** Addresses that are somebody else's, as Network facts or Node objects say: the allocator passes over them. */
export type Reservation = {
  readonly range: AddressRange
  readonly kind:
    | "gateway"
    | "dhcp-range"
    | "dhcp-reservation"
    | "host"
    | "router"
    | "virtual-address"
    | "subnet-edge"
    | "node"
  /** The host's, router's, subnet's or node's name. */
  readonly name: string
  /** The Network object that says so; undefined: the Node itself. */
  readonly network: string | undefined
}
