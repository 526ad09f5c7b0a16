import { after, type Instant } from "../time/instant.ts"
import type { Holding, OpenOffer } from "./address.ts"
import type { NodeId } from "./beat.ts"
import type { Entry } from "./entry.ts"
import { outOverAt } from "./flapping.ts"
import type { OfferReason } from "./move.ts"
import { paceOverAt } from "./pace.ts"
import { isReady } from "./readiness.ts"
import { clear, note, raise } from "./register.ts"
import { isInOrder } from "./standing.ts"
import type { SegmentState } from "./state.ts"
import { timing } from "./timing.ts"

type Reason = { readonly because: OfferReason; readonly dueAt: Instant }

/** Offers the address to one candidate after the other while there is a reason to give it away; it is kept until one claims it. */
export const handOver = (state: SegmentState, entry: Entry, holding: Holding, now: Instant): Holding => {
  const reason = mayGive(state) ? reasonToGive(state, entry, holding, now) : undefined
  if (reason === undefined || reason.dueAt > now) return withoutOffer(state, entry, holding)
  const open = holding.offer?.because.code === reason.because.code ? holding.offer : undefined
  if (open !== undefined && now < open.until && isOpen(state, open)) return holding
  const tried = open?.to === undefined ? [] : [...open.tried, open.to]
  const to = nextTarget(state, entry, { because: reason.because, tried, now })
  if (to === undefined) return nobodyTook(state, entry, holding, { tried, because: reason.because, now })
  return { ...holding, offer: { to, until: after(now, timing.offerMs), tried, because: reason.because } }
}

/** When to look again. */
export const handOverNextAt = (
  state: SegmentState,
  entry: Entry,
  holding: Holding,
  now: Instant,
): Instant | undefined => {
  if (holding.offer !== undefined) return holding.offer.until
  const reason = mayGive(state) ? reasonToGive(state, entry, holding, now) : undefined
  return reason !== undefined && reason.dueAt > now ? reason.dueAt : undefined
}

/** Since when the holder is not ready, and since when a better one lives: what the reasons below wait for. */
export const withSince = (state: SegmentState, entry: Entry, holding: Holding, now: Instant): Holding => {
  const unreadySince = isReady(state, entry) ? undefined : (holding.unreadySince ?? now)
  const preferredSince = preferred(state, entry) === undefined ? undefined : (holding.preferredSince ?? now)
  if (unreadySince === holding.unreadySince && preferredSince === holding.preferredSince) return holding
  return { ...holding, unreadySince, preferredSince }
}

const mayGive = (state: SegmentState): boolean =>
  (state.phase.is === "active" || state.phase.is === "leaving") &&
  state.doubt === undefined &&
  state.connection.is === "connected"

const reasonToGive = (state: SegmentState, entry: Entry, holding: Holding, now: Instant): Reason | undefined => {
  if (state.phase.is === "leaving") return { because: { code: "leaving" }, dueAt: now }
  if (entry.giveTo !== undefined) return { because: { code: "told-to-move", to: entry.giveTo }, dueAt: now }
  if (!isInOrder(state, entry))
    return { because: { code: "not-in-order" }, dueAt: state.rules.pace ? outOverAt(entry, now) : now }
  const paced = state.rules.pace ? paceOverAt(entry, now) : now
  if (holding.unreadySince !== undefined) {
    const graceMs = state.rules["readiness-grace"] ? timing.readinessGraceMs : 0
    const dueAt = Math.max(paced, holding.unreadySince + graceMs) as Instant
    const code = entry.group!.ready ? "no-gateway" : "not-ready"
    return { because: { code, forMs: now - holding.unreadySince }, dueAt }
  }
  const better = holding.preferredSince === undefined ? undefined : preferred(state, entry)
  if (better === undefined) return undefined
  const dueAt = Math.max(paced, holding.preferredSince! + timing.preferenceMs) as Instant
  return { because: { code: "preferred-elsewhere", ...better }, dueAt }
}

/** The first living candidate with a higher score than this node's own. */
const preferred = (state: SegmentState, entry: Entry): { node: NodeId; score: number } | undefined => {
  const { order } = entry.group!
  const own = order.find(({ node }) => node === state.config.self)
  return own && order.find(({ node, score }) => score > own.score && isTaker(state, node))
}

const isTaker = (state: SegmentState, node: NodeId): boolean => {
  const peer = state.peers.get(node)
  return peer?.is === "alive" && peer.state === "active"
}

const isOpen = (state: SegmentState, offer: OpenOffer): boolean => offer.to === undefined || isTaker(state, offer.to)

/** Those this node hears itself come first: the claim of one that only others hear would not reach it. */
const nextTarget = (state: SegmentState, entry: Entry, { because, tried, now }: Round): NodeId | undefined => {
  const wanted = because.code === "told-to-move" ? because.to : undefined
  const only = because.code === "preferred-elsewhere" ? because.node : wanted
  const targets = only === undefined ? entry.group!.order.map(({ node }) => node) : [only]
  const takers = targets.filter((node) => !tried.includes(node) && isTaker(state, node))
  return takers.find((node) => isHeard(state, node, now)) ?? takers[0]
}

const isHeard = (state: SegmentState, node: NodeId, now: Instant): boolean => {
  const peer = state.peers.get(node)
  return peer !== undefined && now < after(peer.directAt, peer.windowMs)
}

type Round = { readonly tried: readonly NodeId[]; readonly because: OfferReason; readonly now: Instant }

/** One wish to move is tried once; a preference waits its time again; all else is offered round after round. */
const nobodyTook = (state: SegmentState, entry: Entry, holding: Holding, round: Round): Holding => {
  const finding = { code: "nobody-takes", address: entry.key, tried: round.tried } as const
  if (round.because.code === "preferred-elsewhere") return { ...holding, offer: undefined, preferredSince: round.now }
  if (round.because.code === "told-to-move") {
    entry.giveTo = undefined
    note(state, finding, round.now)
    return { ...holding, offer: undefined }
  }
  raise(state, finding)
  const until = after(round.now, timing.offerMs)
  return { ...holding, offer: { to: undefined, until, tried: [], because: round.because } }
}

const withoutOffer = (state: SegmentState, entry: Entry, holding: Holding): Holding => {
  if (holding.offer === undefined) return holding
  clear(state, { code: "nobody-takes", address: entry.key, tried: [] })
  return { ...holding, offer: undefined }
}
