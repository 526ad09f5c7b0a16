import type { Address, Ipv4, Ipv6 } from "../../src/net/address.ts"
import { parseAddress } from "../../src/net/address.ts"
import type { Interface } from "../../src/net/interface.ts"
import type { Mac } from "../../src/net/mac.ts"
import { type Lan, nodeIdOf } from "../lan.ts"
import { macOf, type Port } from "../packet.ts"
import type { NodeId } from "../../src/ownership/beat.ts"
import { nodeIdOf as idOfName } from "../../src/speaker/announcer/member-directory.ts"

/** What stands at a port, with a card on each segment: names and addresses all follow from the port. */
export const nameOf = (port: Port): string => `node-${port}`
export const portNamed = (name: string): Port => Number(name.slice("node-".length))
/** The id by which the announcers themselves break ties. */
export const announcerIdOf = (port: Port): NodeId => idOfName(nameOf(port))
/** The name behind an id of the simulated watcher. */
export const nameBehind = (lan: Lan, id: NodeId): string => nameOf(lan.nodes.find((port) => nodeIdOf(port) === id)!)

const macsASegment = 0x100
export const macAt = (segment: number, port: Port): Mac => (macOf(port) + segment * macsASegment) as Mac

const base4 = parseAddress("10.0.0.10") as Ipv4
const base6 = parseAddress("2001:db8::1:0") as Ipv6
const baseLocal = parseAddress("fe80::1:0") as Ipv6
export const ipv4At = (segment: number, port: Port): Ipv4 => (base4 + segment * 2 ** 16 + port) as Ipv4
export const ipv6At = (segment: number, port: Port): Ipv6 => (base6 + (BigInt(segment) << 64n) + BigInt(port)) as Ipv6
const linkLocalAt = (port: Port): Ipv6 => (baseLocal + BigInt(port)) as Ipv6
export const gatewayAt = (segment: number): Ipv4 => (base4 - 9 + segment * 2 ** 16) as Ipv4

/** The port at whose card beats for that address arrive. */
export const portAt = (segment: number, address: Address): Port =>
  typeof address === "number" ? address - ipv4At(segment, 0) : Number(address - ipv6At(segment, 0))

export const linkIndexOf = (segment: number): number => segment + 2
export const segmentOfLink = (linkIndex: number): number => linkIndex - 2
export const segmentNamed = (link: string): number => Number(link.slice("eth".length))

export const cardAt = (segment: number, port: Port): Interface => ({
  index: linkIndexOf(segment),
  name: `eth${segment}`,
  mac: macAt(segment, port),
  up: true,
  running: true,
  mtuBytes: 1500,
  kind: "ethernet",
  master: undefined,
  noArp: false,
  broadcast: true,
  addresses: [
    { address: ipv4At(segment, port), length: 16, state: "usable" },
    { address: ipv6At(segment, port), length: 64, state: "usable" },
  ],
  linkLocal: linkLocalAt(port),
  gateway4: gatewayAt(segment),
  gateway6: undefined,
})
