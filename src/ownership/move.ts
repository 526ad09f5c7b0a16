import type { Epoch, Grant, NodeId } from "./beat.ts"

/** Why a holder offers an address to another node. */
export type OfferReason =
  | { readonly code: "leaving" }
  | { readonly code: "not-in-order" }
  | { readonly code: "not-ready"; readonly forMs: number }
  /** The gateway does not answer this node, and answers another. */
  | { readonly code: "no-gateway"; readonly forMs: number }
  | { readonly code: "told-to-move"; readonly to: NodeId }
  | { readonly code: "preferred-elsewhere"; readonly node: NodeId; readonly score: number }

/** Why this node began, or ceased, to answer for an address. Every change of holder has exactly one at the taker. */
export type MoveReason =
  /** Taken: nobody had ever claimed it, and three questions to everybody went unanswered. */
  | { readonly code: "first-claim" }
  /** Taken: its claimant had let it go, and three questions to everybody went unanswered. */
  | { readonly code: "was-free" }
  /** Taken: the holder neither beat nor answered, and nobody else heard it. */
  | { readonly code: "holder-silent"; readonly holder: NodeId; readonly silentMs: number }
  /** Taken: the holder said that it hears nobody. */
  | { readonly code: "holder-deaf"; readonly holder: NodeId }
  /** Taken: the holder promised to return and its time is over. */
  | { readonly code: "promise-broken"; readonly holder: NodeId; readonly silentMs: number }
  /** Taken: the holder's grant is older than the one in this node's view. */
  | { readonly code: "newer-grant"; readonly holder: NodeId; readonly grant: Grant; readonly older: Grant }
  /** Taken: the holder offered it. */
  | { readonly code: "offered"; readonly by: NodeId }
  /** Taken: a program that is not ours held it on this node, and a member told us so. */
  | { readonly code: "adopted"; readonly toldBy: NodeId }
  /** Taken again: this node's former process held it, and nobody took it since. */
  | { readonly code: "held-before-restart" }
  /** Taken again: the group has another key, and this node answered for one of its addresses. */
  | { readonly code: "group-renamed" }
  /** Lost: the offer was accepted. */
  | { readonly code: "handed-over"; readonly because: OfferReason }
  /** Lost: another node's claim is better. */
  | { readonly code: "better-claim"; readonly by: NodeId; readonly grant: Grant; readonly epoch: Epoch }
  /** Lost: the group left the view. */
  | { readonly code: "deleted" }
  /** Lost: nobody may answer any more. */
  | { readonly code: "withdrawn" }
