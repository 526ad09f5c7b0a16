import { after, type At, type Instant } from "../../time/instant.ts"
import type { ToldFinding } from "./finding-text.ts"

/** What the kernel of this node says of things that cost packets whoever answers. Undefined: not to be read here. */
export type HostEvidence = {
  /** `nf_conntrack_count` and `nf_conntrack_max`. */
  readonly connections: { readonly count: number; readonly max: number } | undefined
  /** `throttled_usec` of this process' cgroup (version 2) since it began, in milliseconds. */
  readonly throttledMs: number | undefined
}

const askMs = 10_000
/** Beyond this the kernel begins to drop what it could still have forgotten early. */
const connectionsShareMax = 0.9
/** A window of beats is 500 ms: so much of ten seconds may already have moved an address. */
const throttledMsMax = 200

/** Watches what starves a node's data plane or this process, neither of which beats can tell. */
export class HostWatch {
  #askAt = 0 as Instant
  #throttledMs: number | undefined
  #findings: readonly ToldFinding[] = []

  isDue({ now }: At): boolean {
    if (now < this.#askAt) return false
    this.#askAt = after(now, askMs)
    return true
  }

  wakeAt(): Instant {
    return this.#askAt
  }

  heard({ connections, throttledMs }: HostEvidence): void {
    const heldBackMs = throttledMs === undefined ? 0 : throttledMs - (this.#throttledMs ?? throttledMs)
    this.#throttledMs = throttledMs
    this.#findings = [
      ...(connections !== undefined && connections.count >= connections.max * connectionsShareMax
        ? [connectionsFull(connections)]
        : []),
      ...(heldBackMs > throttledMsMax ? [throttled(heldBackMs)] : []),
    ]
  }

  get findings(): readonly ToldFinding[] {
    return this.#findings
  }
}

/** Tens, so that a table that breathes is not a new finding each time. */
const connectionsFull = ({ count, max }: { readonly count: number; readonly max: number }): ToldFinding => {
  const percent = Math.min(100, Math.floor((count / max) * 10) * 10)
  const message = `the connection table of this node is ${percent} % full (at most ${max}): the kernel drops new connections to every Service when it is full. Raise net.netfilter.nf_conntrack_max`
  return { code: "conntrack-full", message, facts: { percent, max } }
}

const throttled = (ms: number): ToldFinding => {
  const tenths = Math.round(ms / 100) / 10
  const message = `a CPU limit held this speaker back for ${tenths} s of the last ${askMs / 1000}: its beats come late, and others may take its addresses. Remove the limit (resources.limits.cpu)`
  return { code: "cpu-throttled", message, facts: { throttledMs: Math.round(ms) } }
}
