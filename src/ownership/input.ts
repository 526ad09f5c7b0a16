import type { Address, NonEmpty } from "../net/address.ts"
import type { Mac } from "../net/mac.ts"
import type { Beat, Epoch, Grant, NodeId } from "./beat.ts"
import type { Group, Member } from "./group.ts"

/** What the old process of this node answers for, read from its inspect socket during an upgrade. */
export type InheritedClaim = {
  readonly key: Address
  readonly addresses: NonEmpty<Address>
  readonly grant: Grant
  readonly epoch: Epoch
}

/**
 * `answers`: within the last seconds. `silent`: it has answered before, and leaves several questions unanswered now.
 * `unknown`: neither, or there is none.
 */
export type GatewayLife = "answers" | "silent" | "unknown"

/**
 * Everything a segment is told: decoded, authenticated, and only of this segment. The caller's duty when several things
 * wait at once: beats first, then ARP and neighbour discovery, then `wake`; all of it before any request is answered.
 */
export type SegmentInput =
  /** The beat socket is ours: beats may leave, and the listening that precedes the first claim begins. */
  | { readonly kind: "bound" }
  | { readonly kind: "inherited"; readonly claims: readonly InheritedClaim[] }
  /** Replaces the list of before. */
  | { readonly kind: "members"; readonly members: readonly Member[] }
  /**
   * A page of the view: groups new or changed, and keys that are gone. `complete`: with this page the view is whole as
   * of some moment. What is gone is acted on when the page that completes it arrives, so that a group that only changed
   * its key is not taken for deleted.
   */
  | {
      readonly kind: "view"
      readonly groups: readonly Group[]
      readonly gone: readonly Address[]
      readonly complete: boolean
    }
  | { readonly kind: "beat"; readonly beat: Beat }
  /** A member's question with a valid token. `addressed`: it came to this node's own MAC. */
  | {
      readonly kind: "question"
      readonly from: NodeId
      readonly address: Address
      readonly nonce: number
      readonly addressed: boolean
    }
  /** A member's answer with a valid token. `holds` undefined: it lives and does not hold the address. */
  | {
      readonly kind: "answer"
      readonly from: NodeId
      readonly address: Address
      readonly holds: Grant | undefined
      readonly nonce: number
    }
  /** Somebody answered or announced one of our addresses without a valid token. `member`: the MAC is that member's. */
  | { readonly kind: "foreign"; readonly address: Address; readonly mac: Mac; readonly member: NodeId | undefined }
  /** A member's announcement with a valid token: it carries the claim. */
  | {
      readonly kind: "announcement"
      readonly from: NodeId
      readonly address: Address
      readonly grant: Grant
      readonly epoch: Epoch
    }
  /** The gateway answered a question of this node. */
  | { readonly kind: "gateway" }
  /** What is known of the gateway has changed. */
  | { readonly kind: "gateway-life"; readonly is: GatewayLife }
  /** Any other frame of another station: it shows that this node is connected. */
  | { readonly kind: "sighting" }
  /** A client asks for an address. Step this before looking into the answer table: the step may silence it. */
  | { readonly kind: "request"; readonly address: Address }
  /** This node's link has another hardware address, or is back after it was gone. Held addresses are announced again. */
  | { readonly kind: "mac"; readonly mac: Mac }
  /** Give this address to that node, if this node holds it: `move-to`. Acted on once. */
  | { readonly kind: "give"; readonly key: Address; readonly to: NodeId }
  /** `restarting`: back within the promise, keep everything for me. `leaving`: hand everything over. */
  | { readonly kind: "stop"; readonly how: "restarting" | "leaving" }
  | { readonly kind: "wake" }
