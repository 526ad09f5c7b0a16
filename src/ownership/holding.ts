import { after, type At, earliest, type Instant } from "../time/instant.ts"
import { addressIndex } from "./address-index.ts"
import type { Holding } from "./address.ts"
import { announceDue, announceNextAt, announceSoon } from "./announce.ts"
import type { NodeId } from "./beat.ts"
import type { Claim } from "./claim.ts"
import type { Entry } from "./entry.ts"
import { outOverAt } from "./flapping.ts"
import { handOver, handOverNextAt, withSince } from "./hand-over.ts"
import type { MoveReason } from "./move.ts"
import { clear } from "./register.ts"
import { compareHere, isInOrder } from "./standing.ts"
import { isAble, type SegmentState } from "./state.ts"
import { timing } from "./timing.ts"
import { become, claimAgain, letGo } from "./transition.ts"

/** A held address: kept while its claim is the best, announced on schedule, offered while there is a reason. */
export const judgeHolding = (state: SegmentState, entry: Entry, holding: Holding, at: At): void => {
  const loss = lossOf(state, entry, holding, at.now)
  if (loss !== undefined) {
    clear(state, { code: "nobody-takes", address: entry.key, tried: [] })
    bearWithTaker(state, holding, loss.because, at.now)
    return letGo(state, entry, loss.kind, loss.because, loss.to)
  }
  if (isAble(state) && entry.group!.grant > holding.grant && isInOrder(state, entry)) claimAgain(state, entry, at)
  const current = entry.state as Holding
  const attended = handOver(
    state,
    entry,
    withSince(state, entry, withRival(state, entry, current, at.now), at.now),
    at.now,
  )
  become(state, entry, announceDue(state, entry, attended, at.now))
}

/**
 * Who took over from a holder that was awake, on time and in company missed its beats: packets between the two get lost,
 * and the other way too. Without more patience on both sides the address would go to and fro between two nodes.
 */
const bearWithTaker = (state: SegmentState, holding: Holding, because: MoveReason, now: Instant): void => {
  if (because.code !== "better-claim" || because.grant !== holding.grant || !state.rules.patience) return
  if (state.doubt !== undefined || now <= after(holding.since, state.windowMs)) return
  const peer = state.peers.get(because.by)!
  peer.patience = Math.min(timing.patienceMax, peer.patience * 2)
  peer.forgiveAt = after(now, timing.forgiveMs)
}

export const holdingNextAt = (state: SegmentState, entry: Entry, holding: Holding, now: Instant): Instant | undefined =>
  earliest(
    announceNextAt(state, holding, now),
    handOverNextAt(state, entry, holding, now),
    entry.group?.order.length === 0 ? withdrawnAt(state, entry, now) : undefined,
  )

/** When an address that nobody may answer for is let go; infinite where somebody may. */
const withdrawnAt = (state: SegmentState, entry: Entry, now: Instant): Instant => {
  if (entry.group!.order.length > 0) return Infinity as Instant
  if (!state.rules.pace || entry.outAt === undefined) return now
  return Math.max(after(entry.outAt, timing.emptyMs), outOverAt(entry, now)) as Instant
}

type Loss = {
  readonly kind: "free" | "revoked"
  readonly because: MoveReason
  readonly to: NodeId | undefined
}

const lossOf = (state: SegmentState, entry: Entry, holding: Holding, now: Instant): Loss | undefined => {
  if (entry.group === undefined) {
    const isRenamed = state.groupOf.has(addressIndex(entry.key))
    return { kind: isRenamed ? "free" : "revoked", because: { code: "deleted" }, to: undefined }
  }
  if (now >= withdrawnAt(state, entry, now)) return { kind: "free", because: { code: "withdrawn" }, to: undefined }
  const by = betterClaim(state, entry, holding)
  if (by === undefined) return undefined
  if (holding.offer?.to === by.node)
    return { kind: "free", because: { code: "handed-over", because: holding.offer.because }, to: by.node }
  const because: MoveReason = { code: "better-claim", by: by.node, grant: by.grant, epoch: by.epoch }
  return { kind: "free", because, to: by.node }
}

const ownClaim = (state: SegmentState, holding: Holding): Claim => ({ node: state.config.self, ...holding })

/** A recording of a beat cannot echo this node's boot, so what was not proven makes nobody give up. */
const betterClaim = (state: SegmentState, entry: Entry, holding: Holding): Claim | undefined => {
  const own = ownClaim(state, holding)
  for (const claim of entry.claims.values()) {
    const peer = state.peers.get(claim.node)!
    const binds = peer.standing && (peer.proven || claim.announced)
    if (binds && compareHere(state, entry, claim, own) > 0) return claim
  }
  for (const claim of entry.estates.values()) {
    const counts = state.peers.get(claim.node)!.estate?.over === false
    if (counts && compareHere(state, entry, claim, own) > 0) return claim
  }
  return undefined
}

/** Somebody holds a worse claim: told at once, and the segment hears who the holder is; again when it has given up. */
const withRival = (state: SegmentState, entry: Entry, holding: Holding, now: Instant): Holding => {
  const rival = rivalOf(state, entry, holding)
  if (rival === holding.rival) return holding
  const peer = rival === undefined ? undefined : state.peers.get(rival)
  if (peer !== undefined) state.beatDue.add(peer)
  const [first, second] = timing.announceMs
  return { ...announceSoon(holding, now, rival === undefined ? [first] : [first, second]), rival }
}

const rivalOf = (state: SegmentState, entry: Entry, holding: Holding): NodeId | undefined => {
  if (entry.claims.size === 0) return undefined
  const own = ownClaim(state, holding)
  for (const claim of entry.claims.values())
    if (state.peers.get(claim.node)!.standing && compareHere(state, entry, claim, own) < 0) return claim.node
  return undefined
}
