import type { Address } from "../net/address.ts"
import type { Mac } from "../net/mac.ts"
import type { NodeId } from "./beat.ts"

/** What a person should know about a segment. Each is raised once and cleared once. */
export type Finding =
  /** The peer answers questions on the wire but its beats do not arrive: something filters the UDP port. */
  | { readonly code: "beats-blocked"; readonly peer: NodeId; readonly port: number }
  /** Members are listed and none is heard, though this node is connected: a filter between the nodes, or all are dead. */
  | { readonly code: "nobody-heard"; readonly members: number; readonly port: number }
  /** The gateway has fallen silent to this node and answers that peer: what is held here is offered to the others. */
  | { readonly code: "gateway-lost"; readonly answers: NodeId }
  /** Nothing at all arrives on this link. */
  | { readonly code: "hears-nothing" }
  /** Somebody who is none of us answers for an address that nobody of us ever held: it is not announced. */
  | { readonly code: "stranger-answers"; readonly address: Address; readonly mac: Mac }
  /** Somebody answers without our token for an address that one of us holds or held. It blocks nothing. */
  | {
      readonly code: "answered-without-token"
      readonly address: Address
      readonly mac: Mac
      readonly member: NodeId | undefined
    }
  /** A member's kernel answers for the address although its speaker does not take it (IPVS without strictARP). */
  | { readonly code: "member-answers"; readonly address: Address; readonly member: NodeId }
  /** The holder should give the address away, and nobody takes it. It is kept. */
  | { readonly code: "nobody-takes"; readonly address: Address; readonly tried: readonly NodeId[] }
  /** The address is ownerless, and this node cannot prove that it is connected. */
  | { readonly code: "no-witness"; readonly address: Address }
  /** A peer sent a claim whose epoch leaves no room for a successor. It was ignored. */
  | { readonly code: "malformed-claim"; readonly peer: NodeId; readonly address: Address }
  /** The program was not run for longer than half a window; its addresses were silent until peers confirmed them. */
  | { readonly code: "stalled"; readonly gapMs: number }

/** The nodes a finding is about. */
export const nodesOf = (finding: Finding): readonly NodeId[] => {
  switch (finding.code) {
    case "beats-blocked":
    case "malformed-claim":
      return [finding.peer]
    case "member-answers":
      return [finding.member]
    case "gateway-lost":
      return [finding.answers]
    case "nobody-takes":
      return finding.tried
    case "answered-without-token":
    case "hears-nothing":
    case "no-witness":
    case "nobody-heard":
    case "stalled":
    case "stranger-answers":
      return []
  }
}
