import type { Address } from "../src/net/address.ts"
import type { Group } from "../src/ownership/group.ts"
import type { NodeId } from "../src/ownership/beat.ts"
import type { MoveReason } from "../src/ownership/move.ts"
import type { Program } from "../src/time/instant.ts"
import type { Packet } from "./packet.ts"

/** What the world tells a node's program. */
export type NodeInput =
  | { readonly kind: "packet"; readonly packet: Packet }
  | { readonly kind: "view"; readonly groups: readonly Group[]; readonly gone: readonly Address[] }
  | { readonly kind: "stop"; readonly how: "restarting" | "leaving" }
  | { readonly kind: "give"; readonly key: Address; readonly to: NodeId }
  | { readonly kind: "wake" }

/** What the world performs, and what it observes. */
export type NodeOutput =
  | { readonly kind: "send"; readonly packet: Packet }
  /** Whether a client's question for the group would be answered from now on. */
  | { readonly kind: "answers"; readonly segment: number; readonly key: Address; readonly on: boolean }
  | {
      readonly kind: "moved"
      readonly segment: number
      readonly key: Address
      readonly from: NodeId | undefined
      readonly to: NodeId | undefined
      readonly grant: number
      readonly epoch: number
      readonly because: MoveReason
    }
  | { readonly kind: "finding"; readonly segment: number; readonly code: string; readonly on: boolean }
  | { readonly kind: "exit" }

/** All that the world knows of what runs on a node: anything with this face can be put in its place. */
export type NodeProgram = Program<NodeInput, NodeOutput>
