import type { Instant } from "../time/instant.ts"
import type { Mac } from "../net/mac.ts"
import type { Epoch, Grant, NodeId } from "./beat.ts"
import type { OfferReason } from "./move.ts"

/** Why this node may not claim an address. */
export type Bar = "not-in-view" | "not-in-order" | "newer-grant-seen" | "grant-revoked" | "speaker-not-active"

/** Why this node is about to claim: nobody ever did, the claimant let go, the claimant is dead, or its grant is too old. */
export type Vacancy = "new" | "free" | "orphan" | "grant"

/** What a wait is for; the first condition that is not met. */
export type Obstacle = "rank" | "readiness" | "grant-grace" | "question" | "witness"

/** An offer in the making: to whom, until when, and who had it before. `to` undefined: nobody is left, it begins anew then. */
export type OpenOffer = {
  readonly to: NodeId | undefined
  readonly until: Instant
  readonly tried: readonly NodeId[]
  readonly because: OfferReason
}

/** What one speaker does with one address group. */
export type AddressState =
  /** A living or promised peer holds this grant or a newer one. */
  | { readonly is: "elsewhere"; readonly holder: NodeId }
  | { readonly is: "barred"; readonly why: Bar }
  | {
      readonly is: "waiting"
      readonly why: Vacancy
      readonly since: Instant
      /** The questions before first use were asked and nobody answered. */
      readonly asked: boolean
      readonly for: Obstacle
      readonly dueAt: Instant | undefined
    }
  /** Before first use everybody is asked, three times. `adopting`: a member's other program holds it and is offered it. */
  | {
      readonly is: "asking"
      readonly why: "new" | "free"
      readonly since: Instant
      readonly sent: number
      readonly nonce: number
      readonly nextAt: Instant
      readonly adopting: { readonly member: NodeId; readonly until: Instant } | undefined
    }
  /** Somebody who is none of us answered before first use. */
  | { readonly is: "conflict"; readonly mac: Mac; readonly retryAt: Instant }
  | Holding

export type Holding = {
  readonly is: "holding"
  readonly grant: Grant
  readonly epoch: Epoch
  readonly since: Instant
  readonly announceAt: readonly Instant[]
  readonly offer: OpenOffer | undefined
  readonly rival: NodeId | undefined
  readonly unreadySince: Instant | undefined
  readonly preferredSince: Instant | undefined
}
