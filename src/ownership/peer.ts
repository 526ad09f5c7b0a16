import type { Instant } from "../time/instant.ts"
import type { Boot, NodeId, SpeakerState } from "./beat.ts"
import type { Entry } from "./entry.ts"
import { timing } from "./timing.ts"

export const never: Instant = -Infinity as Instant

/** Questions to a silent peer that no answer, beat or witness has met. */
export type OpenQuestion = { readonly since: Instant; readonly lastAt: Instant; readonly nonces: readonly number[] }

export type Estate = {
  readonly entries: ReadonlySet<Entry>
  readonly promised: boolean
  readonly lastBeatAt: Instant
  until: Instant
  over: boolean
}

/** What is known of another node's speaker. */
export type Peer = {
  readonly node: NodeId
  boot: Boot | undefined
  /** It echoed this node's boot, so it is no recording. */
  proven: boolean
  sequence: number
  retired: readonly Boot[]
  /** A boot not met before that has not echoed this node's own: it shows life and binds nobody. */
  next: { readonly boot: Boot; readonly sequence: number; readonly since: Instant } | undefined
  state: SpeakerState | undefined
  /** The sender's own values make the receiver's window. */
  intervalMs: number
  windowMs: number
  aloneSince: Instant | undefined
  aloneBeats: number
  /** It said last that the gateway answers it. */
  hasGateway: boolean
  /** Last beat of this boot. */
  sessionAt: Instant
  /** Last beat, last token answer, last report of a third speaker. */
  directAt: Instant
  echoAt: Instant
  witnessAt: Instant
  /** Its window does not begin before this. */
  floor: Instant
  /** How much of its log is here, how long the log is, and how much of this node's it has. */
  version: number
  total: number
  ackVersion: number
  /** How much of this node's log it was sent since the last regular beat. */
  toldVersion: number
  /** The highest sequence of this node's beats that it has echoed. */
  echoed: number
  readonly claims: Set<Entry>
  promiseUntil: Instant | undefined
  /** What its former process held. `promised`: it said it would be back. */
  estate: Estate | undefined
  patience: number
  forgiveAt: Instant | undefined
  /** Something it held was taken while it was silent. */
  wasReplaced: boolean
  detector: "beats" | "arp"
  question: OpenQuestion | undefined
  is: "unknown" | "alive" | "silent" | "deaf"
  /** Whether its claims count: it is alive or promised. */
  standing: boolean
  goneAt: Instant
}

export const newPeer = (node: NodeId, intervalMs: number, windowMs: number): Peer => ({
  node,
  boot: undefined,
  proven: false,
  sequence: 0,
  retired: [],
  next: undefined,
  state: undefined,
  intervalMs,
  windowMs,
  aloneSince: undefined,
  aloneBeats: 0,
  hasGateway: false,
  sessionAt: never,
  directAt: never,
  echoAt: never,
  witnessAt: never,
  floor: never,
  version: 0,
  total: 0,
  ackVersion: 0,
  toldVersion: 0,
  echoed: 0,
  claims: new Set(),
  promiseUntil: undefined,
  estate: undefined,
  patience: 1,
  forgiveAt: undefined,
  wasReplaced: false,
  detector: "beats",
  question: undefined,
  is: "unknown",
  standing: false,
  goneAt: never,
})

/** The last sign of life, its own or reported. */
export const lifeOf = (peer: Peer): Instant => Math.max(peer.directAt, peer.echoAt, peer.witnessAt) as Instant

/** From this instant the peer is silent, unless it gives a sign of life. */
export const silentAt = (peer: Peer): Instant => {
  const windowMs = peer.detector === "arp" ? timing.arpSilentMs : peer.windowMs * peer.patience
  return (Math.max(lifeOf(peer), peer.floor) + windowMs) as Instant
}

export const isPromised = (peer: Peer, now: Instant): boolean =>
  peer.promiseUntil !== undefined && now < peer.promiseUntil

/** When others begin to ask for it: half a window before its claims would be ownerless. */
export const suspectAt = (peer: Peer): Instant => {
  if (peer.detector === "arp") return (lifeOf(peer) + timing.arpIntervalMs) as Instant
  const half = (Math.max(lifeOf(peer), peer.floor) + peer.windowMs / 2) as Instant
  return peer.promiseUntil === undefined ? half : (Math.max(half, peer.promiseUntil - peer.windowMs / 2) as Instant)
}

/** All it claims is known here. */
export const isComplete = (peer: Peer): boolean => peer.version >= peer.total
