import type { Address } from "../net/address.ts"
import type { Instant } from "../time/instant.ts"
import type { AddressState } from "./address.ts"
import type { Epoch, Grant, NodeId } from "./beat.ts"
import type { Claim } from "./claim.ts"
import type { Group } from "./group.ts"
import type { InheritedClaim } from "./input.ts"

/** A claim of a peer. `announced`: it came in an announcement, whose token nobody but the peer can make for its MAC. */
export type PeerClaim = Claim & { readonly announced: boolean }

/** What this node held under its former boot, or under the group's former key: its again if nobody took it. */
export type OwnEstate = { readonly grant: Grant; readonly epoch: Epoch; readonly because: "restart" | "renamed" }

/** All that one speaker knows of one address group. */
export type Entry = {
  readonly key: Address
  group: Group | undefined
  state: AddressState
  /** The present claim of each peer, dead ones too. */
  readonly claims: Map<NodeId, PeerClaim>
  /** What former processes of peers held. */
  readonly estates: Map<NodeId, Claim>
  /** The best claim ever seen, this node's own among them. */
  top: Claim | undefined
  /** The highest grant that a holder declared over. */
  revoked: Grant | undefined
  /** The group was in the view and left it. */
  wasGone: boolean
  /** Somebody may hold it whose claim has not been heard yet: a window after a release, or after a probe was answered. */
  notBefore: Instant
  estate: OwnEstate | undefined
  inherited: InheritedClaim | undefined
  /** `move-to`, until it was tried. */
  giveTo: NodeId | undefined
  /** Planned moves and the last one: what paces those for readiness. */
  moves: number
  movedAt: Instant | undefined
  /** How often of late this node fell out of the order, and when it last did. */
  outs: number
  outAt: Instant | undefined
}

export const newEntry = (key: Address): Entry => ({
  key,
  group: undefined,
  state: { is: "barred", why: "not-in-view" },
  claims: new Map(),
  estates: new Map(),
  top: undefined,
  revoked: undefined,
  wasGone: false,
  notBefore: -Infinity as Instant,
  estate: undefined,
  inherited: undefined,
  giveTo: undefined,
  moves: 0,
  movedAt: undefined,
  outs: 0,
  outAt: undefined,
})
