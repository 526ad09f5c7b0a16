import type { Address, Ipv4, Ipv6 } from "../../src/net/address.ts"
import { broadcastMac, isGroupMac, type Mac } from "../../src/net/mac.ts"
import { arpReply, arpRequest } from "../../src/protocol/arp/frames.ts"
import { type ArpPacket, parseArp } from "../../src/protocol/arp/packet.ts"
import { destinationOf, sourceOf } from "../../src/protocol/ethernet/frame.ts"
import { neighborSolicitation } from "../../src/protocol/ndp/frames.ts"
import type { NeighborAdvertisement, NeighborSolicitation } from "../../src/protocol/ndp/message.ts"
import { parseNdp } from "../../src/protocol/ndp/parse-message.ts"
import { allNodesGroup } from "../../src/protocol/ndp/solicited-node.ts"
import { gatewayPort, strangerPort } from "../lan.ts"
import { transmit } from "../medium.ts"
import type { Port } from "../packet.ts"
import type { World } from "../world.ts"
import { gatewayAt, ipv4At, ipv6At, macAt } from "./machine.ts"
import { attend, type Duty, learn, type Neighbour, neighbourTiming, type News, newNeighbour, use } from "./neighbour.ts"

/** A machine that uses addresses of the cluster: reads frames, answers for its own address, keeps a neighbour cache as Linux does. */
export class FrameHost {
  /** The stranger's port is where clients come and go: each asks once. */
  readonly isNewEachTime: boolean
  readonly #world: World
  readonly #segment: number
  readonly #port: Port
  readonly #mac: Mac
  readonly #ipv4: Ipv4
  readonly #ipv6: Ipv6
  readonly #cache = new Map<Address, Neighbour>()

  constructor(world: World, segment: number, port: Port) {
    this.isNewEachTime = port === strangerPort
    this.#world = world
    this.#segment = segment
    this.#port = port
    this.#mac = macAt(segment, port)
    this.#ipv4 = port === gatewayPort ? gatewayAt(segment) : ipv4At(segment, port)
    this.#ipv6 = ipv6At(segment, port)
  }

  /** Another machine in this one's place: it knows nobody and asks all. */
  forget(address: Address): void {
    if (this.#cache.delete(address)) this.#point(address, undefined)
  }

  /** A packet is to be sent to the address. */
  send(address: Address): void {
    const now = this.#world.timeline.now()
    const entry = this.#cache.get(address) ?? newNeighbour(now)
    this.#cache.set(address, entry)
    this.#do(address, entry, use(entry, now))
  }

  receive(bytes: Uint8Array): void {
    const to = destinationOf(bytes)
    if (sourceOf(bytes) === this.#mac || (!isGroupMac(to) && to !== this.#mac)) return
    const arp = parseArp(bytes)
    if (arp.kind === "arp") return this.#hearArp(arp)
    const message = parseNdp(bytes)
    if (message.kind === "advertisement") this.#hearAdvertisement(message)
    else if (message.kind === "solicitation") this.#hearSolicitation(message)
  }

  /** net/ipv4/arp.c, arp_process(), with arp_accept=0. */
  #hearArp(packet: ArpPacket): void {
    const { operation, senderMac, senderAddress, targetAddress, targetMac } = packet
    const isForUs = targetAddress === this.#ipv4
    if (operation === "request" && isForUs) {
      this.#learn(senderAddress, { mac: senderMac, solicited: false, override: true }, senderAddress !== 0)
      return this.#transmit(arpReply(packet, this.#mac, this.#ipv4, undefined))
    }
    const isGratuitous = senderAddress === targetAddress && (operation === "request" || targetMac === senderMac)
    const solicited = operation === "reply" && packet.destination === this.#mac
    const entry = this.#cache.get(senderAddress)
    const isLocked = entry !== undefined && this.#now() <= entry.updatedAt + neighbourTiming.locktimeMs
    this.#learn(senderAddress, { mac: senderMac, solicited, override: isGratuitous || !isLocked }, false)
  }

  /** net/ipv6/ndisc.c, ndisc_recv_na(): S=1 to a group is dropped, and without a link-layer address nothing is learnt. */
  #hearAdvertisement({
    target,
    solicited,
    override,
    linkLayerAddress,
    destinationAddress,
  }: NeighborAdvertisement): void {
    if (linkLayerAddress === undefined || (solicited && destinationAddress === allNodesGroup)) return
    this.#learn(target, { mac: linkLayerAddress, solicited, override }, false)
  }

  /** A question from an address with its link-layer address makes an entry, or moves it (RFC 4861 section 7.2.3). */
  #hearSolicitation({ target, sourceAddress, linkLayerAddress }: NeighborSolicitation): void {
    if (target !== this.#ipv6 || linkLayerAddress === undefined) return
    this.#learn(sourceAddress, { mac: linkLayerAddress, solicited: false, override: true }, true)
  }

  #learn(address: Address, news: News, creates: boolean): void {
    const known = this.#cache.get(address)
    if (known === undefined && !creates) return
    const entry = known ?? newNeighbour(this.#now())
    this.#cache.set(address, entry)
    const [least, most] = neighbourTiming.reachableMs
    if (learn(entry, news, this.#now(), this.#world.random.between(least, most))) this.#point(address, news.mac)
  }

  #do(address: Address, entry: Neighbour, duty: Duty): void {
    if (duty === "give-up") return this.forget(address)
    if (duty !== undefined) this.#transmit(this.#question(address, duty === "ask-it" ? entry.mac : undefined))
    if (entry.dueAt === Infinity || entry.dueAt <= this.#now()) return
    const { dueAt } = entry
    this.#world.timeline.put(dueAt, () => {
      if (this.#cache.get(address) === entry && entry.dueAt === dueAt) this.#do(address, entry, attend(entry, dueAt))
    })
  }

  #question(target: Address, station: Mac | undefined): Uint8Array {
    const mac = this.#mac
    if (typeof target === "bigint")
      return neighborSolicitation({ mac, sender: this.#ipv6, target, station, sealedToken: undefined })
    const destination = station ?? broadcastMac
    return arpRequest({ mac, sender: this.#ipv4, target, destination, sealedToken: undefined })
  }

  #point(address: Address, mac: Mac | undefined): void {
    this.#world.history.pointers.push({ at: this.#now(), segment: this.#segment, host: this.#port, address, mac })
  }

  #transmit(bytes: Uint8Array): void {
    const to = { source: this.#mac, destination: destinationOf(bytes) }
    transmit(this.#world, { channel: "arp", segment: this.#segment, from: this.#port, to, body: bytes })
  }

  #now(): number {
    return this.#world.timeline.now()
  }
}
