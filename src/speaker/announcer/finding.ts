import type { Address } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import type { Finding as SegmentFinding } from "../../ownership/finding.ts"
import type { Stranger } from "./foreign-answers.ts"

/** What a person should know of the wire on this node. Raised once, changed by being raised again, cleared once. */
export type Finding =
  /** Found by the machine that decides who answers. */
  | {
      readonly code: "segment"
      readonly link: string
      readonly finding: SegmentFinding
      /** The names of the nodes it is about. */
      readonly nodes: readonly string[]
    }
  /** Somebody else answers for an address of ours. It is not renumbered; where nobody of us had it, it is not announced. */
  | {
      readonly code: "foreign-answer"
      readonly link: string
      readonly address: Address
      readonly mac: Mac
      readonly stranger: Stranger
    }
  /** The router neither answered four questions nor asked: it may still send packets to where the address was. */
  | { readonly code: "gateway-silent"; readonly link: string; readonly address: Address; readonly gateway: Address }
  /** A peer lives by the word of others: what it sends does not arrive here, so one direction at least is broken. */
  | { readonly code: "heard-by-others"; readonly link: string; readonly node: string }
  /** Several machines beat as that node at the same time: the same name was given to each. */
  | { readonly code: "duplicate-node"; readonly link: string; readonly node: string; readonly macs: readonly Mac[] }
  /** The link could be spoken through and has no address, so other speakers cannot be told anything there. */
  | { readonly code: "link-without-address"; readonly link: string }
  /** Another link of this node is in the same network: that one speaks. */
  | { readonly code: "same-network"; readonly link: string }
  /** This node may answer for the group, but none of the interfaces its advertisements name can be spoken through. */
  | { readonly code: "no-interface"; readonly key: Address; readonly wanted: readonly string[] }
  /** Two node names have one id of 32 bits: neither speaker can tell the other from itself. */
  | { readonly code: "node-id-collision"; readonly nodes: readonly [string, string] }
