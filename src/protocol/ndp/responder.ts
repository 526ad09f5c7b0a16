import type { Ipv6 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { multicastMac } from "../ethernet/multicast.ts"
import { solicitedAdvertisement } from "./frames.ts"
import type { NdpMessage } from "./message.ts"

/** The link on which a message came in. */
export type NdpLink = { readonly mac: Mac }

/** What is announced on that link: the grant of an address (0 where nobody gave it), or undefined. */
export type GrantOfIpv6 = (address: Ipv6) => number | undefined

export type NdpSilence = "own-frame" | "to-another-station" | "not-announced" | "not-a-solicitation"

export type NdpOutcome =
  | { readonly kind: "reply"; readonly frame: Uint8Array }
  /** Another station speaks for an address that we announce. Not answered here: who is right is for `ownership`, which also paces the defence. */
  | { readonly kind: "conflict"; readonly address: Ipv6; readonly mac: Mac }
  | { readonly kind: "silent"; readonly because: NdpSilence }

/**
 * What a message gets: the whole path of a client's question. A probe from `::` for an announced address is answered to
 * all nodes, which defends it. Tokens are not looked at: who opens one and finds a member's question lets `ownership`
 * answer it.
 */
export const respondToNdp = (message: NdpMessage, link: NdpLink, grantOf: GrantOfIpv6): NdpOutcome => {
  if (message.source === link.mac) return ownFrame
  if (message.destination !== link.mac && message.destination !== multicastMac(message.destinationAddress))
    return toAnotherStation
  const claimed = message.kind === "advertisement" ? message.target : message.sourceAddress
  if (grantOf(claimed) !== undefined)
    return { kind: "conflict", address: claimed, mac: message.linkLayerAddress ?? message.source }
  if (message.kind === "advertisement") return notASolicitation
  if (grantOf(message.target) === undefined) return notAnnounced
  return { kind: "reply", frame: solicitedAdvertisement(message, link.mac, message.target, undefined) }
}

const ownFrame: NdpOutcome = { kind: "silent", because: "own-frame" }
const toAnotherStation: NdpOutcome = { kind: "silent", because: "to-another-station" }
const notAnnounced: NdpOutcome = { kind: "silent", because: "not-announced" }
const notASolicitation: NdpOutcome = { kind: "silent", because: "not-a-solicitation" }
