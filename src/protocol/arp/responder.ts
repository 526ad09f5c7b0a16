import type { Ipv4 } from "../../net/address.ts"
import { broadcastMac, type Mac } from "../../net/mac.ts"
import { arpReply } from "./frames.ts"
import type { ArpPacket } from "./packet.ts"

/** The link on which a packet came in. */
export type ArpLink = { readonly mac: Mac }

/** What is announced on that link: the grant of an address (0 where nobody gave it), or undefined. */
export type GrantOfIpv4 = (address: Ipv4) => number | undefined

export type ArpSilence = "own-frame" | "to-another-station" | "not-announced" | "not-a-request"

export type ArpOutcome =
  | { readonly kind: "reply"; readonly frame: Uint8Array }
  /** Another station speaks for an address that we announce. Not answered here: who is right is for `ownership`, which also paces the defence. */
  | { readonly kind: "conflict"; readonly address: Ipv4; readonly mac: Mac }
  | { readonly kind: "silent"; readonly because: ArpSilence }

/**
 * What an ARP packet gets. This is the whole path of a client's question: two look-ups and one frame. Probes (sender
 * 0.0.0.0, RFC 5227 section 2.1.1) are answered like any question, which defends the address. Tokens are not looked at:
 * who opens one and finds a member's question lets `ownership` answer it.
 */
export const respondToArp = (packet: ArpPacket, link: ArpLink, grantOf: GrantOfIpv4): ArpOutcome => {
  if (packet.senderMac === link.mac || packet.source === link.mac) return ownFrame
  if (packet.destination !== broadcastMac && packet.destination !== link.mac) return toAnotherStation
  if (grantOf(packet.senderAddress) !== undefined)
    return { kind: "conflict", address: packet.senderAddress, mac: packet.senderMac }
  if (packet.operation === "reply") return notARequest
  if (grantOf(packet.targetAddress) === undefined) return notAnnounced
  return { kind: "reply", frame: arpReply(packet, link.mac, packet.targetAddress, undefined) }
}

const ownFrame: ArpOutcome = { kind: "silent", because: "own-frame" }
const toAnotherStation: ArpOutcome = { kind: "silent", because: "to-another-station" }
const notAnnounced: ArpOutcome = { kind: "silent", because: "not-announced" }
const notARequest: ArpOutcome = { kind: "silent", because: "not-a-request" }
