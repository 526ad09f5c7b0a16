import { type Address, type Ipv4, type Ipv6 } from "../../net/address.ts"
import { broadcastMac, type Mac } from "../../net/mac.ts"
import { arpReply, arpRequest, gratuitousArp } from "../../protocol/arp/frames.ts"
import { neighborSolicitation, solicitedAdvertisement, unsolicitedAdvertisement } from "../../protocol/ndp/frames.ts"
import type { SharedKeys } from "../../protocol/shared-key.ts"
import { sealToken, type Token } from "../../protocol/token.ts"
import type { Heard } from "./hearing.ts"
import type { Link } from "./link.ts"

/** A station to speak to; without a MAC everybody who listens for the address is asked. */
export type Station = { readonly address: Address; readonly mac: Mac | undefined }

const seal = (keys: SharedKeys, link: Link, address: Address, token: Token | undefined): Uint8Array | undefined =>
  token === undefined ? undefined : sealToken(keys.current, link.mac, address, token)

/** Tells the whole link: IPv4 in two forms, IPv6 in one; the claim stands in the token. */
export const announcement = (
  link: Link,
  address: Address,
  keys: SharedKeys,
  token: Token | undefined,
): readonly Uint8Array[] => {
  const sealed = seal(keys, link, address, token)
  if (typeof address === "bigint") return [unsolicitedAdvertisement(link.mac, address, sealed)]
  const { request, reply } = gratuitousArp(link.mac, address, sealed)
  return [request, reply]
}

/**
 * A question in the announced address' own name: it makes an entry at that station, and the answer proves it. Where the
 * station's MAC is not known all hear it, so the claim stands in it too.
 */
export const directedRequest = (
  link: Link,
  address: Address,
  to: Station,
  keys: SharedKeys,
  token: Token | undefined,
): Uint8Array | undefined => {
  if (typeof address !== typeof to.address) return undefined
  return requestFrom(link, address, to, seal(keys, link, address, token))
}

/** A question in this node's own name. A member's station answers the token even for what it does not hold. */
export const question = (
  link: Link,
  target: Station,
  keys: SharedKeys,
  token: Token | undefined,
): Uint8Array | undefined => {
  const sender = typeof target.address === "bigint" ? link.linkLocal : (link.ipv4 ?? (0 as Ipv4))
  if (sender === undefined) return undefined
  return requestFrom(link, sender, target, seal(keys, link, target.address, token))
}

/** Nobody waits for its answer by nonce: a speaker's is told from a kernel's by its token, a stranger's has none. */
const standingNonce = 0

/**
 * Does anybody else answer for an address held here? Without an IPv4 address of this node it would be a probe
 * (RFC 5227 section 2.1.1), at which others defend what is not theirs: then it is not asked.
 */
export const standingQuestion = (link: Link, address: Address, keys: SharedKeys): Uint8Array | undefined =>
  typeof address === "number" && link.ipv4 === undefined
    ? undefined
    : question(link, { address, mac: undefined }, keys, { kind: "question", nonce: standingNonce })

const requestFrom = (
  link: Link,
  sender: Address,
  { address, mac }: Station,
  sealedToken: Uint8Array | undefined,
): Uint8Array =>
  typeof address === "bigint"
    ? neighborSolicitation({ mac: link.mac, sender: sender as Ipv6, target: address, station: mac, sealedToken })
    : arpRequest({
        mac: link.mac,
        sender: sender as Ipv4,
        target: address,
        destination: mac ?? broadcastMac,
        sealedToken,
      })

/**
 * The answer to a member's question. For what is not held it is given in this node's own name, so that no cache learns
 * a wrong address from it. On the wire 0 means "alive, not mine", else it is the grant + 1.
 */
export const tokenAnswer = (
  asked: Heard,
  link: Link,
  keys: SharedKeys,
  answer: { readonly address: Address; readonly nonce: number; readonly holds: number | undefined },
): Uint8Array | undefined => {
  const { packet } = asked
  const token: Token = { kind: "answer", nonce: answer.nonce, grant: answer.holds === undefined ? 0 : answer.holds + 1 }
  if (packet.kind === "arp") {
    const sender = answer.holds === undefined ? (link.ipv4 ?? (0 as Ipv4)) : (answer.address as Ipv4)
    return arpReply(packet, link.mac, sender, seal(keys, link, sender, token))
  }
  const target = answer.holds === undefined ? link.linkLocal : (answer.address as Ipv6)
  if (packet.kind !== "solicitation" || target === undefined) return undefined
  return solicitedAdvertisement(packet, link.mac, target, seal(keys, link, target, token))
}
