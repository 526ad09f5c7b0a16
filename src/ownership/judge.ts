import type { At, Instant } from "../time/instant.ts"
import type { Entry } from "./entry.ts"
import { holdingNextAt, judgeHolding } from "./holding.ts"
import type { SegmentState } from "./state.ts"
import { judgeVacant } from "./takeover.ts"

/** A judgement may make another necessary (a claim, a rival); more rounds than this are a circle. */
const roundsMax = 16

/** Judges every address whose facts changed. */
export const judgeDirty = (state: SegmentState, at: At): void => {
  for (let round = 0; state.dirty.size > 0; round++) {
    if (round === roundsMax) throw new Error("the judgement of an address goes round in a circle")
    const entries = [...state.dirty]
    state.dirty.clear()
    for (const entry of entries) judge(state, entry, at)
  }
}

const judge = (state: SegmentState, entry: Entry, at: At): void => {
  if (entry.state.is === "holding") judgeHolding(state, entry, entry.state, at)
  else judgeVacant(state, entry, at)
  const next = nextAt(state, entry, at.now)
  if (next === undefined) state.deadlines.clear(entry)
  else if (state.deadlines.of(entry) !== next) state.deadlines.set(entry, next)
}

const nextAt = (state: SegmentState, entry: Entry, now: Instant): Instant | undefined => {
  const address = entry.state
  switch (address.is) {
    case "elsewhere":
    case "barred":
      return undefined
    case "waiting":
      return address.dueAt
    case "asking":
      return address.adopting?.until ?? address.nextAt
    case "conflict":
      return address.retryAt
    case "holding":
      return holdingNextAt(state, entry, address, now)
  }
}
