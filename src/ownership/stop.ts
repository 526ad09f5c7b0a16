import { after, type At, type Instant } from "../time/instant.ts"
import { beatToAll, isSingle, judgeAll, type SegmentState, tell } from "./state.ts"
import { timing } from "./timing.ts"

/** Says at once what the stop means; what never became active, and who has nobody to tell, is gone at once. */
export const beginStop = (state: SegmentState, how: "restarting" | "leaving", at: At): void => {
  if (state.phase.is === "exited") return
  if (state.phase.is === "warming" || isSingle(state)) return exit(state, how)
  const ms = how === "restarting" ? timing.restartingBeats * state.intervalMs : timing.leavingMs
  state.phase = { is: how, exitAt: after(at.now, ms), said: state.sequence + 1 }
  beatToAll(state)
  judgeAll(state)
}

/** Exits when its time is over; a leaving speaker as soon as nothing is held and all living peers know it. */
export const judgeStop = (state: SegmentState, now: Instant): void => {
  const { phase } = state
  if (phase.is !== "restarting" && phase.is !== "leaving") return
  if (phase.is === "leaving" && (now >= phase.exitAt || isEmpty(state))) return exit(state, phase.is)
  if (
    phase.is === "restarting" &&
    now >= phase.exitAt &&
    (isKnownToAll(state, phase.said) || isOverdue(state, phase.exitAt, now))
  )
    exit(state, phase.is)
}

/** A peer that did not hear of the promise would take everything over. */
const isKnownToAll = (state: SegmentState, said: number): boolean => {
  for (const peer of state.peers.values()) if (peer.is === "alive" && peer.echoed < said) return false
  return true
}

const isOverdue = (state: SegmentState, exitAt: Instant, now: Instant): boolean =>
  now >= after(exitAt, (timing.restartingBeatsMax - timing.restartingBeats) * state.intervalMs)

const isEmpty = (state: SegmentState): boolean => {
  if (state.held.size > 0) return false
  for (const peer of state.peers.values()) if (peer.is === "alive" && peer.ackVersion < state.log.version) return false
  return true
}

const exit = (state: SegmentState, how: "restarting" | "leaving"): void => {
  state.phase = { is: "exited", how }
  tell(state, { kind: "exit" })
}
