import type { Address, Brand } from "../net/address.ts"
import type { Mac } from "../net/mac.ts"

/** The first 32 bits of SHA-256 of a node's name. Ties between equal claims go to the lower one. */
export type NodeId = Brand<number, "NodeId">
/** Drawn at random when a process starts; a whole number from 1 to 2^53 - 1. 0 on the wire means none. */
export type Boot = Brand<number, "Boot">
/** The number of the giving of an address to somebody, 0 where nothing gave it. 32 bits. */
export type Grant = number
/** Raised with each takeover; at least the claimant's wall clock in seconds. 32 bits. */
export type Epoch = number

export type SpeakerState = "warming" | "active" | "doubting" | "restarting" | "leaving"

/** One entry of the sender's own log of claims; `version` counts its changes. `free`: let go. `revoked`: nobody may claim this grant any more. */
export type ClaimChange = {
  readonly kind: "claimed" | "free" | "revoked"
  readonly address: Address
  readonly grant: Grant
  readonly epoch: Epoch
  readonly version: number
}

/** The sender asks the receiver to take over the sender's claim. Epoch 0: nobody's claim, held by a program that is not ours. */
export type Offer = { readonly address: Address; readonly grant: Grant; readonly epoch: Epoch }

/** What the receiver's former process held, told back to its new one. */
export type EstateClaim = { readonly address: Address; readonly grant: Grant; readonly epoch: Epoch }

/** What one speaker tells another on one segment: the content of the datagram, authenticated and parsed. */
export type Beat = {
  readonly from: NodeId
  readonly to: NodeId
  readonly boot: Boot
  readonly sequence: number
  readonly state: SpeakerState
  /** "I was on time and heard nobody for a window." */
  readonly alone: boolean
  /** "The gateway answers me." */
  readonly hasGateway: boolean
  /** The sender's own interval and misses: they make the receiver's window. */
  readonly intervalMs: number
  readonly misses: number
  readonly promiseSeconds: number
  /** The sender's hardware address on this segment. */
  readonly mac: Mac
  /** The receiver's boot, log version and sequence as the sender last saw them: acknowledgement and echo. */
  readonly toBoot: Boot | undefined
  readonly toVersion: number
  readonly toSequence: number
  /** This page carries the sender's changes with base < version <= pageEnd, of `total` versions. */
  readonly base: number
  readonly pageEnd: number
  readonly total: number
  /** Whom the sender heard itself (beat or token answer), and how long ago. */
  readonly heard: readonly { readonly node: NodeId; readonly ageMs: number }[]
  readonly changes: readonly ClaimChange[]
  readonly offers: readonly Offer[]
  readonly estate: readonly EstateClaim[]
}
