import { addressIndex, type AddressIndex } from "../src/ownership/address-index.ts"
import type { Mac } from "../src/net/mac.ts"
import { createHistory, type History, placeIndex, recordAnswerers } from "./history.ts"
import { createLan, isReachable, type Lan } from "./lan.ts"
import type { NodeProgram } from "./node-program.ts"
import type { Packet, Port } from "./packet.ts"
import { createRandom, type Random } from "./random.ts"
import type { RunOptions, Scenario } from "./scenario.ts"
import { createTimeline, type Timeline } from "./timeline.ts"
import { addressesOf, type TrueGroup } from "./truth.ts"
import type { Wire } from "./wire.ts"

/** A machine with a process that may be absent, asleep or stalled. */
export type SimNode = {
  readonly port: Port
  /** How far its wall clock is off. */
  clockOffsetS: number
  /** Absent where no process runs. */
  program: NodeProgram | undefined
  boots: number
  /** How far its monotonic clock lags behind the world's, because it was paused without noticing. */
  lagMs: number
  sleeping: { readonly seen: boolean; readonly buffer: number } | undefined
  /** What waits in its sockets while it sleeps. */
  readonly waiting: { readonly beat: Packet[]; readonly arp: Packet[] }
  plannedWake: number
  ready: boolean
  hasApi: boolean
  /** Groups whose change its watcher has not seen yet. */
  readonly unseen: Set<number>
  /** Places for which its program would answer. */
  readonly answers: Set<number>
  backAfterMs: number | undefined
}

/** Everything that exists in one run. */
export type World = {
  readonly scenario: Scenario
  readonly options: RunOptions
  readonly wire: Wire
  readonly random: Random
  readonly timeline: Timeline
  readonly lan: Lan
  readonly nodes: readonly SimNode[]
  readonly groups: readonly TrueGroup[]
  readonly groupOf: ReadonlyMap<AddressIndex, number>
  readonly history: History
  /** The client's neighbour cache, by segment and address. */
  readonly clientMemory: Map<string, Mac>
  strangerAnswers: boolean
  /** Who plays which part. */
  readonly cast: Map<string, Port>
  /** What stands at each port of the LAN. */
  readonly receivers: Map<Port, (packet: Packet) => void>
  exited: (node: SimNode) => void
}

export const createWorld = (scenario: Scenario, options: RunOptions, wire: Wire): World => {
  const random = createRandom(scenario.seed)
  const nodes = Array.from({ length: scenario.nodes }, (_, port) => newNode(port, scenario.clockOffsetsS[port] ?? 0))
  const groups = scenario.groups.map((group, index) => newGroup(group, index))
  const groupOf = new Map(groups.flatMap(({ addresses }, index) => addresses.map((a) => [addressIndex(a), index])))
  const ports = nodes.map(({ port }) => port)
  return {
    scenario,
    options,
    wire,
    random,
    timeline: createTimeline(),
    lan: createLan(scenario.segments, ports),
    nodes,
    groups,
    groupOf,
    history: createHistory(),
    clientMemory: new Map(),
    strangerAnswers: false,
    cast: new Map(),
    receivers: new Map(),
    exited: () => undefined,
  }
}

const newNode = (port: Port, clockOffsetS: number): SimNode => ({
  port,
  clockOffsetS,
  program: undefined,
  boots: 0,
  lagMs: 0,
  sleeping: undefined,
  waiting: { beat: [], arp: [] },
  plannedWake: Infinity,
  ready: true,
  hasApi: true,
  unseen: new Set(),
  answers: new Set(),
  backAfterMs: undefined,
})

const newGroup = (group: Scenario["groups"][number], index: number): TrueGroup => {
  const addresses = addressesOf(index)
  return {
    key: addresses[0],
    addresses,
    grant: 1,
    order: group.order,
    isDeleted: false,
    otherOrders: new Map(group.otherOrders ?? []),
    otherHolder: group.otherHolder,
  }
}

export const tellStory = (world: World, text: () => string): void => world.options.story?.(world.timeline.now(), text())

/** Brings the observer's list of answerers of one place up to date. */
export const observeAnswerers = (world: World, segment: number, group: number): void => {
  const place = { segment, group }
  const index = placeIndex(place)
  const nodes: Port[] = []
  for (const node of world.nodes)
    if (node.answers.has(index) && node.sleeping === undefined && isReachable(world.lan, segment, node.port))
      nodes.push(node.port)
  recordAnswerers(world.history, place, world.timeline.now(), nodes)
}

/** The same for everything a node might answer: its life or its port changed. */
export const observeNode = (world: World, node: SimNode): void => {
  for (let segment = 0; segment < world.scenario.segments; segment++)
    for (let group = 0; group < world.groups.length; group++)
      if (node.answers.has(placeIndex({ segment, group }))) observeAnswerers(world, segment, group)
}
