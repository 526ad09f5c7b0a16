import type { InheritedClaim } from "./input.ts"
import { entryOf, type SegmentState, tell } from "./state.ts"
import { compareHere, holderOf } from "./standing.ts"
import { noteTop } from "./transition.ts"
import type { Instant } from "../time/instant.ts"

/** Answers for exactly what the old process of this node answers for; announces and claims nothing. */
export const inherit = (state: SegmentState, claims: readonly InheritedClaim[], now: Instant): void => {
  if (state.phase.is !== "warming") return
  for (const claim of claims) {
    const entry = entryOf(state, claim.key)
    entry.inherited = claim
    state.inherited.add(entry)
    entry.estate = { grant: claim.grant, epoch: claim.epoch, because: "restart" }
    noteTop(state, entry, { node: state.config.self, grant: claim.grant, epoch: claim.epoch }, now)
    tell(state, { kind: "answering", key: claim.key, addresses: claim.addresses, grant: claim.grant })
  }
}

/** While warming: what a peer shows a better claim for is answered no more. Once active: what was not claimed again. */
export const giveUpInherited = (state: SegmentState): void => {
  for (const entry of state.inherited) {
    const { inherited } = entry
    if (inherited === undefined) {
      state.inherited.delete(entry)
      continue
    }
    const holder = holderOf(state, entry)
    const isBetter =
      holder !== undefined && compareHere(state, entry, holder, { node: state.config.self, ...inherited }) > 0
    if (state.phase.is === "warming" && !isBetter) continue
    entry.inherited = undefined
    state.inherited.delete(entry)
    tell(state, { kind: "answering", key: entry.key, addresses: [], grant: inherited.grant })
  }
}
