import type { NodeId } from "../src/ownership/beat.ts"
import type { Address } from "../src/net/address.ts"
import { hostReceive, startClient } from "./host.ts"
import { nodeIdOf } from "./lan.ts"
import type { NodeProgram } from "./node-program.ts"
import { arpIn, type Packet, type Port } from "./packet.ts"
import { createSpeakerProgram, type SpeakerConfig } from "./speaker-program.ts"
import type { World } from "./world.ts"

/** A packet that speaks for addresses: an answer to a client, or an announcement. */
export type Speech = { readonly op: "reply" | "announcement"; readonly address: Address }

/** In what the LAN is spoken: which programs run on nodes, which hosts understand them, and what an observer reads. */
export type Wire = {
  readonly createProgram: (config: SpeakerConfig) => NodeProgram
  /** By this id a node breaks ties. */
  readonly idOf: (port: Port) => NodeId
  /** Sets up everything on the LAN that is no speaker; what it returns is told of each packet at each port. */
  readonly openHosts: (world: World) => (packet: Packet, port: Port) => void
  readonly speechIn: (packet: Packet) => Speech | undefined
}

/** Ownership alone, with values in packets. */
export const valueWire: Wire = {
  createProgram: createSpeakerProgram,
  idOf: nodeIdOf,
  openHosts: (world) => {
    const everyMs = world.scenario.clientAsksEveryMs
    if (everyMs !== undefined) startClient(world, everyMs)
    return (packet, port) => hostReceive(world, packet, port)
  },
  speechIn: (packet) => {
    if (packet.channel !== "arp") return undefined
    const arp = arpIn(packet)
    if (arp.op === "request" || (arp.op === "reply" && arp.token !== undefined)) return undefined
    return { op: arp.op, address: arp.address }
  },
}
