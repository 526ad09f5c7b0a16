import type { Address } from "../net/address.ts"
import type { Mac } from "../net/mac.ts"
import { Deadlines } from "../time/deadlines.ts"
import type { At, Instant } from "../time/instant.ts"
import { addressIndex, type AddressIndex } from "./address-index.ts"
import type { Boot, NodeId } from "./beat.ts"
import { type Entry, newEntry } from "./entry.ts"
import type { Finding } from "./finding.ts"
import type { Member } from "./group.ts"
import type { GatewayLife } from "./input.ts"
import { type ClaimLog, createClaimLog } from "./log.ts"
import type { SegmentOutput } from "./output.ts"
import { never, newPeer, type Peer } from "./peer.ts"
import { type RuleName, type Rules, rulesWithout } from "./rule.ts"

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

/** What the speaker as a whole may do. */
export type Phase =
  /** Claims nothing and answers only what it inherited, until it has a view and has listened for a window. */
  | { readonly is: "warming"; readonly listenUntil: Instant | undefined }
  | { readonly is: "active" }
  /** `said`: the sequence of the first beat that says so. */
  | { readonly is: "restarting" | "leaving"; readonly exitAt: Instant; readonly said: number }
  | { readonly is: "exited"; readonly how: "restarting" | "leaving" }

/** Silent until every peer known before has sent a beat that echoes a sequence sent since, or the window is over. */
export type Doubt = { readonly until: Instant; readonly since: number; readonly missing: Set<NodeId> }

export type Connection =
  | { readonly is: "connected" }
  /** Nothing was heard for a window. `known`: the peers alive when it began. */
  | { readonly is: "alone"; readonly known: readonly Peer[] }
  /** Heard again: no announcement and no claim for a window. */
  | { readonly is: "listening"; readonly until: Instant }

/** Everything one segment knows. Only this room writes to it, and only while it steps. */
export type SegmentState = {
  readonly config: SegmentConfig
  readonly rules: Rules
  /** The configured interval, longer among many nodes. */
  intervalMs: number
  /** How long a silence is none yet: interval x misses. */
  windowMs: number
  mac: Mac
  phase: Phase
  bound: boolean
  viewComplete: boolean
  doubt: Doubt | undefined
  connection: Connection
  /** Any frame of another station: the witness that this node is connected. */
  heardAt: Instant
  /** Being alone is not judged over a time in which the program did not run. */
  judgedFrom: Instant
  gatewayAskedAt: Instant
  gateway: GatewayLife
  gatewaySince: Instant
  /** It is silent to this node and answers others. */
  gatewayLost: boolean
  /** No announcement before this. */
  quietUntil: Instant
  sequence: number
  beatAt: Instant | undefined
  livenessAt: Instant | undefined
  lastStepAt: Instant | undefined
  plannedAt: Instant | undefined
  nonces: number
  members: ReadonlyMap<NodeId, Member>
  readonly peers: Map<NodeId, Peer>
  readonly entries: Map<AddressIndex, Entry>
  /** Which group an address of the view belongs to. */
  readonly groupOf: Map<AddressIndex, Entry>
  /** Keys that left the view, until the page that completes it. */
  readonly goneKeys: Set<AddressIndex>
  readonly log: ClaimLog
  readonly held: Set<Entry>
  /** Waiting or asking: judged again when anybody's life changes. */
  readonly pending: Set<Entry>
  /** Answered while warming for the old process of this node. */
  readonly inherited: Set<Entry>
  readonly offers: Map<NodeId, Set<Entry>>
  /** Offered since the last beats left. */
  readonly newOffers: Set<Entry>
  /** The beats that are due are those of the interval. */
  beatsAreRegular: boolean
  readonly dirty: Set<Entry>
  readonly deadlines: Deadlines<Entry>
  readonly beatDue: Set<Peer>
  readonly findings: Map<string, { readonly finding: Finding; readonly until: Instant | undefined }>
  outputs: SegmentOutput[]
}

export const createState = (config: SegmentConfig): SegmentState => ({
  config,
  rules: rulesWithout(config.without ?? new Set()),
  intervalMs: config.intervalMs,
  windowMs: config.intervalMs * config.misses,
  mac: config.mac,
  phase: { is: "warming", listenUntil: undefined },
  bound: false,
  viewComplete: false,
  doubt: undefined,
  connection: { is: "connected" },
  heardAt: never,
  judgedFrom: never,
  gatewayAskedAt: never,
  gateway: "unknown",
  gatewaySince: never,
  gatewayLost: false,
  quietUntil: never,
  sequence: 0,
  beatAt: undefined,
  livenessAt: undefined,
  lastStepAt: undefined,
  plannedAt: undefined,
  nonces: 0,
  members: new Map(),
  peers: new Map(),
  entries: new Map(),
  groupOf: new Map(),
  goneKeys: new Set(),
  log: createClaimLog(),
  held: new Set(),
  pending: new Set(),
  inherited: new Set(),
  offers: new Map(),
  newOffers: new Set(),
  beatsAreRegular: false,
  dirty: new Set(),
  deadlines: new Deadlines(),
  beatDue: new Set(),
  findings: new Map(),
  outputs: [],
})

export const tell = (state: SegmentState, output: SegmentOutput): void => void state.outputs.push(output)

/** The entry of a group's key, made where there is none. */
export const entryOf = (state: SegmentState, key: Address): Entry => {
  const index = addressIndex(key)
  const known = state.entries.get(index)
  if (known !== undefined) return known
  const entry = newEntry(key)
  state.entries.set(index, entry)
  return entry
}

/** The entry of the group that has this address, else the one of the address itself. */
export const entryWith = (state: SegmentState, address: Address): Entry =>
  state.groupOf.get(addressIndex(address)) ?? entryOf(state, address)

export const peerOf = (state: SegmentState, node: NodeId): Peer => {
  const known = state.peers.get(node)
  if (known !== undefined) return known
  const peer = newPeer(node, state.intervalMs, state.windowMs)
  state.peers.set(node, peer)
  return peer
}

/** No other node is listed or was ever heard: nobody to take from, nobody to ask. */
export const isSingle = (state: SegmentState): boolean => state.members.size === 0 && state.peers.size === 0

/** May claim and give away. */
export const isAble = (state: SegmentState): boolean =>
  state.phase.is === "active" && state.doubt === undefined && state.connection.is !== "listening"

export const beatToAll = (state: SegmentState): void => {
  for (const peer of state.peers.values()) state.beatDue.add(peer)
}

export const judgeAll = (state: SegmentState): void => {
  for (const entry of state.entries.values()) if (entry.group !== undefined) state.dirty.add(entry)
}

export const freshNonce = (state: SegmentState, at: At): number =>
  (at.entropy ^ Math.imul(++state.nonces, 0x9e3779b1)) >>> 0
