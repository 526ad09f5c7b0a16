import type { Address } from "../net/address.ts"
import { after, type At, type Instant } from "../time/instant.ts"
import type { Peer } from "./peer.ts"
import { freshNonce, type SegmentState, tell } from "./state.ts"
import { timing } from "./timing.ts"

/** Nonces of one peer that an answer may still name: a slow answer is one too. */
const nonceMax = 4

/** Asks a silent peer for its life by one of its addresses, each interval at most. */
export const askPeer = (state: SegmentState, peer: Peer, address: Address, at: At): void => {
  if (!state.rules["own-question"] || at.now < askAgainAt(state, peer, at.now)) return
  const nonce = freshNonce(state, at)
  const nonces = [...(peer.question?.nonces ?? []), nonce].slice(-nonceMax)
  peer.question = { since: peer.question?.since ?? at.now, lastAt: at.now, nonces }
  tell(state, { kind: "ask", whom: peer.node, address, nonce })
}

/**
 * When the next question to this peer may leave. The first always may: a takeover waits for it. Where several are
 * silent the repeats share a limit, so that an outage of many nodes is no storm of questions.
 */
export const askAgainAt = (state: SegmentState, peer: Peer, now: Instant): Instant => {
  if (peer.question === undefined) return -Infinity as Instant
  const everyMs = peer.detector === "arp" ? timing.arpIntervalMs : state.intervalMs
  const open = openQuestions(state, now)
  const sharedMs = open > 1 ? (open * 1000) / timing.questionsPerSecondMax : 0
  return after(peer.question.lastAt, Math.max(everyMs, sharedMs))
}

/** Peers asked within the last second, none of whom has answered. */
const openQuestions = (state: SegmentState, now: Instant): number => {
  let open = 0
  for (const { question } of state.peers.values())
    if (question !== undefined && now < after(question.lastAt, 1000)) open++
  return open
}

/** When this node's own question has gone unanswered long enough; undefined where it was not asked yet. */
export const unansweredAt = (peer: Peer): Instant | undefined =>
  peer.question === undefined ? undefined : after(peer.question.since, timing.questionUnansweredMs)

/** The gateway's answer is a witness that this node is connected. */
export const askGateway = (state: SegmentState, at: At): void => {
  if (at.now < after(state.gatewayAskedAt, state.intervalMs)) return
  state.gatewayAskedAt = at.now
  tell(state, { kind: "ask-gateway" })
}
