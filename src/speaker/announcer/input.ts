import type { Address } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import type { InheritedClaim } from "../../ownership/input.ts"
import type { Intent, Surroundings } from "../intent.ts"

/** The contents of the beat key's two files. Both are accepted; `current` signs. */
export type BeatSecrets = { readonly current: Uint8Array; readonly next: Uint8Array | undefined }

/** A claim of the old process of this node, on the segment of that network (`192.168.40.0/24`). */
export type InheritedHold = InheritedClaim & { readonly segment: string }

/**
 * Everything the announcer is told. The world's duty when several wait at once: datagrams first, then frames, then
 * `wake`.
 */
export type AnnouncerInput =
  /** All interfaces of this machine, as netlink tells them. Replaces the list of before. */
  | { readonly kind: "links"; readonly interfaces: readonly Interface[] }
  | { readonly kind: "surroundings"; readonly surroundings: Surroundings }
  | { readonly kind: "secrets"; readonly secrets: BeatSecrets }
  /** A page of the view; `complete`: with it the view is whole as of some moment. Answered by `acknowledged`. */
  | { readonly kind: "intents"; readonly page: readonly Intent[]; readonly complete: boolean }
  /** The beat port is ours: no other process of this node beats. */
  | { readonly kind: "bound" }
  | { readonly kind: "inherited"; readonly holds: readonly InheritedHold[] }
  /** Sent to this machine, to all or to a group: the packet filter has dropped what was for others. */
  | { readonly kind: "frame"; readonly linkIndex: number; readonly bytes: Uint8Array }
  /** `ttl`: 255 unless a router passed it on, and then it is not of this segment. */
  | {
      readonly kind: "datagram"
      readonly linkIndex: number
      readonly from: Address
      readonly ttl: number
      readonly bytes: Uint8Array
    }
  /** The kernel refused something sent: ENOBUFS, ENETDOWN, EPERM. */
  | { readonly kind: "failed"; readonly linkIndex: number; readonly code: string }
  | { readonly kind: "stop"; readonly how: "restarting" | "leaving" }
  | { readonly kind: "wake" }
