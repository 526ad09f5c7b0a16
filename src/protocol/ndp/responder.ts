import type { Ipv6 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { multicastMac } from "../ethernet/multicast.ts"
import type { SharedKeys } from "../shared-key.ts"
import { sealToken } from "../token.ts"
import { openNdpToken, solicitedAdvertisement } from "./frames.ts"
import type { NdpMessage, NeighborSolicitation } from "./message.ts"

/** The link on which a message came in. */
export type NdpLink = {
  readonly mac: Mac
  /** The node's own address there, in whose name it says that it lives. */
  readonly address: Ipv6 | undefined
}

/** What is announced on that link: the grant of an address (0 where nobody gave it), or undefined. */
export type GrantOfIpv6 = (address: Ipv6) => number | undefined

export type NdpSilence = "own-frame" | "to-another-station" | "not-announced" | "not-a-solicitation"

export type NdpOutcome =
  | { readonly kind: "reply"; readonly frame: Uint8Array }
  /** Another station speaks for an address that we announce. Not answered here: who is right is for `ownership`, which also paces the defence. */
  | { readonly kind: "conflict"; readonly address: Ipv6; readonly mac: Mac }
  | { readonly kind: "silent"; readonly because: NdpSilence }

/** What a message gets: the whole path of a client's question. A probe from `::` for an announced address is answered to all nodes, which defends it. */
export const respondToNdp = (
  message: NdpMessage,
  link: NdpLink,
  grantOf: GrantOfIpv6,
  keys: SharedKeys,
): NdpOutcome => {
  if (message.source === link.mac) return ownFrame
  if (message.destination !== link.mac && message.destination !== multicastMac(message.destinationAddress))
    return toAnotherStation
  const claimed = message.kind === "advertisement" ? message.target : message.sourceAddress
  if (grantOf(claimed) !== undefined)
    return { kind: "conflict", address: claimed, mac: message.linkLayerAddress ?? message.source }
  if (message.kind === "advertisement") return notASolicitation
  const grant = grantOf(message.target)
  if (message.sealedToken !== undefined) return respondToQuestion(message, link, grant, keys)
  if (grant === undefined) return notAnnounced
  return { kind: "reply", frame: solicitedAdvertisement(message, link.mac, message.target, undefined) }
}

/**
 * A member's question is answered with its nonce: for an address we announce, or, if it was sent to this station alone,
 * with grant 0 and in our own name, so that no cache learns a wrong address from it.
 */
const respondToQuestion = (
  asked: NeighborSolicitation,
  link: NdpLink,
  grant: number | undefined,
  keys: SharedKeys,
): NdpOutcome => {
  const target = grant === undefined ? link.address : asked.target
  if (target === undefined || (grant === undefined && asked.destination !== link.mac)) return notAnnounced
  const token = openNdpToken(keys, asked)
  if (grant === undefined && token.kind !== "question") return notAnnounced
  const sealed =
    token.kind === "question"
      ? sealToken(keys.current, link.mac, target, { kind: "answer", nonce: token.nonce, grant: grant ?? 0 })
      : undefined
  return { kind: "reply", frame: solicitedAdvertisement(asked, link.mac, target, sealed) }
}

const ownFrame: NdpOutcome = { kind: "silent", because: "own-frame" }
const toAnotherStation: NdpOutcome = { kind: "silent", because: "to-another-station" }
const notAnnounced: NdpOutcome = { kind: "silent", because: "not-announced" }
const notASolicitation: NdpOutcome = { kind: "silent", because: "not-a-solicitation" }
