import type { ApiEvent, Json } from "./http.ts"
import type { Resource } from "./resource.ts"
import { after, type Instant } from "../time/instant.ts"
import { readFrame } from "./watch-frame.ts"

/**
 * Tells a watch that is quiet from one that is mute. A real API server sends a bookmark about once a minute, far too
 * seldom to notice a mute watch within 15 s; and the resourceVersion of a short list proves nothing, because it counts
 * every write to etcd, of any kind. So after `quietMs` of silence a second watch, one second long, starts from where we
 * are. What it delivers, the first should have delivered too: if it has not, two seconds later, it is mute. Where it
 * is told that our place is forgotten (410), nobody knows what the first has missed: it counts as mute. The second
 * ends by itself, so its connection is used again: one small request a silent kind every eleven seconds, no new TLS
 * handshake, no object read twice.
 */
export type MuteGuard =
  | { readonly state: "listening"; readonly since: Instant }
  | { readonly state: "asking"; readonly id: number; readonly askedAt: Instant }
  | { readonly state: "missed"; readonly verdictAt: Instant }

const quietMs = 10_000
const probeSeconds = 1
/** For a watch of one second to open and to end. */
const probeDeadlineMs = 4000
/** The same event on two connections: one may come a little later. */
const graceMs = 2000

export const probeQuery: Readonly<Record<string, string>> = {
  watch: "1",
  timeoutSeconds: String(probeSeconds),
}

export const listening = (now: Instant): MuteGuard => ({ state: "listening", since: now })

export const asking = (id: number, now: Instant): MuteGuard => ({
  state: "asking",
  id,
  askedAt: now,
})

export const guardDeadline = (guard: MuteGuard): Instant => {
  if (guard.state === "listening") return after(guard.since, quietMs)
  return guard.state === "asking" ? after(guard.askedAt, probeDeadlineMs) : guard.verdictAt
}

/** `quiet`: nothing was missed. `unanswered`: nobody knows. */
export type ProbeVerdict =
  | { readonly kind: "undecided"; readonly guard: MuteGuard }
  | { readonly kind: "quiet" | "unanswered" }

/** An event of the second watch. */
export const probed = (
  guard: MuteGuard & { readonly state: "asking" },
  event: ApiEvent,
  resource: Resource,
  now: Instant,
): ProbeVerdict => {
  switch (event.kind) {
    case "opened":
      return { kind: "undecided", guard }
    case "frames":
      return { kind: "undecided", guard: event.frames.reduce(weigh(resource, now), guard as MuteGuard) }
    case "closed":
      return { kind: "quiet" }
    case "response":
      return event.status === 410 ? { kind: "undecided", guard: missed(now) } : { kind: "unanswered" }
    case "failed":
      return { kind: "unanswered" }
  }
}

const weigh =
  (resource: Resource, now: Instant) =>
  (guard: MuteGuard, line: Json): MuteGuard => {
    const frame = readFrame(line, resource)
    if (guard.state !== "asking" || frame.kind === "bookmark") return guard
    return frame.kind === "error" && frame.failure.reason !== "expired" ? guard : missed(now)
  }

const missed = (now: Instant): MuteGuard => ({ state: "missed", verdictAt: after(now, graceMs) })
