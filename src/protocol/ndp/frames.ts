import type { Ipv6 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { multicastMac } from "../ethernet/multicast.ts"
import type { SharedKeys } from "../shared-key.ts"
import { isSealedQuestion, type NoToken, openToken, type Token } from "../token.ts"
import { emitNdp } from "./emit-message.ts"
import type { NdpMessage, NeighborSolicitation } from "./message.ts"
import { allNodesGroup, solicitedNodeGroup } from "./solicited-node.ts"

export type Solicitation = {
  readonly mac: Mac
  /** The node's own address in a question; the announced address itself towards the router, whose answer proves that it has learnt it. */
  readonly sender: Ipv6
  readonly target: Ipv6
  /** The station that is meant, or undefined: whoever hears the target's group. */
  readonly station: Mac | undefined
  readonly sealedToken: Uint8Array | undefined
}

/** A neighbor solicitation with our link-layer address in it. */
export const neighborSolicitation = ({ mac, sender, target, station, sealedToken }: Solicitation): Uint8Array => {
  const group = solicitedNodeGroup(target)
  return emitNdp({
    kind: "solicitation",
    destination: station ?? multicastMac(group),
    source: mac,
    sourceAddress: sender,
    destinationAddress: station === undefined ? group : target,
    target,
    linkLayerAddress: mac,
    sealedToken,
  })
}

/**
 * An announcement to all nodes: S=0, O=1 (RFC 4861 section 7.2.6). Linux ignores one with S=1 to a group, and without O
 * keeps the old MAC. It moves an entry; it never makes one.
 */
export const unsolicitedAdvertisement = (mac: Mac, address: Ipv6, sealedToken: Uint8Array | undefined): Uint8Array =>
  advertisement({ mac, target: address, to: allNodesGroup, station: multicastMac(allNodesGroup), sealedToken })

/**
 * The answer to a solicitation (RFC 4861 section 7.2.4): S=1, O=1 to who asks; to all nodes and S=0 where the question
 * came from `::`, which defends the address against a newcomer (RFC 4862 section 5.4).
 */
export const solicitedAdvertisement = (
  asked: NeighborSolicitation,
  mac: Mac,
  target: Ipv6,
  sealedToken: Uint8Array | undefined,
): Uint8Array => {
  if (asked.sourceAddress === 0n) return unsolicitedAdvertisement(mac, target, sealedToken)
  const station = asked.linkLayerAddress ?? asked.source
  return advertisement({ mac, target, to: asked.sourceAddress, station, sealedToken })
}

/** What a member says inside a message. The tag of a question covers the sender's MAC and the target; so does that of an advertisement. */
export const openNdpToken = (keys: SharedKeys, message: NdpMessage): Token | NoToken => {
  const { sealedToken, linkLayerAddress, source, target, sourceAddress } = message
  const speaksForSource = message.kind === "solicitation" && sealedToken !== undefined && !isSealedQuestion(sealedToken)
  return openToken(keys, linkLayerAddress ?? source, speaksForSource ? sourceAddress : target, sealedToken)
}

type Advertisement = {
  readonly mac: Mac
  readonly target: Ipv6
  readonly to: Ipv6
  readonly station: Mac
  readonly sealedToken: Uint8Array | undefined
}

/** It comes from the address it speaks for, as a kernel's own does. */
const advertisement = ({ mac, target, to, station, sealedToken }: Advertisement): Uint8Array =>
  emitNdp({
    kind: "advertisement",
    destination: station,
    source: mac,
    sourceAddress: target,
    destinationAddress: to,
    target,
    router: false,
    solicited: to !== allNodesGroup,
    override: true,
    linkLayerAddress: mac,
    sealedToken,
  })
