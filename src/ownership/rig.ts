import type { Ipv4 } from "../net/address.ts"
import type { Mac } from "../net/mac.ts"
import type { At, Instant } from "../time/instant.ts"
import type { Beat, Boot, ClaimChange, NodeId } from "./beat.ts"
import type { Group } from "./group.ts"
import type { SegmentInput } from "./input.ts"
import type { SegmentOutput } from "./output.ts"
import { createSegment, type Segment, type SegmentConfig } from "./segment.ts"

/** One segment under test on node 1, with nodes 2 and 3 as peers whose beats the test writes itself. */
export type Rig = {
  readonly segment: Segment
  /** Milliseconds since the rig was made. */
  readonly now: () => number
  readonly feed: (input: SegmentInput) => readonly SegmentOutput[]
  /** Lets time pass: wakes the segment when it asks for it, and sends each living peer's beat every 100 ms. */
  readonly pass: (ms: number) => readonly SegmentOutput[]
  /** Lets time pass in which the program does not run. */
  readonly sleep: (ms: number) => void
  /** A beat of a peer as it would be now: it acknowledges and echoes what this node sent last. */
  readonly beat: (from: NodeId, content?: Partial<Beat>) => readonly SegmentOutput[]
  /** Peers that beat while time passes. */
  readonly living: Map<NodeId, Partial<Beat>>
}

export const self: NodeId = 1 as NodeId
export const second: NodeId = 2 as NodeId
export const third: NodeId = 3 as NodeId
export const address: Ipv4 = 0x0a000064 as Ipv4
export const wallSeconds = 1_767_225_600

/** A group whose order is this node, then its peers, unless told otherwise. */
export const group = (content: Partial<Group> = {}): Group => ({
  key: content.key ?? address,
  addresses: [content.key ?? address],
  grant: 1,
  order: [self, second, third].map((node) => ({ node, score: 0 })),
  ready: true,
  ...content,
})

export const claimed = (
  version: number,
  epoch: number = wallSeconds,
  grant: number = 1,
  key: Group["key"] = address,
): ClaimChange => ({ kind: "claimed", address: key, grant, epoch, version })

/** A rig whose segment has its members and its socket, and no view. */
export const createRig = (config: Partial<SegmentConfig> = {}, peers: readonly NodeId[] = [second, third]): Rig => {
  let now = 0
  const sequences = new Map<NodeId, number>()
  const lastSent = new Map<NodeId, Beat>()
  const living = new Map<NodeId, Partial<Beat>>(peers.map((peer) => [peer, {}]))
  const segment = createSegment({ ...defaults, ...config })
  const at = (): At => ({ now: now as Instant, wallSeconds: wallSeconds + Math.floor(now / 1000), entropy: now * 77 })
  const feed = (input: SegmentInput): readonly SegmentOutput[] => {
    const outputs = segment.step(input, at())
    for (const output of outputs) if (output.kind === "beat") lastSent.set(output.beat.to, output.beat)
    return outputs
  }
  const beat = (from: NodeId, content: Partial<Beat> = {}): readonly SegmentOutput[] => {
    const sequence = (sequences.get(from) ?? 0) + 1
    sequences.set(from, sequence)
    return feed({ kind: "beat", beat: { ...beatOf(from, sequence, lastSent.get(from)), ...content } })
  }
  const pass = (ms: number): readonly SegmentOutput[] => {
    const outputs: SegmentOutput[] = []
    const until = now + ms
    for (let wakes = 0; ; wakes++) {
      if (wakes > wakesMax + ms) throw new Error(`the segment spins at ${now}`)
      const wakeAt = segment.wakeAt() ?? Infinity
      const beatsAt = (Math.floor(now / 100) + 1) * 100
      const next = Math.min(wakeAt, beatsAt)
      if (next > until) break
      now = Math.max(now, next)
      if (next === beatsAt) for (const [peer, content] of living) outputs.push(...beat(peer, content))
      outputs.push(...feed({ kind: "wake" }))
    }
    now = until
    return outputs
  }
  feed({ kind: "members", members: peers.map((node) => ({ node, reachable: true })) })
  feed({ kind: "bound" })
  const sleep = (ms: number): void => {
    now += ms
  }
  return { segment, now: () => now, feed, pass, sleep, beat, living }
}

/** A rig that has listened and is active, with these groups in its view. */
export const activeRig = (
  groups: readonly Group[],
  config: Partial<SegmentConfig> = {},
  peers?: readonly NodeId[],
): Rig => {
  const rig = createRig(config, peers)
  rig.pass(350)
  rig.feed({ kind: "view", groups, gone: [], complete: true })
  return rig
}

/** More wakes than that, and one a millisecond, are a machine that wants to be woken again and again. */
const wakesMax = 200

const defaults: SegmentConfig = {
  self,
  boot: 11 as Boot,
  mac: 0x020000000001 as Mac,
  intervalMs: 100,
  misses: 5,
  promiseSeconds: 30,
  beatPort: 7947,
}

const beatOf = (from: NodeId, sequence: number, seen: Beat | undefined): Beat => ({
  from,
  to: self,
  boot: (from * 100) as Boot,
  sequence,
  state: "active",
  alone: false,
  hasGateway: false,
  intervalMs: 100,
  misses: 5,
  promiseSeconds: 30,
  mac: (0x020000000000 + from) as Mac,
  toBoot: seen?.boot,
  toVersion: seen?.total ?? 0,
  toSequence: seen?.sequence ?? 0,
  base: 0,
  pageEnd: 0,
  total: 0,
  heard: [],
  changes: [],
  offers: [],
  estate: [],
})

/** The outputs of one kind. */
export const only = <K extends SegmentOutput["kind"]>(
  outputs: readonly SegmentOutput[],
  kind: K,
): Extract<SegmentOutput, { kind: K }>[] =>
  outputs.filter((output): output is Extract<SegmentOutput, { kind: K }> => output.kind === kind)
