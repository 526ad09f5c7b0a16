import { after, type At, earliest, type Instant, type Program } from "../time/instant.ts"
import type { Address } from "../net/address.ts"
import { addressIndex } from "./address-index.ts"
import type { NodeId } from "./beat.ts"
import { aloneAt, heardStation, judgeConnection, seekCompany } from "./connection.ts"
import { endDoubt, noticeGap } from "./doubt.ts"
import { answeredByStranger } from "./first-use.ts"
import type { Member } from "./group.ts"
import { receiveBeat } from "./inbox.ts"
import { giveUpInherited, inherit } from "./inherited.ts"
import type { SegmentInput } from "./input.ts"
import { pictureOf } from "./inspect.ts"
import { judgeDirty } from "./judge.ts"
import { sweepPeers } from "./liveness.ts"
import { flushBeats } from "./outbox.ts"
import type { SegmentOutput } from "./output.ts"
import type { SegmentPicture } from "./picture.ts"
import { compareGateways, setGateway } from "./readiness.ts"
import { withdrawPast } from "./register.ts"
import {
  beatToAll,
  createState,
  entryWith,
  isSingle,
  judgeAll,
  peerOf,
  type SegmentConfig,
  type SegmentState,
} from "./state.ts"
import { beginStop, judgeStop } from "./stop.ts"
import { announceSoon } from "./announce.ts"
import { timing } from "./timing.ts"
import { applyView } from "./view.ts"
import { answerQuestion, receiveAnnouncement, receiveAnswer } from "./wire-answer.ts"

export type { SegmentConfig } from "./state.ts"

/** Who answers for an address now, as one process sees it on one layer-2 segment. */
export type Segment = Program<SegmentInput, SegmentOutput> & { readonly inspect: (now: Instant) => SegmentPicture }

/** A segment that knows nothing yet. Its first inputs are `bound` and `members`; a view makes it active. */
export const createSegment = (config: SegmentConfig): Segment => {
  const state = createState(config)
  return {
    step: (input, at) => step(state, input, at),
    wakeAt: () => (hasExited(state) ? undefined : state.plannedAt),
    inspect: (now) => pictureOf(state, now),
  }
}

const step = (state: SegmentState, input: SegmentInput, at: At): readonly SegmentOutput[] => {
  state.outputs = []
  if (hasExited(state)) return state.outputs
  noticeGap(state, at)
  take(state, input, at)
  if (hasExited(state)) return state.outputs
  runTimers(state, at)
  judgeDirty(state, at)
  if (state.phase.is === "warming") endWarming(state, at)
  if (endDoubt(state, at.now)) judgeDirty(state, at)
  judgeStop(state, at.now)
  flushBeats(state, at)
  state.lastStepAt = at.now
  state.plannedAt = nextWake(state, at.now)
  return state.outputs
}

const hasExited = ({ phase }: SegmentState): boolean => phase.is === "exited"

const take = (state: SegmentState, input: SegmentInput, at: At): void => {
  if (isFrame(input)) heardStation(state, at)
  switch (input.kind) {
    case "bound":
      return bind(state, at)
    case "inherited":
      return inherit(state, input.claims, at.now)
    case "members":
      return setMembers(state, input.members, at)
    case "view":
      return applyView(state, input, at.now)
    case "beat":
      return receiveBeat(state, input.beat, at)
    case "question":
      return answerQuestion(state, input)
    case "answer":
      return receiveAnswer(state, input, at)
    case "foreign":
      return answeredByStranger(state, entryWith(state, input.address), input, at.now)
    case "announcement":
      return receiveAnnouncement(state, input, at)
    case "mac":
      return relink(state, input.mac, at.now)
    case "give":
      return give(state, input)
    case "gateway-life":
      return setGateway(state, input.is, at.now)
    case "stop":
      return beginStop(state, input.how, at)
    case "gateway":
    case "sighting":
    case "request":
    case "wake":
      return undefined
  }
}

const isFrame = (input: SegmentInput): boolean => {
  switch (input.kind) {
    case "beat":
    case "question":
    case "answer":
    case "foreign":
    case "announcement":
    case "gateway":
    case "sighting":
    case "request":
      return true
    case "bound":
    case "inherited":
    case "members":
    case "view":
    case "mac":
    case "give":
    case "gateway-life":
    case "stop":
    case "wake":
      return false
  }
}

/** Listening begins; the first beat leaves at a random phase of the interval. */
const bind = (state: SegmentState, at: At): void => {
  if (state.bound) return
  state.bound = true
  state.judgedFrom = at.now
  state.beatAt = firstBeatAt(state, at)
  if (state.phase.is === "warming") state.phase = { is: "warming", listenUntil: after(at.now, state.windowMs) }
}

const firstBeatAt = (state: SegmentState, at: At): Instant =>
  after(at.now, ((at.entropy >>> 0) / 2 ** 32) * state.intervalMs)

/**
 * Everybody beats to everybody, also among many: a node that only some watch would be judged by fewer witnesses. So the
 * interval grows where more than `beatsPerSecondMax` would leave and arrive. Peers go by the interval a beat names.
 */
const intervalAmong = (peers: number, configuredMs: number): number => {
  const leastMs = Math.ceil((2 * peers * 100) / timing.beatsPerSecondMax) * 10
  return Math.max(configuredMs, Math.min(leastMs, timing.intervalMsMax))
}

/** A peer that is listed no more and gives no sign of life is forgotten. */
const setMembers = (state: SegmentState, members: readonly Member[], at: At): void => {
  state.members = new Map(members.filter(({ node }) => node !== state.config.self).map((one) => [one.node, one]))
  state.intervalMs = intervalAmong(state.members.size, state.config.intervalMs)
  state.windowMs = state.intervalMs * state.config.misses
  for (const node of state.members.keys()) peerOf(state, node)
  for (const peer of state.peers.values()) {
    if (state.members.has(peer.node) || peer.standing || peer.estate?.over === false) continue
    for (const entry of peer.claims) entry.claims.delete(peer.node)
    for (const entry of peer.estate?.entries ?? []) entry.estates.delete(peer.node)
    state.peers.delete(peer.node)
  }
  if (state.bound && !isSingle(state)) state.beatAt ??= firstBeatAt(state, at)
  judgeAll(state)
}

/**
 * After a silence in which peers may have counted this node as dead, they have an interval to say so first. What was
 * still to be repeated is replaced: a link that flaps does not add up.
 */
const relink = (state: SegmentState, mac: SegmentState["mac"], now: Instant): void => {
  const { intervalMs } = state
  const isRecent = now < after(state.heardAt, state.windowMs - 2 * intervalMs)
  const delayMs = isSingle(state) || isRecent ? 0 : intervalMs
  const delaysMs = timing.announceMs.map((ms) => ms + delayMs)
  for (const entry of state.held) {
    if (entry.state.is === "holding") entry.state = announceSoon({ ...entry.state, announceAt: [] }, now, delaysMs)
    state.dirty.add(entry)
  }
  if (mac === state.mac) return
  state.mac = mac
  beatToAll(state)
}

const give = (state: SegmentState, { key, to }: { readonly key: Address; readonly to: NodeId }): void => {
  const entry = state.entries.get(addressIndex(key))
  if (entry?.state.is !== "holding" || to === state.config.self) return
  entry.giveTo = to
  state.dirty.add(entry)
}

const runTimers = (state: SegmentState, at: At): void => {
  judgeConnection(state, at)
  if (state.livenessAt !== undefined && at.now >= state.livenessAt) sweepPeers(state, at)
  if (state.beatAt !== undefined && at.now >= state.beatAt) beat(state, at)
  for (const entry of state.deadlines.due(at.now)) state.dirty.add(entry)
}

const beat = (state: SegmentState, at: At): void => {
  compareGateways(state)
  if (isSingle(state)) {
    state.beatAt = undefined
    return
  }
  const next = after(state.beatAt!, state.intervalMs)
  state.beatAt = next > at.now ? next : after(at.now, state.intervalMs)
  beatToAll(state)
  state.beatsAreRegular = true
  seekCompany(state, at)
  if (state.findings.size > 0) withdrawPast(state, at.now)
}

/** A view, and a window of listening: then it may claim, first of all what its former process held. */
const endWarming = (state: SegmentState, at: At): void => {
  giveUpInherited(state)
  const { phase } = state
  if (phase.is !== "warming" || !state.viewComplete || phase.listenUntil === undefined) return
  if (at.now < phase.listenUntil) return
  state.phase = { is: "active" }
  judgeAll(state)
  judgeDirty(state, at)
  giveUpInherited(state)
  beatToAll(state)
}

const nextWake = (state: SegmentState, now: Instant): Instant | undefined => {
  const { phase, connection } = state
  return earliest(
    state.beatAt,
    state.livenessAt,
    aloneAt(state),
    connection.is === "listening" ? connection.until : undefined,
    state.doubt?.until,
    phase.is === "warming" && state.viewComplete ? phase.listenUntil : undefined,
    (phase.is === "restarting" || phase.is === "leaving") && phase.exitAt > now ? phase.exitAt : undefined,
    state.deadlines.next(),
  )
}
