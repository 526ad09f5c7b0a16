import type { Address } from "../net/address.ts"
import type { At } from "../time/instant.ts"
import { after } from "../time/instant.ts"
import type { Epoch, Grant, NodeId } from "./beat.ts"
import { learnClaim } from "./inbox.ts"
import type { Entry } from "./entry.ts"
import { heardAnswer } from "./liveness.ts"
import type { Peer } from "./peer.ts"
import { compareHere } from "./standing.ts"
import { entryWith, peerOf, type SegmentState, tell } from "./state.ts"

type Question = {
  readonly from: NodeId
  readonly address: Address
  readonly nonce: number
  readonly addressed: boolean
}

/** Who is asked by name answers that it lives; a question to all is answered by who holds the address. */
export const answerQuestion = (state: SegmentState, { from, address, nonce, addressed }: Question): void => {
  const entry = entryWith(state, address)
  const holds = entry.state.is === "holding" ? entry.state.grant : entry.inherited?.grant
  if (addressed || holds !== undefined) tell(state, { kind: "reply", to: from, address, holds, nonce })
}

type Answer = {
  readonly from: NodeId
  readonly address: Address
  readonly holds: Grant | undefined
  readonly nonce: number
}

/**
 * A member's token: it lives. Where its beats do not arrive, it is also all that is known of its claims; where they do,
 * the beat that says it holds the address may have been lost, and there is time for the next.
 */
export const receiveAnswer = (state: SegmentState, answer: Answer, at: At): void => {
  if (!state.rules["own-question"]) return
  const peer = peerOf(state, answer.from)
  const entry = entryWith(state, answer.address)
  const isProbe = entry.state.is === "asking" && entry.state.nonce === answer.nonce
  if (!isProbe && peer.question?.nonces.includes(answer.nonce) !== true) return
  heardAnswer(state, peer, at.now)
  if (!isFromLog(peer, at)) return learnAnswer(state, peer, entry, answer.holds, at)
  if (!isProbe || answer.holds === undefined) return
  entry.notBefore = after(at.now, state.windowMs)
  state.dirty.add(entry)
}

/** Its beats do not arrive. */
const learnAnswer = (state: SegmentState, peer: Peer, entry: Entry, holds: Grant | undefined, at: At): void => {
  const known = entry.claims.get(peer.node)
  if (holds !== undefined && known?.grant !== holds)
    return learnClaim(state, peer, entry.key, { node: peer.node, grant: holds, epoch: 0, announced: true }, at.now)
  if (holds !== undefined || known === undefined) return
  entry.claims.delete(peer.node)
  peer.claims.delete(entry)
  state.dirty.add(entry)
}

type Announcement = { readonly from: NodeId; readonly address: Address; readonly grant: Grant; readonly epoch: Epoch }

/**
 * The claim in an announcement: where beats are blocked, all that tells two holders of each other. A claim never seen
 * before is a sign of life; one seen before may be a recording.
 */
export const receiveAnnouncement = (
  state: SegmentState,
  { from, address, grant, epoch }: Announcement,
  at: At,
): void => {
  if (!state.rules["claims-in-announcements"] || from === state.config.self) return
  const peer = peerOf(state, from)
  const entry = entryWith(state, address)
  const known = entry.claims.get(from)
  if (known !== undefined && (known.grant > grant || (known.grant === grant && known.epoch >= epoch))) return
  const claim = { node: from, grant, epoch, announced: true }
  const isNews = entry.top === undefined || compareHere(state, entry, claim, entry.top) > 0
  if (isFromLog(peer, at) && !isNews) return
  learnClaim(state, peer, entry.key, claim, at.now)
  heardAnswer(state, peer, at.now)
}

/** While its beats arrive the log is newer than any announcement: a recorded one must not bring a claim back. */
const isFromLog = (peer: Peer, at: At): boolean => at.now < after(peer.directAt, peer.windowMs)
