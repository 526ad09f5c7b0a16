/** How fast a death is noticed: beats every `intervalMs`, dead after `misses` of them. */
export type BeatProfile = { readonly intervalMs: number; readonly misses: number }

/** Worst repair of a silent death, simulated: 0.5, 0.2 and 1.5 s. Nodes may differ during a rollout: a beat carries its sender's. */
export const beatProfiles: Readonly<Record<"default" | "fast" | "calm", BeatProfile>> = {
  default: { intervalMs: 100, misses: 5 },
  /** For quiet machines with two cores to spare: a stall of 150 ms moves addresses. */
  fast: { intervalMs: 50, misses: 4 },
  /** For guests that are stunned by backups and migrations. */
  calm: { intervalMs: 300, misses: 5 },
}
