import type { Address } from "../net/address.ts"
import type { Boot, Epoch, Grant, NodeId, SpeakerState } from "./beat.ts"
import type { AddressState } from "./address.ts"
import type { Finding } from "./finding.ts"

/** A claim as a peer made it. */
export type ClaimPicture = { readonly key: Address; readonly grant: Grant; readonly epoch: Epoch }

export type PeerPicture = {
  readonly node: NodeId
  readonly is: "unknown" | "alive" | "silent" | "deaf" | "promised"
  readonly state: SpeakerState | undefined
  readonly boot: Boot | undefined
  /** Milliseconds since a beat or a token answer of its own, and since anybody reported one. */
  readonly heardMsAgo: number | undefined
  readonly witnessedMsAgo: number | undefined
  readonly detector: "beats" | "arp"
  readonly patience: number
  readonly claims: readonly ClaimPicture[]
}

export type AddressPicture = {
  readonly key: Address
  readonly grant: Grant | undefined
  readonly state: AddressState
  readonly holder: NodeId | undefined
  readonly answered: boolean
  readonly moves: number
}

/** All a person or a program may ask of a segment: what `inspect` prints. Addresses are values; the caller writes text. */
export type SegmentPicture = {
  readonly self: NodeId
  readonly boot: Boot
  readonly state: SpeakerState
  readonly connection: "connected" | "alone" | "listening"
  readonly silent: boolean
  readonly peers: readonly PeerPicture[]
  readonly addresses: readonly AddressPicture[]
  readonly findings: readonly Finding[]
}
