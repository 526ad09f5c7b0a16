import { type Address, type Ipv4, type Ipv6, parseAddress } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import { broadcastMac, isGroupMac, type Mac } from "../../net/mac.ts"
import { parseRange } from "../../net/range.ts"
import type { Boot } from "../../ownership/beat.ts"
import { arpReply, arpRequest } from "../../protocol/arp/frames.ts"
import { type ArpPacket, parseArp } from "../../protocol/arp/packet.ts"
import { destinationOf } from "../../protocol/ethernet/frame.ts"
import type { NdpMessage } from "../../protocol/ndp/message.ts"
import { parseNdp } from "../../protocol/ndp/parse-message.ts"
import { after, type At, type Instant } from "../../time/instant.ts"
import type { Hold, Intent, Member, Surroundings } from "../intent.ts"
import { Announcer } from "./announcer.ts"
import type { AnnouncerInput, BeatSecrets } from "./input.ts"
import type { AnnouncerOutput } from "./output.ts"

/** One node of the LAN: its announcer, and what became of it. */
export type Station = {
  readonly name: string
  readonly mac: Mac
  readonly address: Ipv4
  /** Nodes of another cluster share the LAN and nothing else. */
  readonly cluster: string
  announcer: Announcer
  device: Interface
  /** Further cards, each in a network of its own; they are told apart by their index, which is the same on every node. */
  readonly more: Card[]
  /** Off: it neither hears nor speaks nor runs. */
  on: boolean
  /** Off: its cable is out; it runs. */
  plugged: boolean
  readonly outputs: AnnouncerOutput[]
}

/** `plugged` off: the card's cable is out, and the card does not know. */
export type Card = { device: Interface; plugged: boolean }

/** `wire`: 0, or the index of the further cards that share it. */
export type SeenFrame = {
  readonly wire: number
  readonly at: number
  readonly from: string
  readonly packet: ArpPacket
}

export type SeenMessage = { readonly at: number; readonly from: string; readonly message: NdpMessage }

const delayMs = 0.5
const turnsMax = 1_000_000
const wallSecondsAtStart = 1_760_000_000
export const gatewayAddress: Ipv4 = parseAddress("192.168.40.1") as Ipv4
export const gatewayMac: Mac = 0x525400280001 as Mac
const clientAddress = parseAddress("192.168.40.99") as Ipv4
const clientMac = 0x525400280099 as Mac

type Arrival = { readonly at: Instant; readonly run: () => void }

/** The same card with IPv6 on: a link-local address, and one of 2001:db8::/64. */
export const withIpv6 = (device: Interface): Interface => ({
  ...device,
  addresses: [
    ...device.addresses,
    { address: (documentation + BigInt(device.mac! % 256)) as Ipv6, length: 64, state: "usable" },
  ],
  linkLocal: (linkLocal + BigInt(device.mac! % 256)) as Ipv6,
})

const documentation = 0x20010db8n << 96n
const linkLocal = 0xfe80n << 112n

/** A LAN in virtual time with a gateway and a client, for stories about announcers. Nothing in it waits for anything real. */
export class InMemoryLan {
  now: Instant = 1000 as Instant
  /** How late every timer rings, as timers do. */
  lateMs = 0
  /** What beats arrive with: a router on the way would have lowered it. */
  beatTtl = 255
  /** What is lost on the way from one station to another, by their names. */
  loses: (from: string, to: string) => boolean = () => false
  readonly stations: Station[] = []
  readonly seen: SeenFrame[] = []
  readonly messages: SeenMessage[] = []
  readonly answers: { at: number; mac: Mac; address: Ipv4 }[] = []
  /** Hosts besides: who answers for what. */
  readonly hosts: { mac: Mac; answersFor: (address: Ipv4) => boolean }[] = [
    { mac: gatewayMac, answersFor: (address) => address === gatewayAddress },
  ]
  readonly #arrivals: Arrival[] = []
  #order = 0

  at(): At {
    this.#order++
    const entropy = Math.imul(this.#order, 0x9e3779b1) >>> 0
    return { now: this.now, wallSeconds: wallSecondsAtStart + Math.floor(this.now / 1000), entropy }
  }

  /** Adds a node w1, w2, ... and starts its speaker. */
  add(secrets: BeatSecrets = defaultSecrets, cluster = "attic"): Station {
    const number = this.stations.length + 1
    const name = `w${number}`
    const mac = (0x525400280010 + number) as Mac
    const address = parseAddress(`192.168.40.${10 + number}`) as Ipv4
    const announcer = createAnnouncer(name, number, secrets)
    const device = deviceOf(mac, address)
    const state = { on: true, plugged: true, more: [], outputs: [] }
    const station: Station = { name, mac, address, cluster, announcer, device, ...state }
    this.stations.push(station)
    return station
  }

  /** All that a fresh process is told: links, surroundings, and that the beat port is its own. */
  start(station: Station): void {
    this.feed(station, { kind: "links", interfaces: [station.device, ...station.more.map(({ device }) => device)] })
    this.surround(station)
    this.feed(station, { kind: "bound" })
  }

  surround(station: Station): void {
    this.feed(station, { kind: "surroundings", surroundings: surroundingsOf(this, station.cluster) })
  }

  startAll(count: number): readonly Station[] {
    for (let i = 0; i < count; i++) this.add()
    for (const station of this.stations) this.start(station)
    return this.stations
  }

  /** A new process on that node: new boot, nothing remembered. */
  restart(station: Station): void {
    station.announcer = createAnnouncer(station.name, 1000 + ++this.#order, defaultSecrets)
    station.on = true
    this.start(station)
  }

  tell(stations: readonly Station[], holds: readonly Hold[], letGo: readonly Address[] = []): void {
    const page: Intent[] = [
      ...holds.map((hold): Intent => ({ kind: "hold", hold })),
      ...letGo.map((key): Intent => ({ kind: "let-go", key })),
    ]
    for (const station of stations) this.feed(station, { kind: "intents", page, complete: true })
  }

  feed(station: Station, input: AnnouncerInput): void {
    if (!station.on) return
    for (const output of station.announcer.step(input, this.at())) this.#perform(station, output)
  }

  /** Lets time pass; everything due on the way happens in order. */
  run(ms: number): void {
    const end = after(this.now, ms)
    for (let turns = 0; ; turns++) {
      if (turns > turnsMax) throw new Error(`more than ${turnsMax} turns: somebody is due and does nothing`)
      const arrival = this.#arrivals[0]
      const waking = this.#firstToWake()
      const next = Math.min(arrival?.at ?? Infinity, waking?.at ?? Infinity)
      if (next > end) break
      this.now = Math.max(this.now, next) as Instant
      if (arrival !== undefined && arrival.at <= this.now) this.#arrivals.shift()!.run()
      else this.feed(waking!.station, { kind: "wake" })
    }
    this.now = end
  }

  /** The client asks everybody; what answers within 5 ms. */
  ask(target: Ipv4): readonly Mac[] {
    const before = this.answers.length
    this.send(
      "client",
      arpRequest({ mac: clientMac, sender: clientAddress, target, destination: broadcastMac, sealedToken: undefined }),
    )
    this.run(5)
    return this.answers
      .slice(before)
      .filter(({ address }) => address === target)
      .map(({ mac }) => mac)
  }

  /** A frame goes onto the wire: it reaches whoever it is for, half a millisecond later. */
  send(from: string, bytes: Uint8Array, wire = 0): void {
    const packet = parseArp(bytes)
    if (packet.kind === "arp") this.seen.push({ wire, at: this.now - 1000, from, packet })
    const message = parseNdp(bytes)
    if (message.kind !== "malformed") this.messages.push({ at: this.now - 1000, from, message })
    const to = destinationOf(bytes)
    this.#later(() => {
      for (const station of this.stations) {
        const card = cardOn(station, wire)
        if (card === undefined || station.name === from || !station.on || !card.plugged) continue
        if ((isGroupMac(to) || to === card.device.mac) && !this.loses(from, station.name))
          this.feed(station, { kind: "frame", linkIndex: card.device.index, bytes })
      }
      if (packet.kind === "arp" && wire === 0) this.#others(packet, to)
    })
  }

  /** Announcements and answers that somebody sent for an address. */
  spokenFor(address: Address): readonly SeenFrame[] {
    return this.seen.filter(({ packet }) => packet.senderAddress === address)
  }

  holders(key: Address): readonly string[] {
    return this.stations
      .filter(({ on, announcer }) => on && announcer.lans.some((lan) => lan.held.some((held) => held.key === key)))
      .map(({ name }) => name)
  }

  #others(packet: ArpPacket, to: Mac): void {
    for (const host of this.hosts) {
      if (!isGroupMac(to) && to !== host.mac) continue
      if (packet.operation === "request" && packet.senderMac !== host.mac && host.answersFor(packet.targetAddress))
        this.send("host", arpReply(packet, host.mac, packet.targetAddress, undefined))
    }
    if (to === clientMac && packet.operation === "reply")
      this.answers.push({ at: this.now, mac: packet.senderMac, address: packet.senderAddress })
  }

  #perform(station: Station, output: AnnouncerOutput): void {
    if (output.kind !== "frame" && output.kind !== "datagram") station.outputs.push(output)
    if (output.kind !== "frame" && output.kind !== "datagram") return
    const wire = output.linkIndex === station.device.index ? 0 : output.linkIndex
    if (cardOn(station, wire)?.plugged !== true) return
    if (output.kind === "frame") return this.send(station.name, output.bytes, wire)
    const { to, from, bytes } = output
    this.#later(() => {
      for (const target of this.stations) {
        const card = cardOn(target, wire)
        const isThere = target.on && card?.plugged === true && hasAddress(target, wire, to)
        if (isThere && !this.loses(station.name, target.name))
          this.feed(target, { kind: "datagram", linkIndex: card.device.index, from, ttl: this.beatTtl, bytes })
      }
    })
  }

  #later(run: () => void): void {
    // Every way takes as long as any other, so they stand in the order of their arrival.
    this.#arrivals.push({ at: after(this.now, delayMs), run })
  }

  #firstToWake(): { readonly at: Instant; readonly station: Station } | undefined {
    let first: { at: Instant; station: Station } | undefined
    for (const station of this.stations) {
      const planned = station.on ? station.announcer.wakeAt() : undefined
      if (planned === undefined) continue
      const at = planned <= this.now ? this.now : after(planned, this.lateMs)
      if (first === undefined || at < first.at) first = { at, station }
    }
    return first
  }
}

export const surroundingsOf = (lan: InMemoryLan, cluster = "attic"): Surroundings => ({
  cluster,
  members: lan.stations
    .filter((station) => station.cluster === cluster)
    .map(({ name, address, more }): Member => {
      const reported = more.map(({ device }) => ({ mac: device.mac, addresses: addressesOf(device) }))
      return { node: name, addresses: [address], reported }
    }),
  ranges: [parseRange("192.168.40.200-192.168.40.219")!],
  links: undefined,
  controls: [parseAddress("192.168.40.219")!],
})

export const defaultSecrets: BeatSecrets = { current: new Uint8Array(32).fill(7), next: undefined }

export const createAnnouncer = (
  node: string,
  boot: number,
  secrets: BeatSecrets,
  arpPerSecondMax?: number,
): Announcer =>
  new Announcer({
    node,
    boot: boot as Boot,
    secrets,
    profile: { intervalMs: 100, misses: 5 },
    promiseSeconds: 30,
    arpPerSecondMax,
  })

export const holdOf = (text: string, order: readonly string[], change: Partial<Hold> = {}): Hold => {
  const address = parseAddress(text)!
  return {
    key: address,
    addresses: [address],
    grant: 1,
    links: undefined,
    order: order.map((node) => ({ node, score: 0 })),
    ready: true,
    moveTo: undefined,
    ...change,
  }
}

const cardOn = (station: Station, wire: number): Card | undefined =>
  wire === 0 ? station : station.more.find(({ device }) => device.index === wire)

const addressesOf = (device: Interface): readonly Address[] => device.addresses.map(({ address }) => address)

const hasAddress = (station: Station, wire: number, address: Address): boolean =>
  wire === 0 ? station.address === address : addressesOf(cardOn(station, wire)!.device).includes(address)

export const deviceOf = (mac: Mac, address: Ipv4): Interface => ({
  index: 2,
  name: "eth0",
  mac,
  up: true,
  running: true,
  mtuBytes: 1500,
  kind: "ethernet",
  master: undefined,
  noArp: false,
  broadcast: true,
  addresses: [{ address, length: 24, state: "usable" }],
  linkLocal: undefined,
  gateway4: gatewayAddress,
  gateway6: undefined,
})
