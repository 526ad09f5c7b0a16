import type { Address, NonEmpty } from "../net/address.ts"
import type { Grant, NodeId } from "./beat.ts"

/** A node that may answer for a group. A higher score is preferred for good; equal scores stand in the order of the hash. */
export type Candidate = { readonly node: NodeId; readonly score: number }

/** Services that share an address, and both families of each: what one holder answers for together. */
export type Group = {
  /** MetalLB's ballot: the first ingress address of the oldest Service. Names the group on the wire. */
  readonly key: Address
  /** All addresses of the group, the key among them. */
  readonly addresses: NonEmpty<Address>
  /** The highest of its addresses' grants. */
  readonly grant: Grant
  /**
   * Who may answer, best first; who lives is not asked here. Empty: nobody may, the holder lets go. A group whose grant
   * still stands must stay in the view with an empty order: leaving the view says that the grant is over.
   */
  readonly order: readonly Candidate[]
  /** Whether this node's data plane serves the group. */
  readonly ready: boolean
}

/** A node that runs a speaker, this one left out. */
export type Member = {
  readonly node: NodeId
  /** False where it has no address on this segment yet: it counts as a peer, nobody can beat to it. */
  readonly reachable: boolean
}
