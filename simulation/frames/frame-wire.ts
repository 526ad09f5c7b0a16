import type { Address } from "../../src/net/address.ts"
import { isGroupMac } from "../../src/net/mac.ts"
import { parseArp } from "../../src/protocol/arp/packet.ts"
import { parseNdp } from "../../src/protocol/ndp/parse-message.ts"
import { clientPort, gatewayPort, strangerPort } from "../lan.ts"
import type { Port } from "../packet.ts"
import type { Speech, Wire } from "../wire.ts"
import type { World } from "../world.ts"
import { createAnnouncerProgram } from "./announcer-program.ts"
import { FrameHost } from "./frame-host.ts"
import { announcerIdOf } from "./machine.ts"

/** Whole announcers, in frames and datagrams, among hosts with a kernel's neighbour cache. */
export const frameWire: Wire = {
  createProgram: createAnnouncerProgram,
  idOf: announcerIdOf,
  openHosts: (world) => {
    const hosts = new Map<Port, readonly FrameHost[]>()
    const ports = world.scenario.gateway ? [clientPort, strangerPort, gatewayPort] : [clientPort, strangerPort]
    for (const port of ports)
      hosts.set(
        port,
        Array.from({ length: world.scenario.segments }, (_, segment) => new FrameHost(world, segment, port)),
      )
    const everyMs = world.scenario.clientAsksEveryMs
    if (everyMs !== undefined)
      for (const host of [...hosts.values()].flat())
        for (const address of world.groups.flatMap(({ addresses }) => addresses))
          sendEvery(world, host, address, world.random.unit() * everyMs, everyMs)
    return ({ channel, segment, body }, port) => {
      if (channel === "arp") hosts.get(port)?.[segment]!.receive(body as Uint8Array)
    }
  },
  speechIn: ({ channel, body }) => (channel === "arp" ? speechOf(body as Uint8Array) : undefined),
}

const sendEvery = (world: World, host: FrameHost, address: Address, at: number, everyMs: number): void =>
  world.timeline.put(at, () => {
    if (host.isNewEachTime) host.forget(address)
    host.send(address)
    sendEvery(world, host, address, at + everyMs, everyMs)
  })

/** For which address a frame speaks. What a member answers to a member's question is between the two. */
const speechOf = (bytes: Uint8Array): Speech | undefined => {
  const arp = parseArp(bytes)
  if (arp.kind === "arp") {
    const toOne = !isGroupMac(arp.destination)
    if (arp.operation === "reply" && toOne && arp.sealedToken !== undefined) return undefined
    return { op: arp.operation === "reply" && toOne ? "reply" : "announcement", address: arp.senderAddress }
  }
  const message = parseNdp(bytes)
  if (message.kind === "malformed") return undefined
  if (message.kind === "solicitation") return { op: "announcement", address: message.sourceAddress }
  if (message.solicited && message.sealedToken !== undefined) return undefined
  return { op: message.solicited ? "reply" : "announcement", address: message.target }
}
