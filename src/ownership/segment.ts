import type { Mac } from "../net/mac.ts"
import type { Instant, Program } from "../time/instant.ts"
import type { Boot, NodeId } from "./beat.ts"
import type { SegmentInput } from "./input.ts"
import type { SegmentOutput } from "./output.ts"
import type { SegmentPicture } from "./picture.ts"
import type { RuleName } from "./rule.ts"

export type SegmentConfig = {
  readonly self: NodeId
  /** Drawn at random when the process starts; all its segments share it. */
  readonly boot: Boot
  readonly mac: Mac
  /** Default 100. Travels in the beat, so nodes may differ during a rollout. */
  readonly intervalMs: number
  /** Default 5: so many intervals of silence are a death. */
  readonly misses: number
  /** Default 30: how long peers keep this node's addresses while it restarts. */
  readonly promiseSeconds: number
  /** Named in findings. */
  readonly beatPort: number
  /** For the simulation: what would break without that rule? */
  readonly without?: ReadonlySet<RuleName>
}

/** Who answers for an address now, as one process sees it on one layer-2 segment. */
export type Segment = Program<SegmentInput, SegmentOutput> & { readonly inspect: (now: Instant) => SegmentPicture }
