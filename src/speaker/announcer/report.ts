import type { Address } from "../../net/address.ts"
import type { Epoch, Grant, SpeakerState } from "../../ownership/beat.ts"
import type { MoveReason } from "../../ownership/move.ts"
import type { Finding } from "./finding.ts"
import type { ForeignAnswer } from "./foreign-answers.ts"
import type { JudgedLink } from "./link-assignment.ts"

/** One line of the journal: an address group changed its holder, and this node gave or took it. */
export type Move = {
  /** Seconds since 1970. */
  readonly at: number
  readonly link: string
  readonly key: Address
  readonly from: string | undefined
  readonly to: string | undefined
  readonly because: MoveReason
}

/** The journal's length, in the Speaker object and in `inspect`. */
export const movesKept = 32

/** A group that this node answers for on one link. */
export type ReportedHold = {
  readonly key: Address
  readonly addresses: readonly Address[]
  readonly link: string
  readonly grant: Grant
  readonly epoch: Epoch
  /** Seconds since 1970. */
  readonly since: number
  /** When the gateway last asked for the first address or answered about it, seconds since 1970. */
  readonly gatewayConfirmedAt: number | undefined
}

/** A segment this node speaks in. */
export type ReportedSegment = {
  /** The network that names it: `192.168.40.0/24`. */
  readonly segment: string
  readonly link: string
  readonly state: SpeakerState
  readonly connection: "connected" | "alone" | "listening"
  /** Nodes whose speakers it hears there. */
  readonly hears: readonly string[]
}

/** What the announcer tells the watcher, to be written into the Speaker object. */
export type AnnouncerReport = {
  readonly links: readonly JudgedLink[]
  readonly segments: readonly ReportedSegment[]
  readonly holds: readonly ReportedHold[]
  readonly contested: readonly (ForeignAnswer & { readonly link: string })[]
  readonly findings: readonly Finding[]
  /** The last 32, oldest first. */
  readonly moves: readonly Move[]
}
