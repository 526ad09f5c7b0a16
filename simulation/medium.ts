import { transit } from "./lan.ts"
import { switched } from "./switch-table.ts"
import type { Packet, Port } from "./packet.ts"
import type { World } from "./world.ts"

/** Carries a packet to one port or to all others, if nothing is in the way. */
export const transmit = (world: World, packet: Packet): void => {
  const to = typeof packet.to === "object" ? switched(world.lan, packet, packet.to, world.timeline.now()) : packet.to
  if (to !== "all") return carry(world, packet, to)
  for (const port of world.receivers.keys()) if (port !== packet.from) carry(world, packet, port)
}

const carry = (world: World, packet: Packet, to: Port): void => {
  for (const delayMs of transit(world.lan, packet, to, world.random))
    world.timeline.put(world.timeline.now() + delayMs, () => world.receivers.get(to)?.(packet))
}
