import type { Ipv4 } from "../../net/address.ts"
import { broadcastMac, type Mac, zeroMac } from "../../net/mac.ts"
import { isSealedQuestion, type NoToken, openToken, type Token } from "../token.ts"
import type { SharedKeys } from "../shared-key.ts"
import { type ArpPacket, emitArp } from "./packet.ts"

export type ArpRequest = {
  readonly mac: Mac
  /**
   * Whom the request speaks for. The node's own address in a question and in a probe before first use (0.0.0.0 where it
   * has none there: some switches drop such a probe). The announced address itself in a directed request, which is an
   * announcement that makes an entry where a gratuitous one makes none, and whose answer proves it.
   */
  readonly sender: Ipv4
  readonly target: Ipv4
  /** Broadcast, or the station that is meant. */
  readonly destination: Mac
  readonly sealedToken: Uint8Array | undefined
}

export const arpRequest = ({ mac, sender, target, destination, sealedToken }: ArpRequest): Uint8Array =>
  emitArp({
    kind: "arp",
    destination,
    source: mac,
    operation: "request",
    senderMac: mac,
    senderAddress: sender,
    targetMac: zeroMac,
    targetAddress: target,
    sealedToken,
  })

/**
 * Both forms of an announcement (RFC 5227 section 3 allows either): some hosts take only a request, some only a reply.
 * The reply names our own MAC as target: with the broadcast address there, Linux ignores it for an entry younger than a
 * second.
 */
export const gratuitousArp = (
  mac: Mac,
  address: Ipv4,
  sealedToken: Uint8Array | undefined,
): { readonly request: Uint8Array; readonly reply: Uint8Array } => ({
  request: arpRequest({ mac, sender: address, target: address, destination: broadcastMac, sealedToken }),
  reply: emitArp({
    kind: "arp",
    destination: broadcastMac,
    source: mac,
    operation: "reply",
    senderMac: mac,
    senderAddress: address,
    targetMac: mac,
    targetAddress: address,
    sealedToken,
  }),
})

/** The reply to a request: `sender` is at our `mac`. It goes to the hardware address inside the request, as RFC 826 says. */
export const arpReply = (request: ArpPacket, mac: Mac, sender: Ipv4, sealedToken: Uint8Array | undefined): Uint8Array =>
  emitArp({
    kind: "arp",
    destination: request.senderMac,
    source: mac,
    operation: "reply",
    senderMac: mac,
    senderAddress: sender,
    targetMac: request.senderMac,
    targetAddress: request.senderAddress,
    sealedToken,
  })

/** What a member says inside an ARP packet. The tag of a question covers the address asked for, any other that of the sender. */
export const openArpToken = (keys: SharedKeys, packet: ArpPacket): Token | NoToken => {
  const { sealedToken, senderMac, senderAddress, targetAddress } = packet
  const isQuestion = sealedToken !== undefined && isSealedQuestion(sealedToken)
  return openToken(keys, senderMac, isQuestion ? targetAddress : senderAddress, sealedToken)
}
