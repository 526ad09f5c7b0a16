import type { Ipv4 } from "../../net/address.ts"
import { broadcastMac, type Mac, zeroMac } from "../../net/mac.ts"
import { type ArpPacket, emitArp } from "../../protocol/arp/packet.ts"

/**
 * A gratuitous announcement in two forms, both broadcast: a request (RFC 5227 section 1.1, ARP Announcement) and a reply
 * whose target MAC is the sender's own. Linux ignores a reply to broadcast for a second after it learned another MAC
 * (arp locktime, measured); the other two it takes at once.
 */
export const gratuitousArp = (mac: Mac, address: Ipv4, token: Uint8Array | undefined): readonly Uint8Array[] => {
  const request = packet(mac, address, { destination: broadcastMac, targetMac: zeroMac, targetAddress: address }, token)
  return [emitArp(request), emitArp({ ...request, operation: "reply", targetMac: mac })]
}

/**
 * A request from the address itself to one station: it makes an entry where a gratuitous one makes none, overrides a
 * young one, and its answer proves it (measured).
 */
export const directedArp = (
  mac: Mac,
  address: Ipv4,
  to: { readonly mac: Mac | undefined; readonly address: Ipv4 },
): Uint8Array =>
  emitArp(
    packet(
      mac,
      address,
      { destination: to.mac ?? broadcastMac, targetMac: zeroMac, targetAddress: to.address },
      undefined,
    ),
  )

/** A question in this node's own name: is somebody there? Sender 0.0.0.0 makes it a probe of RFC 5227. */
export const arpQuestion = (
  mac: Mac,
  sender: Ipv4,
  target: { readonly mac: Mac | undefined; readonly address: Ipv4 },
  token: Uint8Array | undefined,
): Uint8Array =>
  emitArp(
    packet(
      mac,
      sender,
      { destination: target.mac ?? broadcastMac, targetMac: zeroMac, targetAddress: target.address },
      token,
    ),
  )

const packet = (
  mac: Mac,
  senderAddress: Ipv4,
  target: { readonly destination: Mac; readonly targetMac: Mac; readonly targetAddress: Ipv4 },
  sealedToken: Uint8Array | undefined,
): ArpPacket => ({
  kind: "arp",
  operation: "request",
  source: mac,
  senderMac: mac,
  senderAddress,
  ...target,
  sealedToken,
})
