import type { Address, Ipv4, Ipv6 } from "../../net/address.ts"
import { broadcastMac, type Mac } from "../../net/mac.ts"
import { arpReply, arpRequest } from "../../protocol/arp/frames.ts"
import { type ArpPacket, parseArp } from "../../protocol/arp/packet.ts"
import { destinationOf } from "../../protocol/ethernet/frame.ts"
import { neighborSolicitation, solicitedAdvertisement } from "../../protocol/ndp/frames.ts"
import type { NdpMessage } from "../../protocol/ndp/message.ts"
import { parseNdp } from "../../protocol/ndp/parse-message.ts"
import type { Instant } from "../../time/instant.ts"
import type { Carried } from "./wire.ts"
import type { World } from "./world.ts"

/** The neighbour table of one machine's kernel: answers for its own addresses, asks for others, and believes as Linux does. */
export type Neighbours = {
  readonly hear: (carried: Carried & { readonly kind: "arp" | "ndp" }) => void
  /** Calls back with the hardware address as soon as it is known: at once, after an answer, or never. */
  readonly resolve: (address: Address, then: (mac: Mac) => void) => void
  /** What the table says, without asking. */
  readonly known: (address: Address) => Mac | undefined
  /** Who answers when all are asked afresh, whatever the table says. */
  readonly askWho: (address: Address, heard: (mac: Mac) => void, mostMs: number) => void
  readonly forgetAll: () => void
}

export type Interior = {
  readonly mac: Mac
  /** Its own, first the one it asks with; a fault may add some. */
  readonly addresses: () => readonly Address[]
  readonly send: (to: Mac, carried: Carried) => void
}

/** Linux: asks three times, a second apart. */
const retryMs = 1000
const triesMax = 3
/** Linux: base_reachable_time; an entry that nothing confirmed for so long is asked for again when used. */
const reachableMs = 30_000
/** Linux: locktime; a reply to others does not replace an entry that is younger. */
const lockMs = 1000

type Entry = { mac: Mac | undefined; since: Instant; tries: number; readonly waiting: ((mac: Mac) => void)[] }

export const createNeighbours = (world: World, { mac, addresses, send }: Interior): Neighbours => {
  const entries = new Map<Address, Entry>()
  const watchers = new Set<(address: Address, mac: Mac) => void>()

  const ask = (address: Address): void => {
    const own = addresses().find((one) => typeof one === typeof address)
    if (own === undefined) return
    send(...question(mac, own, address))
  }
  const keepAsking = (address: Address, entry: Entry): void => {
    if (entries.get(address) !== entry || (entry.mac !== undefined && isFresh(entry))) return
    if (entry.tries === triesMax) return void entries.delete(address)
    entry.tries++
    ask(address)
    world.later(retryMs, () => keepAsking(address, entry))
  }
  const isFresh = ({ since }: Entry): boolean => world.now() - since < reachableMs

  const learn = (address: Address, from: Mac, how: "makes" | "moves" | "moves-old"): void => {
    const entry = entries.get(address)
    if (entry === undefined) {
      if (how === "makes") entries.set(address, { mac: from, since: world.now(), tries: 0, waiting: [] })
      return
    }
    const young = entry.mac !== undefined && entry.mac !== from && world.now() - entry.since < lockMs
    if (young && how === "moves-old") return
    Object.assign(entry, { mac: from, since: world.now(), tries: 0 })
    for (const then of entry.waiting.splice(0)) then(from)
  }
  const hearArp = (packet: ArpPacket): void => {
    const { operation, senderAddress, senderMac, targetAddress, targetMac } = packet
    const toUs = addresses().includes(targetAddress)
    if (operation === "reply") for (const watcher of watchers) watcher(senderAddress, senderMac)
    if (operation === "request" && toUs)
      send(senderMac, { kind: "arp", bytes: arpReply(packet, mac, targetAddress, undefined) })
    if (senderAddress === 0 || addresses().includes(senderAddress)) return
    if (toUs && operation === "request") return learn(senderAddress, senderMac, "makes")
    const gratuitous = senderAddress === targetAddress && (operation === "request" || targetMac === senderMac)
    learn(senderAddress, senderMac, gratuitous || toUs ? "moves" : "moves-old")
  }
  const hearNdp = (message: NdpMessage): void => {
    const from = message.linkLayerAddress ?? message.source
    if (message.kind === "advertisement") {
      for (const watcher of watchers) watcher(message.target, from)
      const known = entries.get(message.target)?.mac
      return learn(message.target, from, message.override || known === undefined ? "moves" : "moves-old")
    }
    if (!addresses().includes(message.target)) return
    send(from, { kind: "ndp", bytes: solicitedAdvertisement(message, mac, message.target, undefined) })
    if (message.sourceAddress !== 0n) learn(message.sourceAddress, from, "makes")
  }
  return {
    hear: ({ kind, bytes }) => {
      const packet = kind === "arp" ? parseArp(bytes) : parseNdp(bytes)
      if (packet.kind === "malformed") return
      if (packet.kind === "arp") hearArp(packet)
      else hearNdp(packet)
    },
    resolve: (address, then) => {
      const entry = entries.get(address) ?? { mac: undefined, since: world.now(), tries: 0, waiting: [] }
      entries.set(address, entry)
      if (entry.mac === undefined) entry.waiting.push(then)
      if (entry.tries === 0 && (entry.mac === undefined || !isFresh(entry))) keepAsking(address, entry)
      if (entry.mac !== undefined) then(entry.mac)
    },
    known: (address) => entries.get(address)?.mac,
    askWho: (address, heard, mostMs) => {
      const watcher = (of: Address, from: Mac): void => (of === address ? heard(from) : undefined)
      watchers.add(watcher)
      ask(address)
      world.later(mostMs, () => watchers.delete(watcher))
    },
    forgetAll: () => entries.clear(),
  }
}

const question = (mac: Mac, own: Address, address: Address): [Mac, Carried] => {
  if (typeof address === "number") {
    const asked = { mac, sender: own as Ipv4, target: address, destination: broadcastMac, sealedToken: undefined }
    return [broadcastMac, { kind: "arp", bytes: arpRequest(asked) }]
  }
  const asked = { mac, sender: own as Ipv6, target: address, station: undefined, sealedToken: undefined }
  const bytes = neighborSolicitation(asked)
  return [destinationOf(bytes), { kind: "ndp", bytes }]
}
