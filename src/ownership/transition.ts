import type { At } from "../time/instant.ts"
import { after, type Instant } from "../time/instant.ts"
import type { AddressState } from "./address.ts"
import type { NodeId } from "./beat.ts"
import { type Claim, nextEpoch } from "./claim.ts"
import type { Entry } from "./entry.ts"
import { logChange } from "./log.ts"
import type { MoveReason } from "./move.ts"
import { notePlannedMove } from "./pace.ts"
import { compareHere } from "./standing.ts"
import { beatToAll, type SegmentState, tell } from "./state.ts"
import { timing } from "./timing.ts"

/** The one place where an address changes its state: keeps the indexes true. */
export const become = (state: SegmentState, entry: Entry, next: AddressState): void => {
  const before = offerTarget(entry.state)
  entry.state = next
  const target = offerTarget(next)
  if (before !== target) moveOffer(state, entry, before, target)
  membership(state.held, entry, next.is === "holding")
  membership(state.pending, entry, next.is === "waiting" || next.is === "asking")
}

const membership = (set: Set<Entry>, entry: Entry, isIn: boolean): void => {
  if (isIn) set.add(entry)
  else set.delete(entry)
}

/** To whom a beat must carry an offer of this address. */
const offerTarget = (address: AddressState): NodeId | undefined => {
  if (address.is === "holding") return address.offer?.to
  return address.is === "asking" ? address.adopting?.member : undefined
}

const moveOffer = (state: SegmentState, entry: Entry, from: NodeId | undefined, to: NodeId | undefined): void => {
  if (from !== undefined) state.offers.get(from)?.delete(entry)
  if (to === undefined) return
  if (!state.offers.has(to)) state.offers.set(to, new Set())
  state.offers.get(to)!.add(entry)
  state.newOffers.add(entry)
  const peer = state.peers.get(to)
  if (peer !== undefined) state.beatDue.add(peer)
}

/**
 * Claims the address under the grant of this node's view, tells all, answers from now on. Whoever calls has made sure
 * that it may.
 */
export const claim = (
  state: SegmentState,
  entry: Entry,
  because: MoveReason,
  from: NodeId | undefined,
  at: At,
): void => {
  const { grant, epoch } = hold(state, entry, at)
  tell(state, { kind: "moved", key: entry.key, from, to: state.config.self, grant, epoch, because })
}

/** The grant rose and this node may keep the address: the same holder claims again. */
export const claimAgain = (state: SegmentState, entry: Entry, at: At): void => void hold(state, entry, at)

const hold = (state: SegmentState, entry: Entry, at: At): Claim => {
  const group = entry.group!
  const epoch = nextEpoch(entry.top?.epoch, at.wallSeconds, state.rules)
  logChange(state.log, "claimed", entry.key, group.grant, epoch)
  const own: Claim = { node: state.config.self, grant: group.grant, epoch }
  noteTop(state, entry, own, at.now)
  entry.estate = undefined
  entry.inherited = undefined
  become(state, entry, {
    is: "holding",
    grant: group.grant,
    epoch,
    since: at.now,
    announceAt: timing.announceMs.map((ms) => after(at.now, ms)),
    offer: undefined,
    rival: undefined,
    unreadySince: undefined,
    preferredSince: undefined,
  })
  tell(state, { kind: "answering", key: entry.key, addresses: group.addresses, grant: group.grant })
  beatToAll(state)
  state.dirty.add(entry)
  return own
}

/** Lets a held address go, silent before the next frame. `revoked`: nobody may claim this grant any more. */
export const letGo = (
  state: SegmentState,
  entry: Entry,
  kind: "free" | "revoked",
  because: MoveReason,
  to: NodeId | undefined,
): void => {
  if (entry.state.is !== "holding") throw new Error("an address that is not held cannot be let go")
  const { grant, epoch } = entry.state
  logChange(state.log, state.rules.revoked ? kind : "free", entry.key, grant, epoch)
  if (kind === "revoked" && state.rules.revoked) entry.revoked = Math.max(entry.revoked ?? 0, grant)
  entry.giveTo = undefined
  become(state, entry, { is: "barred", why: "speaker-not-active" })
  tell(state, { kind: "answering", key: entry.key, addresses: [], grant })
  tell(state, { kind: "moved", key: entry.key, from: state.config.self, to, grant, epoch, because })
  beatToAll(state)
  state.dirty.add(entry)
}

/** Remembers the best claim ever seen; who is replaced while silent will be given more patience when it returns. */
export const noteTop = (state: SegmentState, entry: Entry, claim: Claim, now: Instant): void => {
  const top = entry.top
  if (top !== undefined && compareHere(state, entry, top, claim) >= 0) return
  entry.top = claim
  if (top === undefined || top.node === claim.node) return
  const former = state.peers.get(top.node)
  const wasAlive = top.node === state.config.self ? entry.state.is === "holding" : former?.is === "alive"
  if (wasAlive && top.grant === claim.grant) notePlannedMove(entry, now)
  if (!wasAlive && former !== undefined) former.wasReplaced = true
}
