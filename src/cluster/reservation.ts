import type { AddressRange } from "../net/range.ts"

/** Addresses that Network facts say are somebody else's: the allocator passes over them. */
export type Reservation = {
  readonly range: AddressRange
  readonly kind: "gateway" | "dhcp-range" | "dhcp-reservation" | "host" | "router" | "virtual-address" | "subnet-edge"
  /** The host's, router's or subnet's name. */
  readonly name: string
  /** The Network object that says so. */
  readonly network: string
}
