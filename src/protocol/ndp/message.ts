import type { Ipv6 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import type { EthernetFault } from "../ethernet/frame.ts"

/** The frame and the IPv6 header round a message. */
type Carried = {
  readonly destination: Mac
  readonly source: Mac
  readonly sourceAddress: Ipv6
  readonly destinationAddress: Ipv6
  readonly target: Ipv6
  /** The Source Link-Layer Address option of a solicitation, the Target one of an advertisement. */
  readonly linkLayerAddress: Mac | undefined
  /** What stands in a Nonce or experimental option if it may be a token: sealed, not checked yet. */
  readonly sealedToken: Uint8Array | undefined
}

/** RFC 4861 section 4.3. From `::` it is a probe of duplicate address detection (RFC 4862 section 5.4). */
export type NeighborSolicitation = Carried & { readonly kind: "solicitation" }

/** RFC 4861 section 4.4. */
export type NeighborAdvertisement = Carried & {
  readonly kind: "advertisement"
  readonly router: boolean
  readonly solicited: boolean
  readonly override: boolean
}

export type NdpMessage = NeighborSolicitation | NeighborAdvertisement

export type NdpFault =
  | EthernetFault
  | "not-ipv6"
  | "payload-beyond-frame"
  | "fragmented"
  | "extension-header"
  | "not-icmpv6"
  | "hop-limit-not-255"
  | "source-multicast"
  | "message-too-short"
  | "wrong-checksum"
  | "other-message"
  | "other-code"
  | "target-not-a-host"
  | "target-ipv4-mapped"
  | "option-length-zero"
  | "option-overrun"
  | "link-layer-option-length"
  | "link-layer-address-not-a-station"
  | "unspecified-source-with-link-layer-address"
  | "unspecified-source-outside-group"
  | "other-solicited-node-group"
  | "solicited-to-multicast"

/** `offset` is where in the frame the fault stands. */
export type MalformedNdp = { readonly kind: "malformed"; readonly because: NdpFault; readonly offset: number }

/** Where each field begins in the frame. */
export const field = {
  version: 14,
  payloadLength: 18,
  nextHeader: 20,
  hopLimit: 21,
  sourceAddress: 22,
  destinationAddress: 38,
  type: 54,
  code: 55,
  checksum: 56,
  flags: 58,
  target: 62,
  options: 78,
} as const

export const IcmpType = { solicitation: 135, advertisement: 136 } as const
export const nextHeaderIcmpv6 = 58
/** A packet that a router has forwarded has less (RFC 4861 section 7.1). */
export const hopLimitOnLink = 255
export const Flag = { router: 0x80, solicited: 0x40, override: 0x20 } as const
