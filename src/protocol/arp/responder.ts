import type { Ipv4 } from "../../net/address.ts"
import { broadcastMac, type Mac } from "../../net/mac.ts"
import type { SharedKeys } from "../shared-key.ts"
import { sealToken } from "../token.ts"
import { arpReply, openArpToken } from "./frames.ts"
import type { ArpPacket } from "./packet.ts"

/** The link on which a packet came in. */
export type ArpLink = {
  readonly mac: Mac
  /** The node's own address there, in whose name it says that it lives. */
  readonly address: Ipv4 | undefined
}

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
 * 0.0.0.0, RFC 5227 section 2.1.1) are answered like any question, which defends the address.
 */
export const respondToArp = (packet: ArpPacket, link: ArpLink, grantOf: GrantOfIpv4, keys: SharedKeys): ArpOutcome => {
  if (packet.senderMac === link.mac || packet.source === link.mac) return ownFrame
  if (packet.destination !== broadcastMac && packet.destination !== link.mac) return toAnotherStation
  if (grantOf(packet.senderAddress) !== undefined)
    return { kind: "conflict", address: packet.senderAddress, mac: packet.senderMac }
  if (packet.operation === "reply") return notARequest
  const grant = grantOf(packet.targetAddress)
  if (packet.sealedToken !== undefined) return respondToQuestion(packet, link, grant, keys)
  if (grant === undefined) return notAnnounced
  return { kind: "reply", frame: arpReply(packet, link.mac, packet.targetAddress, undefined) }
}

/**
 * A member's question is answered with its nonce: for an address we announce, or, if it was sent to this station alone,
 * with grant 0 and in our own name, so that no cache learns a wrong address from it.
 */
const respondToQuestion = (
  packet: ArpPacket,
  link: ArpLink,
  grant: number | undefined,
  keys: SharedKeys,
): ArpOutcome => {
  if (grant === undefined && packet.destination !== link.mac) return notAnnounced
  const token = openArpToken(keys, packet)
  if (grant === undefined && token.kind !== "question") return notAnnounced
  const sender = grant === undefined ? (link.address ?? (0 as Ipv4)) : packet.targetAddress
  const sealed =
    token.kind === "question"
      ? sealToken(keys.current, link.mac, sender, { kind: "answer", nonce: token.nonce, grant: grant ?? 0 })
      : undefined
  return { kind: "reply", frame: arpReply(packet, link.mac, sender, sealed) }
}

const ownFrame: ArpOutcome = { kind: "silent", because: "own-frame" }
const toAnotherStation: ArpOutcome = { kind: "silent", because: "to-another-station" }
const notAnnounced: ArpOutcome = { kind: "silent", because: "not-announced" }
const notARequest: ArpOutcome = { kind: "silent", because: "not-a-request" }
