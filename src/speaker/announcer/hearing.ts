import type { Address } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { openArpToken } from "../../protocol/arp/frames.ts"
import { type ArpPacket, parseArp } from "../../protocol/arp/packet.ts"
import { respondToArp } from "../../protocol/arp/responder.ts"
import { EtherType } from "../../protocol/ethernet/frame.ts"
import { openNdpToken } from "../../protocol/ndp/frames.ts"
import type { NdpMessage } from "../../protocol/ndp/message.ts"
import { parseNdp } from "../../protocol/ndp/parse-message.ts"
import { respondToNdp } from "../../protocol/ndp/responder.ts"
import type { SharedKeys } from "../../protocol/shared-key.ts"
import type { NoToken, Token } from "../../protocol/token.ts"
import type { Link } from "./link.ts"

/** What a frame of ARP or neighbour discovery means to a speaker, whichever of the two it is. */
export type Heard = {
  readonly kind: "heard"
  readonly packet: ArpPacket | NdpMessage
  /** The station it came from. */
  readonly mac: Mac
  /** It came to this station's own MAC. */
  readonly addressed: boolean
  /** The address the station says is its own; undefined for a probe. */
  readonly speaksFor: Address | undefined
  /** The address it wants somebody to answer for; undefined for answers and announcements. */
  readonly asksFor: Address | undefined
  /** The address that an answer was given to; undefined for what answers nobody. */
  readonly answers: Address | undefined
  readonly token: Token | NoToken
  /** A token stands in it that another key than ours has sealed. */
  readonly sealedElsewhere: boolean
}

export type Unheard = { readonly kind: "malformed"; readonly because: string }

/** Reads a frame of either protocol. Never throws. */
export const hear = (frame: Uint8Array, link: Link, keys: SharedKeys): Heard | Unheard =>
  frame[12] === EtherType.arp >> 8 && frame[13] === (EtherType.arp & 0xff)
    ? hearArp(frame, link, keys)
    : hearNdp(frame, link, keys)

const hearArp = (frame: Uint8Array, link: Link, keys: SharedKeys): Heard | Unheard => {
  const packet = parseArp(frame)
  if (packet.kind === "malformed") return { kind: "malformed", because: packet.because }
  const { senderAddress, targetAddress, sealedToken } = packet
  const token = sealedToken === undefined ? noToken : openArpToken(keys, packet)
  const asks = packet.operation === "request" && senderAddress !== targetAddress
  return {
    kind: "heard",
    packet,
    mac: packet.senderMac,
    addressed: packet.destination === link.mac,
    speaksFor: senderAddress === 0 ? undefined : senderAddress,
    asksFor: asks ? targetAddress : undefined,
    answers: packet.operation === "reply" && senderAddress !== targetAddress ? targetAddress : undefined,
    token,
    sealedElsewhere: isWrong(token) && isZeroFrom(frame, arpBytes + sealedToken!.length),
  }
}

const hearNdp = (frame: Uint8Array, link: Link, keys: SharedKeys): Heard | Unheard => {
  const packet = parseNdp(frame)
  if (packet.kind === "malformed") return { kind: "malformed", because: packet.because }
  const { sourceAddress, target } = packet
  const token = packet.sealedToken === undefined ? noToken : openNdpToken(keys, packet)
  const isSolicitation = packet.kind === "solicitation"
  return {
    kind: "heard",
    packet,
    mac: packet.linkLayerAddress ?? packet.source,
    addressed: packet.destination === link.mac,
    speaksFor: isSolicitation ? (sourceAddress === 0n ? undefined : sourceAddress) : target,
    asksFor: isSolicitation ? target : undefined,
    answers: !isSolicitation && packet.solicited ? packet.destinationAddress : undefined,
    token,
    sealedElsewhere: isWrong(token),
  }
}

const noToken: NoToken = { kind: "no-token", because: "absent" }

const isWrong = (token: Token | NoToken): boolean => token.kind === "no-token" && token.because === "wrong-tag"

/** Ethernet's header and an ARP packet. */
const arpBytes = 42

/** Some machines leave rubbish in the padding, where a token would stand; a speaker leaves zeros behind its token. */
const isZeroFrom = (frame: Uint8Array, at: number): boolean => frame.subarray(at).every((byte) => byte === 0)

/** The answer to a client's question, if this link answers for the address: two look-ups and one frame. */
export const answerTo = (
  heard: Heard,
  link: Link,
  grantOf: (address: Address) => number | undefined,
): Uint8Array | undefined => {
  const outcome =
    heard.packet.kind === "arp" ? respondToArp(heard.packet, link, grantOf) : respondToNdp(heard.packet, link, grantOf)
  return outcome.kind === "reply" ? outcome.frame : undefined
}
