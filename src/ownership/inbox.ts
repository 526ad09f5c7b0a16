import { after, type At, type Instant } from "../time/instant.ts"
import type { Beat, ClaimChange } from "./beat.ts"
import { epochMax } from "./claim.ts"
import { answerDoubt } from "./doubt.ts"
import type { PeerClaim } from "./entry.ts"
import { backToBeats, judgeAddressesOf, refreshPeer, successionTo } from "./liveness.ts"
import { isComplete, type Peer } from "./peer.ts"
import { askPeer } from "./question.ts"
import { note } from "./register.ts"
import { admit, beginSession, voidEstate } from "./session.ts"
import { entryOf, peerOf, type SegmentState } from "./state.ts"
import { takeOffers } from "./take-offer.ts"
import { timing } from "./timing.ts"
import { noteTop } from "./transition.ts"

/** A beat of another node: life, what it heard, what it claims, what it acknowledges, what it offers. */
export const receiveBeat = (state: SegmentState, beat: Beat, at: At): void => {
  if (beat.from === state.config.self || beat.to !== state.config.self) return
  const peer = peerOf(state, beat.from)
  const admission = admit(state, peer, beat, at.now)
  if (admission === "old") return
  noteLife(state, peer, beat, at.now)
  if (admission === "life") return refreshPeer(state, peer, at.now)
  if (admission === "new-boot") beginSession(state, peer, beat, at.now)
  noteSender(state, peer, beat, at)
  noteWitnessed(state, beat, at.now)
  noteClaims(state, peer, beat, at.now)
  noteEcho(state, peer, beat)
  refreshPeer(state, peer, at.now)
  if (beat.offers.length > 0) takeOffers(state, peer, beat.offers, at)
  if (state.phase.is === "warming") noteEstate(state, beat, at.now)
}

const noteLife = (state: SegmentState, peer: Peer, beat: Beat, now: Instant): void => {
  peer.directAt = now
  peer.floor = -Infinity as Instant
  peer.intervalMs = beat.intervalMs
  peer.windowMs = beat.intervalMs * beat.misses
  if (!beat.alone) peer.question = undefined
  backToBeats(state, peer)
}

const noteSender = (state: SegmentState, peer: Peer, beat: Beat, at: At): void => {
  peer.sequence = beat.sequence
  peer.sessionAt = at.now
  if (beat.toBoot === state.config.boot && !peer.proven) {
    peer.proven = true
    judgeAddressesOf(state, peer)
  }
  if (peer.state !== beat.state) {
    peer.state = beat.state
    judgeAddressesOf(state, peer)
  }
  peer.hasGateway = beat.hasGateway
  notePromise(peer, beat, at.now)
  noteAlone(state, peer, beat, at)
}

const notePromise = (peer: Peer, beat: Beat, now: Instant): void => {
  const promisedUntil = after(now, Math.min(beat.promiseSeconds, timing.promiseSecondsMax) * 1000)
  peer.promiseUntil = beat.state === "restarting" ? promisedUntil : undefined
  if (beat.state === "restarting" && peer.estate !== undefined && !peer.estate.over)
    peer.estate.until = Math.max(peer.estate.until, promisedUntil) as Instant
}

/** It hears nobody: its claims will soon be ownerless, so the question that must precede a takeover leaves now. */
const noteAlone = (state: SegmentState, peer: Peer, beat: Beat, at: At): void => {
  if (!beat.alone) {
    peer.aloneSince = undefined
    peer.aloneBeats = 0
    return
  }
  peer.aloneSince ??= at.now
  peer.aloneBeats++
  const entry = state.phase.is === "active" ? successionTo(state, peer) : undefined
  if (entry !== undefined) askPeer(state, peer, entry.key, at)
}

/**
 * A third speaker's report counts as of when it heard the peer itself. It meets a question only if that was after the
 * question, and not while the peer says that it is deaf.
 */
const noteWitnessed = (state: SegmentState, beat: Beat, now: Instant): void => {
  if (!state.rules["third-witness"]) return
  for (const { node, ageMs } of beat.heard) {
    const peer = state.peers.get(node)
    if (peer === undefined) continue
    const heardAt = (state.rules["witness-age"] || ageMs > peer.windowMs ? now - ageMs : now) as Instant
    if (heardAt <= peer.witnessAt) continue
    peer.witnessAt = heardAt
    if (heardAt <= peer.directAt) continue
    if (peer.question !== undefined && heardAt > peer.question.since && peer.aloneSince === undefined)
      peer.question = undefined
    if (peer.is !== "alive") refreshPeer(state, peer, now)
  }
}

/** A page that does not follow what is known is ignored: the next beat begins where the acknowledgement ends. */
const noteClaims = (state: SegmentState, peer: Peer, beat: Beat, now: Instant): void => {
  peer.total = beat.total
  if (beat.base <= peer.version) {
    for (const change of beat.changes) if (change.version > peer.version) noteChange(state, peer, change, now)
    peer.version = Math.max(peer.version, beat.pageEnd)
  }
  if (peer.estate !== undefined && beat.state === "active" && isComplete(peer)) voidEstate(state, peer)
}

const noteChange = (state: SegmentState, peer: Peer, change: ClaimChange, now: Instant): void => {
  const entry = entryOf(state, change.address)
  state.dirty.add(entry)
  if (change.kind === "claimed")
    return learnClaim(state, peer, change.address, { ...claimOf(peer, change), announced: false }, now)
  if (entry.claims.delete(peer.node)) entry.notBefore = after(now, state.windowMs)
  peer.claims.delete(entry)
  if (change.kind === "revoked") entry.revoked = Math.max(entry.revoked ?? 0, change.grant)
}

const claimOf = (peer: Peer, { grant, epoch }: { grant: number; epoch: number }) => ({ node: peer.node, grant, epoch })

/** A peer's present claim. */
export const learnClaim = (
  state: SegmentState,
  peer: Peer,
  key: ClaimChange["address"],
  claim: PeerClaim,
  now: Instant,
): void => {
  if (claim.epoch > epochMax) return note(state, { code: "malformed-claim", peer: peer.node, address: key }, now)
  const entry = entryOf(state, key)
  noteTop(state, entry, claim, now)
  entry.claims.set(peer.node, claim)
  peer.claims.add(entry)
  state.dirty.add(entry)
}

const noteEcho = (state: SegmentState, peer: Peer, beat: Beat): void => {
  if (beat.toBoot !== state.config.boot) {
    peer.ackVersion = 0
    peer.toldVersion = 0
    return
  }
  peer.ackVersion = Math.min(state.log.version, Math.max(peer.ackVersion, beat.toVersion))
  peer.echoed = Math.max(peer.echoed, beat.toSequence)
  answerDoubt(state, peer, beat.toSequence)
}

/** What this node's former process held, as the peer remembers it. */
const noteEstate = (state: SegmentState, beat: Beat, now: Instant): void => {
  for (const { address, grant, epoch } of beat.estate) {
    if (epoch > epochMax || !state.rules.estate) continue
    const entry = entryOf(state, address)
    noteTop(state, entry, { node: state.config.self, grant, epoch }, now)
    const known = entry.estate
    if (known === undefined || known.grant < grant || (known.grant === grant && known.epoch < epoch))
      entry.estate = { grant, epoch, because: "restart" }
  }
}
