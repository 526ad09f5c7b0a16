import { zeroMac } from "../net/mac.ts"
import { after, type At, type Instant } from "../time/instant.ts"
import type { Bar, Obstacle, Vacancy } from "./address.ts"
import type { NodeId } from "./beat.ts"
import type { Claim } from "./claim.ts"
import type { Entry } from "./entry.ts"
import { isUnanswered } from "./first-use.ts"
import type { MoveReason } from "./move.ts"
import { lifeOf, type Peer } from "./peer.ts"
import { askGateway, askPeer, unansweredAt } from "./question.ts"
import { isReady } from "./readiness.ts"
import { clear, raise } from "./register.ts"
import { holderOf, isInOrder, orphanedBy, rankOf } from "./standing.ts"
import { isAble, isSingle, type SegmentState } from "./state.ts"
import { timing } from "./timing.ts"
import { become, claim } from "./transition.ts"

/** An address that this node does not hold: leave it, or wait, ask, and claim it. */
export const judgeVacant = (state: SegmentState, entry: Entry, at: At): void => {
  const bar = barOf(state, entry)
  if (bar !== undefined) return settle(state, entry, { is: "barred", why: bar })
  const holder = holderOf(state, entry)
  if (holder !== undefined && holder.grant >= entry.group!.grant) {
    entry.estate = undefined
    return settle(state, entry, { is: "elsewhere", holder: holder.node })
  }
  if (holder === undefined && takeEstate(state, entry, at)) return
  takeVacant(state, entry, holder, at)
}

/** Whether this node may claim the address at all. */
export const barOf = (state: SegmentState, entry: Entry): Bar | undefined => {
  if (entry.group === undefined) return "not-in-view"
  if (!isAble(state)) return "speaker-not-active"
  if (entry.top !== undefined && entry.group.grant < entry.top.grant) return "newer-grant-seen"
  if (entry.revoked !== undefined && entry.group.grant <= entry.revoked) return "grant-revoked"
  return isInOrder(state, entry) ? undefined : "not-in-order"
}

const settle = (
  state: SegmentState,
  entry: Entry,
  next: { is: "barred"; why: Bar } | { is: "elsewhere"; holder: NodeId },
): void => {
  clearFindings(state, entry)
  become(state, entry, next)
}

/** What this node held before it restarted, or under the group's former key, is its own again without asking. */
const takeEstate = (state: SegmentState, entry: Entry, at: At): boolean => {
  const { estate } = entry
  entry.estate = undefined
  if (estate === undefined || estate.grant !== entry.group!.grant || !isStillOurs(state, entry)) return false
  if (!isConnected(state, at.now)) {
    const since = sinceOf(entry, "free", at.now)
    entry.estate = estate
    become(state, entry, { is: "waiting", why: "free", since, asked: false, ...seekWitness(state, entry, since, at) })
    return true
  }
  const code = estate.because === "restart" ? "held-before-restart" : "group-renamed"
  claim(state, entry, { code }, state.config.self, at)
  return true
}

/** Nobody has claimed it since, as far as anybody told. A new key of a group was never claimed by anybody. */
const isStillOurs = (state: SegmentState, { top }: Entry): boolean =>
  top === undefined || top.node === state.config.self

const takeVacant = (state: SegmentState, entry: Entry, holder: Claim | undefined, at: At): void => {
  const orphanOf = holder === undefined ? orphanedBy(state, entry) : undefined
  const why = vacancyOf(entry, holder, orphanOf)
  if (entry.state.is === "conflict" && at.now < entry.state.retryAt) return
  const since = sinceOf(entry, why, at.now)
  const obstacle = obstacleOf(state, entry, { why, since, holder, orphanOf }, at)
  if (obstacle !== undefined) return become(state, entry, { is: "waiting", why, since, asked: false, ...obstacle })
  const mustAsk = why === "new" || (why === "free" && state.rules["probes-after-release"])
  if (mustAsk && !isAsked(entry, why) && !isUnanswered(state, entry, why, since, at)) return
  const readyAt = readyBy(state, entry, { why, since, holder })
  if (at.now < readyAt)
    return become(state, entry, { is: "waiting", why, since, asked: mustAsk, for: "readiness", dueAt: readyAt })
  clearFindings(state, entry)
  claim(state, entry, reasonOf(entry, holder, orphanOf, at.now), (holder ?? orphanOf)?.node, at)
}

/** Nobody answered the questions; only readiness is waited for. */
const isAsked = ({ state }: Entry, why: Vacancy): boolean => state.is === "waiting" && state.why === why && state.asked

/** A candidate whose data plane is not ready waits while others may take it; asking goes on meanwhile, so it costs nothing. */
const readyBy = (state: SegmentState, entry: Entry, vacant: Pick<Case, "why" | "since" | "holder">): Instant =>
  isReady(state, entry) ? vacant.since : after(turnOf(state, entry, vacant).dueAt, timing.unreadyWaitMs)

const vacancyOf = (entry: Entry, holder: Claim | undefined, orphanOf: Peer | undefined): Vacancy => {
  if (holder !== undefined) return "grant"
  if (orphanOf !== undefined) return "orphan"
  return entry.top === undefined ? "new" : "free"
}

const sinceOf = (entry: Entry, why: Vacancy, now: Instant): Instant => {
  const { state } = entry
  return (state.is === "waiting" || state.is === "asking") && state.why === why ? state.since : now
}

type Case = {
  readonly why: Vacancy
  readonly since: Instant
  readonly holder: Claim | undefined
  readonly orphanOf: Peer | undefined
}
type Wait = { readonly for: Obstacle; readonly dueAt: Instant | undefined }

/** Questions that all ask at once, because the holder died unsuspected, end at once too: the turn comes after them. */
const rankMsOf = (state: SegmentState, entry: Entry): number =>
  state.rules["rank-wait"] ? rankOf(state, entry) * timing.rankWaitMs : 0

/** The first condition that is not met: the turn, the own question, the witness. */
const obstacleOf = (state: SegmentState, entry: Entry, vacant: Case, at: At): Wait | undefined => {
  const turn = turnOf(state, entry, vacant)
  const dead = vacant.orphanOf?.is === "alive" ? undefined : vacant.orphanOf
  if (dead !== undefined) askPeer(state, dead, entry.key, at)
  if (at.now < turn.dueAt) return turn
  if (dead !== undefined && state.rules["own-question"]) {
    const dueAt = after(unansweredAt(dead)!, rankMsOf(state, entry))
    if (at.now < dueAt) return { for: "question", dueAt }
  }
  return isConnected(state, at.now) ? undefined : seekWitness(state, entry, vacant.since, at)
}

/** What was let go was mostly taken by somebody whose claim may have been lost: a window for it to be repeated. */
const turnOf = (
  state: SegmentState,
  entry: Entry,
  { why, since, holder }: Pick<Case, "why" | "since" | "holder">,
): Wait & { dueAt: Instant } => {
  const rankMs = rankMsOf(state, entry)
  const firstMs = why === "new" && rankMs > 0 ? timing.firstUseGraceMs : 0
  const graceMs = why === "grant" && isInOrder(state, entry, holder!.node) ? timing.grantGraceMs : 0
  const from = why === "free" || why === "new" ? Math.max(since, entry.notBefore) : since
  return { for: graceMs > 0 ? "grant-grace" : "rank", dueAt: after(from as Instant, rankMs + firstMs + graceMs) }
}

/** Some station was heard within half a window: who hears nobody may be the one who is cut off. */
const isConnected = (state: SegmentState, now: Instant): boolean =>
  !state.rules["connected-witness"] || isSingle(state) || now <= after(state.heardAt, state.windowMs / 2)

const seekWitness = (state: SegmentState, entry: Entry, since: Instant, at: At): Wait => {
  askGateway(state, at)
  if (at.now > after(since, state.windowMs)) raise(state, { code: "no-witness", address: entry.key })
  return { for: "witness", dueAt: after(state.gatewayAskedAt, state.intervalMs) }
}

const reasonOf = (entry: Entry, holder: Claim | undefined, orphanOf: Peer | undefined, now: Instant): MoveReason => {
  if (holder !== undefined)
    return { code: "newer-grant", holder: holder.node, grant: entry.group!.grant, older: holder.grant }
  if (orphanOf === undefined) return entry.top === undefined ? { code: "first-claim" } : { code: "was-free" }
  if (orphanOf.is === "deaf") return { code: "holder-deaf", holder: orphanOf.node }
  const { node: holderNode, promiseUntil, estate } = orphanOf
  const silentMs = now - (estate?.lastBeatAt ?? lifeOf(orphanOf))
  if (estate?.promised === true || (estate === undefined && promiseUntil !== undefined))
    return { code: "promise-broken", holder: holderNode, silentMs }
  return { code: "holder-silent", holder: holderNode, silentMs }
}

const clearFindings = (state: SegmentState, entry: Entry): void => {
  if (state.findings.size === 0) return
  clear(state, { code: "no-witness", address: entry.key })
  if (entry.state.is !== "conflict") clear(state, { code: "stranger-answers", address: entry.key, mac: zeroMac })
}
