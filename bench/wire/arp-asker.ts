import { setTimeout as pause } from "node:timers/promises"
import { openPacketSocket, type PacketSocket } from "../../src/edge/link/packet-socket.ts"
import { type Ipv4, parseIpv4 } from "../../src/net/address.ts"
import { broadcastMac, type Mac, parseMac, printMac } from "../../src/net/mac.ts"
import { arpRequest } from "../../src/protocol/arp/frames.ts"
import { parseArp } from "../../src/protocol/arp/packet.ts"
import { monotonicMs } from "./clock.ts"
import { ownLink } from "./own-link.ts"

/** Who answered questions for one address, how often, and how long each first answer took. */
export type ArpTimes = {
  readonly asked: number
  readonly macs: Readonly<Record<string, number>>
  readonly timesMs: readonly number[]
}

/** Asks who has an address, from this machine's `eth0`. */
export type ArpAsker = {
  /** One question to each in turn, `count` times; `to` says where questions go, by broadcast unless it names a station. */
  readonly race: (addresses: readonly string[], count: number, to?: string) => readonly ArpTimes[]
  /** Asks every 2 ms until somebody answers; when that was, or undefined after `patienceMs`. */
  readonly untilAnswered: (address: string, patienceMs: number) => Promise<number | undefined>
  /** Asks every 2 ms for so long; the longest time between two answers. */
  readonly longestSilence: (address: string, forMs: number) => Promise<number>
}

/** How long one question of a race waits. */
const patienceMs = 100
const paceMs = 2

export const openArpAsker = (own: string): ArpAsker => {
  const link = ownLink()
  const { mac } = link
  const sender = known(parseIpv4(own))
  let heard: (from: Ipv4, mac: Mac) => void = () => undefined
  const socket = openPacketSocket({
    link,
    protocol: "arp",
    // Answers come to this machine's own hardware address; a flood of questions by others must not reach this process.
    ranges: [],
    onFrame: (frame) => {
      const packet = parseArp(frame)
      if (packet.kind === "arp" && packet.operation === "reply") heard(packet.senderAddress, packet.senderMac)
    },
  })
  if ("kind" in socket) throw new Error(socket.message)
  const question = (target: Ipv4, destination: Mac): Uint8Array =>
    arpRequest({ mac, sender, target, destination, sealedToken: undefined })

  const asking = async (address: string, forMs: number, onAnswer: (atMs: number) => boolean): Promise<void> => {
    const target = known(parseIpv4(address))
    const frame = question(target, broadcastMac)
    let end = monotonicMs() + forMs
    heard = (from) => {
      if (from === target && onAnswer(monotonicMs())) end = 0
    }
    for (; monotonicMs() < end; await pause(paceMs)) socket.send(frame)
    heard = () => undefined
  }

  return {
    race: (addresses, count, to) => {
      const targets = addresses.map((address) => known(parseIpv4(address)))
      const destination = to === undefined ? broadcastMac : known(parseMac(to))
      const runs = targets.map((target) => ({
        target,
        frame: question(target, destination),
        times: [] as number[],
        macs: new Map<string, number>(),
      }))
      heard = (from, mac) => {
        const macs = runs.find(({ target }) => target === from)?.macs
        macs?.set(printMac(mac), (macs.get(printMac(mac)) ?? 0) + 1)
      }
      for (let round = 0; round < count; round++)
        for (const run of runs) {
          const tookMs = askOnce(socket, run.frame, () => totalOf(run.macs))
          if (tookMs !== undefined) run.times.push(tookMs)
        }
      return runs.map(({ times, macs }) => ({ asked: count, macs: Object.fromEntries(macs), timesMs: times }))
    },
    untilAnswered: async (address, forMs) => {
      let at: number | undefined
      await asking(address, forMs, (now) => {
        at ??= now
        return true
      })
      return at
    },
    longestSilence: async (address, forMs) => {
      let last = monotonicMs()
      let longest = 0
      await asking(address, forMs, (now) => {
        longest = Math.max(longest, now - last)
        last = now
        return false
      })
      return Math.max(longest, monotonicMs() - last)
    },
  }
}

const totalOf = (macs: ReadonlyMap<string, number>): number => [...macs.values()].reduce((sum, one) => sum + one, 0)

/** Reads without a break, so that waking this process is no part of the figure. */
const askOnce = (socket: PacketSocket, frame: Uint8Array, answers: () => number): number | undefined => {
  // A second answer to the question before must not pass for one to this.
  while (socket.drain() > 0);
  const before = answers()
  const began = monotonicMs()
  socket.send(frame)
  while (answers() === before) {
    socket.drain(1)
    if (monotonicMs() - began > patienceMs) return undefined
  }
  return monotonicMs() - began
}

const known = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error("an address that cannot be read")
  return value
}
