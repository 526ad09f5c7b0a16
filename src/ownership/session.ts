import { after, type Instant } from "../time/instant.ts"
import type { Beat } from "./beat.ts"
import { compareClaims } from "./claim.ts"
import type { Entry } from "./entry.ts"
import { isPromised, type Peer } from "./peer.ts"
import type { SegmentState } from "./state.ts"
import { timing } from "./timing.ts"

/** What a beat is, by its boot and sequence. `life`: a new boot that has not yet echoed this node's own. */
export type Admission = "old" | "life" | "current" | "new-boot"

/** Sorts a beat by its boot: a boot that is retired, or a sequence seen before, is a recording. */
export const admit = (state: SegmentState, peer: Peer, beat: Beat, now: Instant): Admission => {
  if (beat.boot === peer.boot) {
    if (beat.sequence <= peer.sequence) return "old"
    peer.next = undefined
    return "current"
  }
  if (peer.retired.includes(beat.boot)) return "old"
  if (peer.boot === undefined || beat.toBoot === state.config.boot) return "new-boot"
  return admitUnproven(state, peer, beat, now)
}

/** A new boot beside a known one: believed once it echoes this node's boot, or when the known one is not heard any more. */
const admitUnproven = (state: SegmentState, peer: Peer, beat: Beat, now: Instant): Admission => {
  if (peer.next?.boot === beat.boot && beat.sequence <= peer.next.sequence) return "old"
  const since = peer.next?.boot === beat.boot ? peer.next.since : now
  if (peer.next?.boot !== beat.boot) state.beatDue.add(peer)
  peer.next = { boot: beat.boot, sequence: beat.sequence, since }
  return now >= after(since, peer.windowMs) ? "new-boot" : "life"
}

/** The peer runs a new process: what the old one claimed becomes its estate. */
export const beginSession = (state: SegmentState, peer: Peer, beat: Beat, now: Instant): void => {
  if (peer.boot !== undefined) inherit(state, peer, now)
  if (peer.boot !== undefined) peer.retired = [peer.boot, ...peer.retired].slice(0, timing.retiredBoots)
  peer.boot = beat.boot
  peer.next = undefined
  peer.proven = false
  peer.sequence = 0
  peer.version = 0
  peer.total = 0
  peer.ackVersion = 0
  peer.toldVersion = 0
  peer.echoed = 0
  peer.aloneSince = undefined
  peer.promiseUntil = undefined
  peer.patience = 1
  peer.forgiveAt = undefined
  peer.wasReplaced = false
  state.beatDue.add(peer)
}

const inherit = (state: SegmentState, peer: Peer, now: Instant): void => {
  const entries = new Set(peer.estate?.entries)
  for (const entry of peer.claims) {
    const claim = entry.claims.get(peer.node)!
    const former = entry.estates.get(peer.node)
    if (former === undefined || compareClaims(former, claim) < 0) entry.estates.set(peer.node, claim)
    entry.claims.delete(peer.node)
    entries.add(entry)
    state.dirty.add(entry)
  }
  peer.claims.clear()
  if (entries.size === 0 || !state.rules.estate) return forget(state, peer, entries)
  const former = peer.estate?.over === false ? peer.estate.until : now
  const promised = isPromised(peer, now) && state.rules.promise ? peer.promiseUntil! : now
  const until = Math.max(former, promised, peer.sessionAt + peer.windowMs) as Instant
  const isPromise = peer.promiseUntil !== undefined || peer.estate?.promised === true
  peer.estate = { entries, promised: isPromise, lastBeatAt: peer.sessionAt, until, over: until <= now }
}

/** The new process is active and all it claims is known: what it did not claim again is free. */
export const voidEstate = (state: SegmentState, peer: Peer): void => {
  if (peer.estate !== undefined) forget(state, peer, peer.estate.entries)
}

const forget = (state: SegmentState, peer: Peer, entries: ReadonlySet<Entry>): void => {
  peer.estate = undefined
  for (const entry of entries) {
    entry.estates.delete(peer.node)
    state.dirty.add(entry)
  }
}
