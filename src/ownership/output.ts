import type { Address, NonEmpty } from "../net/address.ts"
import type { Beat, Epoch, Grant, NodeId } from "./beat.ts"
import type { Finding } from "./finding.ts"
import type { MoveReason } from "./move.ts"

/** What the announcer does, in this order. */
export type SegmentOutput =
  | { readonly kind: "beat"; readonly beat: Beat }
  /** A question with a token: to one member's MAC, or broadcast. */
  | { readonly kind: "ask"; readonly whom: NodeId | "everybody"; readonly address: Address; readonly nonce: number }
  | { readonly kind: "ask-gateway" }
  /** An answer with a token to a member's question. `holds` undefined: alive, not mine (0 on the wire; else the grant + 1). */
  | {
      readonly kind: "reply"
      readonly to: NodeId
      readonly address: Address
      readonly holds: Grant | undefined
      readonly nonce: number
    }
  /** Tell the whole segment, each address with the claim in its token. */
  | {
      readonly kind: "announce"
      readonly key: Address
      readonly addresses: NonEmpty<Address>
      readonly grant: Grant
      readonly epoch: Epoch
    }
  /** From now on exactly these addresses of the group are answered here; none: the group is not answered. */
  | { readonly kind: "answering"; readonly key: Address; readonly addresses: readonly Address[]; readonly grant: Grant }
  /** While on, nothing at all is answered: this node doubts that what it holds is still its own. */
  | { readonly kind: "silence"; readonly on: boolean }
  /** `from` and `to`: who held it before and after, as far as this node knows. One of them is this node. */
  | {
      readonly kind: "moved"
      readonly key: Address
      readonly from: NodeId | undefined
      readonly to: NodeId | undefined
      /** This node's own claim, taken or lost. */
      readonly grant: Grant
      readonly epoch: Epoch
      readonly because: MoveReason
    }
  | { readonly kind: "finding"; readonly finding: Finding; readonly on: boolean }
  /** This segment has no more to do: stop answering and exit once every segment says so. */
  | { readonly kind: "exit" }
