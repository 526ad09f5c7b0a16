import { after, type At, earliest, type Instant } from "../time/instant.ts"
import type { Entry } from "./entry.ts"
import { isPromised, lifeOf, never, type Peer, silentAt, suspectAt } from "./peer.ts"
import { askAgainAt, askGateway, askPeer } from "./question.ts"
import { clear, raise } from "./register.ts"
import { rankOf } from "./standing.ts"
import type { SegmentState } from "./state.ts"
import { timing } from "./timing.ts"

/** Judges every peer at once: when one of their deadlines is over. */
export const sweepPeers = (state: SegmentState, at: At): void => {
  state.livenessAt = undefined
  for (const peer of state.peers.values()) {
    suspect(state, peer, at)
    refreshPeer(state, peer, at.now)
  }
}

/** Brings a peer's standing up to what is known now, and judges its addresses again where that changed. */
export const refreshPeer = (state: SegmentState, peer: Peer, now: Instant): void => {
  const is = lifeStatus(state, peer, now)
  const standing = is === "alive" || (state.rules.promise && isPromised(peer, now))
  endEstate(state, peer, now)
  if (is !== peer.is || standing !== peer.standing) {
    if (is === "alive") cameBack(state, peer, now)
    if (peer.is === "alive") peer.goneAt = now
    peer.is = is
    peer.standing = standing
    judgeAddressesOf(state, peer)
  }
  state.livenessAt = earliest(state.livenessAt, nextOf(state, peer, now))
}

/** All that may change with a peer's life: what it claims, everybody's rank, and to whom addresses are offered. */
export const judgeAddressesOf = (state: SegmentState, peer: Peer): void => {
  for (const entry of peer.claims) state.dirty.add(entry)
  for (const entry of state.pending) state.dirty.add(entry)
  for (const entry of state.held) state.dirty.add(entry)
}

const lifeStatus = (state: SegmentState, peer: Peer, now: Instant): Peer["is"] => {
  if (lifeOf(peer) === never) return "unknown"
  if (now >= silentAt(peer)) return "silent"
  return state.rules["alone-flag"] && isDeaf(state, peer, now) ? "deaf" : "alive"
}

/** "I hear nobody" must be said for more than two beats: ports that return one by one say it for less. Beats sent at once stand close together. */
const isDeaf = (state: SegmentState, peer: Peer, now: Instant): boolean => {
  if (peer.aloneSince === undefined) return false
  return !state.rules["alone-said-twice"] || (peer.aloneBeats > 2 && now >= after(peer.aloneSince, peer.intervalMs / 2))
}

/** The same boot whose addresses were taken over was not dead: its window doubles. */
const cameBack = (state: SegmentState, peer: Peer, now: Instant): void => {
  if (peer.forgiveAt !== undefined && now >= peer.forgiveAt) peer.patience = 1
  if (!peer.wasReplaced) return
  peer.wasReplaced = false
  if (!state.rules.patience) return
  peer.patience = Math.min(timing.patienceMax, peer.patience * 2)
  peer.forgiveAt = after(now, timing.forgiveMs)
}

const endEstate = (state: SegmentState, peer: Peer, now: Instant): void => {
  if (peer.estate === undefined || peer.estate.over || now < peer.estate.until) return
  peer.estate.over = true
  for (const entry of peer.estate.entries) state.dirty.add(entry)
}

/** Where this node would be first or second to take over, it asks a holder that has been silent for half a window. */
const suspect = (state: SegmentState, peer: Peer, at: At): void => {
  if (!isWatched(state, peer) || at.now < suspectAt(peer)) return
  const entry = successionTo(state, peer)
  if (entry === undefined) return
  askPeer(state, peer, entry.key, at)
  askGateway(state, at)
}

const isWatched = (state: SegmentState, peer: Peer): boolean =>
  state.phase.is === "active" && peer.standing && peer.claims.size > 0

/** One address of the peer for which this node is first or second in turn. */
export const successionTo = (state: SegmentState, peer: Peer): Entry | undefined => {
  for (const entry of peer.claims) if (entry.group !== undefined && rankOf(state, entry, peer.node) <= 1) return entry
  return undefined
}

const nextOf = (state: SegmentState, peer: Peer, now: Instant): Instant | undefined => {
  const estateAt = peer.estate?.over === false ? peer.estate.until : undefined
  const silent = peer.is === "alive" || peer.is === "deaf" ? silentAt(peer) : undefined
  const promiseAt = isPromised(peer, now) ? peer.promiseUntil : undefined
  return earliest(estateAt, silent, promiseAt, isWatched(state, peer) ? suspicionAt(state, peer, now) : undefined)
}

const suspicionAt = (state: SegmentState, peer: Peer, now: Instant): Instant | undefined => {
  const next = Math.max(suspectAt(peer), askAgainAt(state, peer, now)) as Instant
  return next > now ? next : undefined
}

/** A token answer: a sign of life where beats may be filtered. */
export const heardAnswer = (state: SegmentState, peer: Peer, now: Instant): void => {
  peer.echoAt = now
  peer.question = undefined
  if (peer.detector === "beats" && now >= after(peer.directAt, timing.beatsBlockedMs)) {
    peer.detector = "arp"
    raise(state, { code: "beats-blocked", peer: peer.node, port: state.config.beatPort })
  }
  refreshPeer(state, peer, now)
}

/** Its beats arrive again. */
export const backToBeats = (state: SegmentState, peer: Peer): void => {
  if (peer.detector === "beats") return
  peer.detector = "beats"
  clear(state, { code: "beats-blocked", peer: peer.node, port: state.config.beatPort })
}
