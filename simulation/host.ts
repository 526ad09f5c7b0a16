import { addressIndex } from "../src/ownership/address-index.ts"
import type { Address } from "../src/net/address.ts"
import { clientPort, gatewayAddress, gatewayPort, strangerPort } from "./lan.ts"
import { transmit } from "./medium.ts"
import { type Arp, arpIn, macOf, type Packet, type Port } from "./packet.ts"
import type { World } from "./world.ts"

/** Everything on the LAN that is no speaker: gateway, client, stranger, and other programs on the nodes. */
export const hostReceive = (world: World, packet: Packet, port: Port): void => {
  if (packet.channel !== "arp") return
  const arp = arpIn(packet)
  if (port === clientPort) return remember(world, packet.segment, arp)
  if (arp.op !== "request" || !answersFor(world, port, arp.target)) return
  const body: Arp = { op: "reply", address: arp.target, mac: macOf(port), token: undefined }
  transmit(world, { channel: "arp", segment: packet.segment, from: port, to: packet.from, body })
}

const answersFor = (world: World, port: Port, address: Address): boolean => {
  if (port === gatewayPort) return world.scenario.gateway && address === gatewayAddress
  const group = world.groupOf.get(addressIndex(address))
  if (group === undefined) return false
  if (port === strangerPort) return world.strangerAnswers
  return world.groups[group]!.otherHolder === port
}

export const memoryKey = (segment: number, address: Address): string => `${segment} ${addressIndex(address)}`

/** An announcement changes an entry and makes none; an answer makes one. */
const remember = (world: World, segment: number, arp: Arp): void => {
  if (arp.op === "request") return
  const key = memoryKey(segment, arp.address)
  if (arp.op === "reply" || world.clientMemory.has(key)) world.clientMemory.set(key, arp.mac)
}

/** The client asks for every address again and again. */
export const startClient = (world: World, everyMs: number): void => {
  for (let segment = 0; segment < world.scenario.segments; segment++)
    for (const group of world.groups) askFor(world, segment, group.addresses[0], world.random.unit() * everyMs, everyMs)
}

const askFor = (world: World, segment: number, target: Address, at: number, everyMs: number): void =>
  world.timeline.put(at, () => {
    const body: Arp = { op: "request", target, mac: macOf(clientPort), nonce: undefined }
    transmit(world, { channel: "arp", segment, from: clientPort, to: "all", body })
    askFor(world, segment, target, at + everyMs, everyMs)
  })
