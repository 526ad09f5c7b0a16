import { after, type At, type Instant } from "../time/instant.ts"
import { announceHeld } from "./announce.ts"
import { beginDoubt } from "./doubt.ts"
import { refreshPeer } from "./liveness.ts"
import type { Peer } from "./peer.ts"
import { askGateway } from "./question.ts"
import { clear, raise } from "./register.ts"
import { beatToAll, isSingle, judgeAll, type SegmentState } from "./state.ts"
import { timing } from "./timing.ts"

/** A frame of any other station: this node is connected. */
export const heardStation = (state: SegmentState, at: At): void => {
  state.heardAt = at.now
  if (state.connection.is === "alone") comeBack(state, state.connection.known, at.now)
}

/** Those who were alive before may have taken everything, and have not been heard because nothing was. */
const comeBack = (state: SegmentState, known: readonly Peer[], now: Instant): void => {
  state.connection = state.rules["listen-after-alone"]
    ? { is: "listening", until: after(now, state.windowMs) }
    : { is: "connected" }
  clear(state, { code: "hears-nothing" })
  const windows = state.rules["longer-window-after-outage"] ? timing.outageWindows : 0
  for (const peer of known) {
    peer.floor = after(now, windows * state.windowMs)
    refreshPeer(state, peer, now)
  }
  if (known.length > 0 && state.rules["doubt-after-alone"])
    beginDoubt(
      state,
      known.map(({ node }) => node),
      now,
    )
  beatToAll(state)
  judgeAll(state)
}

/** When silence will have lasted a window; undefined where there is nobody to hear. */
export const aloneAt = (state: SegmentState): Instant | undefined =>
  state.bound && state.connection.is !== "alone" && !isSingle(state)
    ? after(Math.max(state.heardAt, state.judgedFrom) as Instant, state.windowMs)
    : undefined

/** Goes alone after a window of silence, and ends the listening that follows it. */
export const judgeConnection = (state: SegmentState, at: At): void => {
  const alone = aloneAt(state)
  if (alone !== undefined && at.now >= alone) return goAlone(state)
  if (state.connection.is === "listening" && at.now >= state.connection.until) {
    state.connection = { is: "connected" }
    announceHeld(state, at.now)
    judgeAll(state)
  }
}

const goAlone = (state: SegmentState): void => {
  const known = [...state.peers.values()].filter(({ is, goneAt }) => is === "alive" || goneAt >= state.heardAt)
  state.connection = { is: "alone", known }
  raise(state, { code: "hears-nothing" })
  beatToAll(state)
  judgeAll(state)
}

/** Each interval: a silent segment is asked for a witness, and hearing none of the members is a finding. */
export const seekCompany = (state: SegmentState, at: At): void => {
  if (isSingle(state)) return
  if (at.now >= after(state.heardAt, state.windowMs / 2)) askGateway(state, at)
  const finding = { code: "nobody-heard", members: state.members.size, port: state.config.beatPort } as const
  if (hearsNoMember(state, at.now)) raise(state, finding)
  else if (state.findings.size > 0) clear(state, finding)
}

const hearsNoMember = (state: SegmentState, now: Instant): boolean => {
  if (state.members.size === 0 || state.connection.is === "alone") return false
  const since = Math.max(state.windowMs, timing.beatsBlockedMs)
  if (now < after(state.judgedFrom, since)) return false
  for (const { directAt } of state.peers.values()) if (now < after(directAt, since)) return false
  return true
}
