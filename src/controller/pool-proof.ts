import type { ReflectorEvent } from "../kubernetes/reflector.ts"
import { after, type Instant } from "../time/instant.ts"

/** Who deletes a definition deletes its objects first, one by one; the definition itself is gone well within this time. */
const proofMs = 5000

/**
 * Whether pools that were seen deleted were meant to be: a definition that is deleted takes its pools with it, and a
 * missing definition takes no address from anybody. A while after the last deletion pools are listed again; only that
 * list shows that the kind outlived them.
 */
export type PoolProof = {
  /** What a reflector of pools tells; answers what is known of the kind by it, where that is news. */
  readonly heard: (event: ReflectorEvent, now: Instant) => "kind-exists" | "kind-gone" | undefined
  /** Deletions are not proven yet. */
  readonly isOpen: () => boolean
  /** Whether to list pools now; asked for once. */
  readonly isDue: (now: Instant) => boolean
  readonly dueAt: () => Instant | undefined
}

type State =
  | { readonly is: "proven" }
  | { readonly is: "resting"; readonly until: Instant }
  | { readonly is: "listing" }

export const createPoolProof = (): PoolProof => {
  let state: State = { is: "proven" }

  return {
    heard: (event, now) => {
      if (event.kind === "deleted") state = { is: "resting", until: after(now, proofMs) }
      const shows =
        event.kind === "synced" && state.is === "listing"
          ? "kind-exists"
          : event.kind === "failing" && event.failure.reason === "missing" && state.is !== "proven"
            ? "kind-gone"
            : undefined
      if (shows !== undefined) state = { is: "proven" }
      return shows
    },
    isOpen: () => state.is !== "proven",
    isDue: (now) => {
      if (state.is !== "resting" || state.until > now) return false
      state = { is: "listing" }
      return true
    },
    dueAt: () => (state.is === "resting" ? state.until : undefined),
  }
}
