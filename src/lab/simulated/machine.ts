import { type Address, type Ipv4, type Ipv6, parseAddress } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import { type Mac, parseMac } from "../../net/mac.ts"
import { type Prefix, parsePrefix, prefixHolds, prefixOf } from "../../net/prefix.ts"
import type { Link, Machine } from "../topology/layout.ts"
import { createNeighbours, type Neighbours } from "./neighbours.ts"
import type { Carried, Port, Visit, VisitOutcome, Wire } from "./wire.ts"
import type { World } from "./world.ts"

/** A machine's kernel: links, neighbours, and which way a packet goes. */
export type SimulatedMachine = {
  readonly name: string
  readonly role: Machine["role"]
  readonly links: readonly SimulatedLink[]
  readonly isOn: () => boolean
  /** Whether an address is its own. */
  readonly has: (address: Address) => boolean
  /** Off: it neither hears nor speaks, and forgets its neighbours. */
  readonly setPower: (on: boolean) => void
  /** It answers for addresses that are not its own, as a machine with a wrong setting does. */
  readonly setTwins: (addresses: readonly Address[]) => void
  /** Sends a packet towards an address: to the neighbour that has it, or to the gateway. */
  readonly sendTowards: (to: Address, carried: Carried) => void
}

export type SimulatedLink = {
  readonly index: number
  readonly name: string
  readonly mac: Mac
  readonly prefixes: readonly { readonly address: Address; readonly length: number; readonly prefix: Prefix }[]
  readonly port: Port
  readonly neighbours: Neighbours
}

/** What a machine does with what its kernel does not answer by itself. */
export type Inside = {
  readonly hearFrame: (link: SimulatedLink, carried: Carried & { readonly kind: "arp" | "ndp" | "beat" }) => void
  readonly hearVisit: (visit: Visit) => void
  readonly hearAnswer: (visit: Visit, outcome: VisitOutcome) => void
}

export const createMachine = (world: World, wire: Wire, layout: Machine, inside: () => Inside): SimulatedMachine => {
  let on = true
  let twins: readonly Address[] = []
  const hear = (link: SimulatedLink, carried: Carried): void => {
    if (!on) return
    switch (carried.kind) {
      case "arp":
      case "ndp":
        link.neighbours.hear(carried)
        return inside().hearFrame(link, carried)
      case "beat":
        return inside().hearFrame(link, carried)
      case "visit":
        return passOn(carried.visit.to, carried) ? undefined : inside().hearVisit(carried.visit)
      case "answer":
        return passOn(carried.visit.from, carried) ? undefined : inside().hearAnswer(carried.visit, carried.outcome)
    }
  }
  /** A router forwards what is for others. */
  const passOn = (to: Address, carried: Carried): boolean => {
    if (layout.role !== "router" || own().includes(to)) return false
    sendTowards(to, carried)
    return true
  }
  const own = (): readonly Address[] => links.flatMap(({ prefixes }) => prefixes.map(({ address }) => address))
  const sendTowards = (to: Address, carried: Carried): void => {
    const hop = links.some((link) => isOnLink(link, to)) ? to : gatewayOf(layout, to)
    const link = hop === undefined ? undefined : links.find((one) => isOnLink(one, hop))
    if (!on || hop === undefined || link === undefined) return
    link.neighbours.resolve(hop, (mac) => (on ? wire.send(link.port, mac, carried) : undefined))
  }
  const links: readonly SimulatedLink[] = layout.links.map((link, index) => {
    const { mac, prefixes } = readLink(link)
    const addresses = prefixes.map(({ address }) => address)
    const port: Port = {
      machine: layout.name,
      link: link.interface,
      network: link.network,
      mac,
      addresses,
      hear: (carried) => hear(links[index]!, carried),
    }
    const neighbours = createNeighbours(world, {
      mac,
      addresses: () => [...addresses, ...twins],
      send: (to, carried) => (on ? wire.send(port, to, carried) : undefined),
    })
    wire.plug(port)
    return { index: index + firstLinkIndex, name: link.interface, mac, prefixes, port, neighbours }
  })
  return {
    name: layout.name,
    role: layout.role,
    links,
    isOn: () => on,
    has: (address) => own().includes(address),
    setPower: (now) => {
      on = now
      if (!on) for (const { neighbours } of links) neighbours.forgetAll()
    },
    setTwins: (now) => (twins = now),
    sendTowards,
  }
}

/** The loopback is 1. */
const firstLinkIndex = 2

const isOnLink = ({ prefixes }: SimulatedLink, address: Address): boolean =>
  prefixes.some(({ prefix }) => prefixHolds(prefix, address))

const gatewayOf = ({ gateways }: Machine, to: Address): Address | undefined =>
  gateways.flatMap((text) => parseAddress(text) ?? []).find((gateway) => typeof gateway === typeof to)

const readLink = (link: Link): Pick<SimulatedLink, "mac" | "prefixes"> => ({
  mac: parseMac(link.mac)!,
  prefixes: link.addresses.map((text) => {
    const [address, length] = [parseAddress(text.split("/")[0]!)!, parsePrefix(text)!.length]
    return { address, length, prefix: prefixOf(address, length) }
  }),
})

/** Its links as netlink would tell them. */
export const interfacesOf = (
  { links }: SimulatedMachine,
  gateways: readonly string[],
  hasCarrier: (link: string) => boolean,
): readonly Interface[] =>
  links.map((link) => {
    const next = gateways.flatMap((text) => parseAddress(text) ?? []).filter((gateway) => isOnLink(link, gateway))
    return {
      index: link.index,
      name: link.name,
      mac: link.mac,
      up: true,
      running: hasCarrier(link.name),
      mtuBytes: 1500,
      kind: "ethernet",
      master: undefined,
      noArp: false,
      broadcast: true,
      addresses: link.prefixes.map(({ address, length }) => ({ address, length, state: "usable" })),
      linkLocal: linkLocalOf(link.mac),
      gateway4: next.find((gateway): gateway is Ipv4 => typeof gateway === "number"),
      gateway6: next.find((gateway): gateway is Ipv6 => typeof gateway === "bigint"),
    }
  })

/** RFC 4291 appendix A: ff:fe in the middle, and the universal bit turned. */
const linkLocalOf = (mac: Mac): Ipv6 => {
  const bits = BigInt(mac)
  const [high, low] = [(bits >> 24n) ^ 0x020000n, bits & 0xffffffn]
  return ((0xfe80n << 112n) | (high << 40n) | (0xfffen << 24n) | low) as Ipv6
}
