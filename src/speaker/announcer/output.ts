import type { Address, Ipv6 } from "../../net/address.ts"
import type { AddressRange } from "../../net/range.ts"
import type { AnnouncerReport, Move } from "./report.ts"
import type { Finding } from "./finding.ts"

/** The packet sockets to have on one link. */
export type Listening = {
  readonly linkIndex: number
  readonly link: string
  readonly arp: boolean
  readonly ndp: boolean
}

/** What the world, real or simulated, performs. */
export type AnnouncerOutput =
  | { readonly kind: "frame"; readonly linkIndex: number; readonly bytes: Uint8Array }
  | {
      readonly kind: "datagram"
      readonly linkIndex: number
      readonly from: Address
      readonly to: Address
      readonly bytes: Uint8Array
    }
  /** The sockets to have from now on, with what their filters let in. Others are closed. */
  | { readonly kind: "listen"; readonly on: readonly Listening[]; readonly ranges: readonly AddressRange[] }
  /** The multicast groups to be in on that link from now on; others are left. */
  | { readonly kind: "groups"; readonly linkIndex: number; readonly groups: readonly Ipv6[] }
  /** The page was taken: the next may come. */
  | { readonly kind: "acknowledged" }
  | { readonly kind: "moved"; readonly move: Move }
  | { readonly kind: "finding"; readonly finding: Finding; readonly on: boolean }
  /** Something worth telling the API changed; at most one a second. */
  | { readonly kind: "report"; readonly report: AnnouncerReport }
  /** This node cannot take part at all: the process must end and say why. */
  | { readonly kind: "refuse"; readonly because: Finding & { readonly code: "node-id-collision" } }
  /** Everything is said and handed over: the process may end. */
  | { readonly kind: "exit" }
