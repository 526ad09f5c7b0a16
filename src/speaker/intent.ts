import type { Address, NonEmpty } from "../net/address.ts"
import type { Mac } from "../net/mac.ts"
import type { AddressRange } from "../net/range.ts"

/** One address group that may be announced, as this node's watcher decided it: what ownership needs, and nothing of Kubernetes. */
export type Hold = {
  /** MetalLB's ballot: the first ingress address of its oldest Service. */
  readonly key: Address
  /** The key among them; both families of a dual-stack Service, all addresses of Services that share. */
  readonly addresses: NonEmpty<Address>
  readonly grant: number
  /** Interfaces that may answer on this node, from its L2Advertisements. Undefined: all. */
  readonly links: readonly string[] | undefined
  /** Best first. Who lives is not asked here. Empty: nobody may answer, the group stays known. */
  readonly order: readonly { readonly node: string; readonly score: number }[]
  readonly ready: boolean
  /** Service annotation `porchlight.dev/move-to`, whole: a node's name and, behind a blank, what tells one wish from another. */
  readonly moveTo: string | undefined
}

/** Watcher to announcer, in acknowledged pages. A group that is neither held nor let go is as it was. */
export type Intent = { readonly kind: "hold"; readonly hold: Hold } | { readonly kind: "let-go"; readonly key: Address }

/** Pages of this size stall the wire for 0.7 ms each; 10,000 intents at once for 20 ms (measured). */
export const intentsAPage = 500

/** A node that runs a speaker, and where it can be spoken to. */
export type Member = {
  readonly node: string
  /** Of type InternalIP. */
  readonly addresses: readonly Address[]
  /** Its links as its Speaker object tells them. */
  readonly reported: readonly { readonly mac: Mac | undefined; readonly addresses: readonly Address[] }[]
}

/** What the announcer knows of the cluster besides what to hold. */
export type Surroundings = {
  /** Uid of the Namespace kube-system: beats of another cluster on the same LAN do not fit. */
  readonly cluster: string
  /** Including this node. */
  readonly members: readonly Member[]
  /** Of all pools, and of what is given though its pool is gone: what packet filters let in. */
  readonly ranges: readonly AddressRange[]
  /** Interfaces on which some pool may be announced from here. Undefined: all. */
  readonly links: readonly string[] | undefined
  /** Addresses of pools that nobody has: who answers for one of them answers for everything. */
  readonly controls: readonly Address[]
  /** What DHCP gives, as the facts of the network say. Absent: not told. */
  readonly dhcp?: readonly AddressRange[]
}
