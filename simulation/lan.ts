import { type Address, parseIpv4 } from "../src/net/address.ts"
import type { NodeId } from "../src/ownership/beat.ts"
import type { Packet, Port } from "./packet.ts"
import type { Random } from "./random.ts"

export const gatewayPort: Port = 60
export const clientPort: Port = 61
export const strangerPort: Port = 62
const portsMax = 64

/** As stories call what stands at a port. */
export const portInWords = (port: Port): string => onlookers.get(port) ?? `${port}`

const onlookers: ReadonlyMap<Port, string> = new Map([
  [gatewayPort, "the gateway"],
  [clientPort, "the client"],
  [strangerPort, "the stranger"],
])

export const gatewayAddress: Address = parseIpv4("10.0.0.1")!

/** Node ids are hashes: they say nothing of the order of the ports. */
export const nodeIdOf = (port: Port): NodeId => (((port + 1) * 0x9e3779b1) >>> 0) as NodeId
export const nodeOf = (id: NodeId): Port => {
  for (let port = 0; port < portsMax; port++) if (nodeIdOf(port) === id) return port
  throw new Error(`no node has the id ${id}`)
}

export type Weather = {
  readonly loss: number
  readonly delayMs: readonly [number, number]
  readonly duplicates: number
}

export const fairWeather: Weather = { loss: 0, delayMs: [0.2, 1], duplicates: 0 }

/** One switch a segment: every port hears every other, but for what is broken. */
export type Lan = {
  readonly segments: number
  readonly nodes: readonly Port[]
  weather: Weather
  /** Frames from one port to another that are lost, one way. */
  readonly cuts: Set<number>
  /** Ports that nothing reaches, and ports that nothing leaves. */
  readonly deaf: Set<number>
  readonly mute: Set<number>
  /** Ports where a packet filter drops a channel. */
  readonly filters: { readonly beat: Set<number>; readonly arp: Set<number> }
  /** Ports that lose part of what passes, either way. */
  readonly lossy: Map<number, number>
  /** Behind which port the switch of a segment last saw a station. */
  readonly seenAt: Map<number, { readonly port: Port; readonly at: number }>
}

export const createLan = (segments: number, nodes: readonly Port[]): Lan => ({
  segments,
  nodes,
  weather: fairWeather,
  cuts: new Set(),
  deaf: new Set(),
  mute: new Set(),
  filters: { beat: new Set(), arp: new Set() },
  lossy: new Map(),
  seenAt: new Map(),
})

export const plugOf = (segment: number, port: Port): number => segment * portsMax + port
export const wayOf = (segment: number, from: Port, to: Port): number => plugOf(segment, from) * portsMax + to

/** The delays after which a packet reaches `to`: none where it is lost, two where it is doubled. */
export const transit = (lan: Lan, packet: Packet, to: Port, random: Random): readonly number[] => {
  const { segment, from, channel } = packet
  if (lan.deaf.size > 0 && lan.deaf.has(plugOf(segment, to))) return lost
  if (lan.mute.size > 0 && lan.mute.has(plugOf(segment, from))) return lost
  if (lan.cuts.size > 0 && lan.cuts.has(wayOf(segment, from, to))) return lost
  const filter = lan.filters[channel]
  if (filter.size > 0 && (filter.has(plugOf(segment, from)) || filter.has(plugOf(segment, to)))) return lost
  if (
    lan.lossy.size > 0 &&
    (isLostAt(lan, plugOf(segment, from), random) || isLostAt(lan, plugOf(segment, to), random))
  )
    return lost
  const { loss, delayMs, duplicates } = lan.weather
  if (loss > 0 && random.chance(loss)) return lost
  const first = random.between(delayMs[0], delayMs[1])
  return duplicates > 0 && random.chance(duplicates) ? [first, random.between(delayMs[0], delayMs[1])] : [first]
}

const lost: readonly number[] = []

const isLostAt = (lan: Lan, plug: number, random: Random): boolean => random.chance(lan.lossy.get(plug) ?? 0)

/** Whether the client's question would reach the node and the answer come back. */
export const isReachable = (lan: Lan, segment: number, node: Port): boolean =>
  !lan.deaf.has(plugOf(segment, node)) &&
  !lan.mute.has(plugOf(segment, node)) &&
  !lan.filters.arp.has(plugOf(segment, node)) &&
  !lan.cuts.has(wayOf(segment, node, clientPort)) &&
  !lan.cuts.has(wayOf(segment, clientPort, node))
