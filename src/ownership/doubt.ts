import { after, type At, type Instant } from "../time/instant.ts"
import { announceHeld } from "./announce.ts"
import type { NodeId } from "./beat.ts"
import { isComplete, type Peer } from "./peer.ts"
import { note } from "./register.ts"
import { beatToAll, judgeAll, type SegmentState, tell } from "./state.ts"

/** Silent from now on, and a beat to all whose echo will prove that what comes back was sent after it. */
export const beginDoubt = (state: SegmentState, missing: Iterable<NodeId>, now: Instant): void => {
  const all = new Set([...(state.doubt?.missing ?? []), ...missing])
  if (state.doubt === undefined) tell(state, { kind: "silence", on: true })
  state.doubt = { until: after(now, state.windowMs), since: state.sequence + 1, missing: all }
  beatToAll(state)
  judgeAll(state)
}

/** A beat that echoes one sent since, and all the peer claims: it can no longer hide that it took something. */
export const answerDoubt = (state: SegmentState, peer: Peer, echoedSequence: number): void => {
  if (state.doubt === undefined || !isComplete(peer)) return
  if (state.rules["echo-ends-doubt"] && echoedSequence < state.doubt.since) return
  state.doubt.missing.delete(peer.node)
}

/** Called last in a step: what a peer took is let go before the silence ends. */
export const endDoubt = (state: SegmentState, now: Instant): boolean => {
  if (state.doubt === undefined || (state.doubt.missing.size > 0 && now < state.doubt.until)) return false
  state.doubt = undefined
  tell(state, { kind: "silence", on: false })
  announceHeld(state, now)
  beatToAll(state)
  judgeAll(state)
  return true
}

/** The program did not run: nobody is judged by a time it did not see, and others may have taken what it holds. */
export const noticeGap = (state: SegmentState, at: At): void => {
  const { lastStepAt, plannedAt } = state
  if (lastStepAt === undefined || plannedAt === undefined || at.now <= plannedAt) return
  // A node without peers has no beat to send: that nothing was due for a while is no stall.
  const gapMs = at.now - Math.max(lastStepAt, plannedAt - state.intervalMs)
  const isLate = at.now > after(plannedAt, state.intervalMs)
  if (!isLate && gapMs <= state.windowMs / 2) return
  const alive = [...state.peers.values()].filter(({ is }) => is === "alive")
  if (isLate) {
    state.judgedFrom = at.now
    for (const peer of alive) peer.floor = at.now
  }
  if (gapMs > state.windowMs / 2) afterGap(state, alive, gapMs, at.now)
}

const afterGap = (state: SegmentState, alive: readonly Peer[], gapMs: number, now: Instant): void => {
  state.judgedFrom = now
  if (state.phase.is === "warming" && state.phase.listenUntil !== undefined)
    state.phase = { is: "warming", listenUntil: after(now, state.windowMs) }
  if (!state.rules["doubt-after-gap"]) return
  note(state, { code: "stalled", gapMs }, now)
  state.quietUntil = after(now, state.windowMs)
  if (alive.length > 0)
    beginDoubt(
      state,
      alive.map(({ node }) => node),
      now,
    )
}
