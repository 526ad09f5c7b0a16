import { spawnSync } from "node:child_process"
import { performance } from "node:perf_hooks"
import { openPacketSocket, type PacketSocket } from "../../edge/link/packet-socket.ts"
import { type Ipv4, parseIpv4 } from "../../net/address.ts"
import { broadcastMac, type Mac, parseMac, printMac } from "../../net/mac.ts"
import { arpRequest } from "../../protocol/arp/frames.ts"
import { parseArp } from "../../protocol/arp/packet.ts"
import { toolEnvironment } from "../isolation.ts"
import { inNamespace } from "../namespace.ts"
import type { Machine } from "../topology/layout.ts"

/** Who answered ARP questions for one address, and how fast. */
export type ArpingReport = {
  readonly asked: number
  readonly answered: number
  /** Every hardware address that answered, with how often. More than one is a conflict. */
  readonly macs: Readonly<Record<string, number>>
  /** Of the first answer to each question. */
  readonly medianMs: number
  readonly slowestMs: number
}

/** How long one question waits for its first answer. */
const patienceMs = 100
/** After the last question: late answers of a second station count too. */
const lingerMs = 50

/** Asks the LAN `count` times who has an IPv4 address, by broadcast, one question after another, from that machine. */
export const arping = async (machine: Machine, address: string, count: number): Promise<ArpingReport> => {
  const target = parseIpv4(address)
  const own = parseIpv4(machine.links[0].addresses[0].split("/")[0] ?? "")
  const mac = parseMac(machine.links[0].mac)
  if (target === undefined || own === undefined || mac === undefined)
    throw new Error(`arping needs an IPv4 address: ${address}`)
  const macs = new Map<Mac, number>()
  let heard: (() => void) | undefined
  const socket = openArpSocket(machine, (frame) => {
    const packet = parseArp(frame)
    if (packet.kind !== "arp" || packet.operation !== "reply" || packet.senderAddress !== target) return
    macs.set(packet.senderMac, (macs.get(packet.senderMac) ?? 0) + 1)
    heard?.()
  })
  const question = arpRequest({ mac, sender: own, target, destination: broadcastMac, sealedToken: undefined })
  const times: number[] = []
  try {
    for (let asked = 0; asked < count; asked++) {
      const tookMs = await firstAnswer(socket, question, (listener) => (heard = listener))
      if (tookMs !== undefined) times.push(tookMs)
    }
    await new Promise((resolve) => setTimeout(resolve, lingerMs))
  } finally {
    socket.close()
  }
  return reportOf(count, times, macs)
}

const firstAnswer = (
  socket: PacketSocket,
  question: Uint8Array,
  hear: (listener: (() => void) | undefined) => void,
): Promise<number | undefined> =>
  new Promise((resolve) => {
    const began = performance.now()
    const end = (tookMs: number | undefined): void => {
      clearTimeout(timer)
      hear(undefined)
      resolve(tookMs)
    }
    const timer = setTimeout(() => end(undefined), patienceMs)
    hear(() => end(performance.now() - began))
    socket.send(question)
  })

const reportOf = (asked: number, times: readonly number[], macs: ReadonlyMap<Mac, number>): ArpingReport => {
  const sorted = times.toSorted((a, b) => a - b)
  return {
    asked,
    answered: times.length,
    macs: Object.fromEntries([...macs].map(([mac, answers]) => [printMac(mac), answers])),
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? 0,
    slowestMs: sorted.at(-1) ?? 0,
  }
}

/** Every ARP frame that reaches the first link of a machine, and a way to send more from it. */
export const openArpSocket = (machine: Machine, onFrame: (frame: Uint8Array) => void): PacketSocket => {
  const name = machine.links[0].interface
  const index = indexOf(machine.name, name)
  const everything = { family: 4, first: 0 as Ipv4, last: 0xffffffff as Ipv4 } as const
  const socket = inNamespace(machine.name, () =>
    openPacketSocket({ link: { index, name }, protocol: "arp", ranges: [everything], onFrame }),
  )
  if ("kind" in socket) throw new Error(`${machine.name}: ${socket.message}`)
  return socket
}

const indexOf = (namespace: string, link: string): number => {
  const shown = inNamespace(namespace, () =>
    spawnSync("ip", ["-j", "link", "show", "dev", link], { encoding: "utf8", env: toolEnvironment() }),
  )
  const [found] = JSON.parse(shown.stdout) as { readonly ifindex: number }[]
  if (found === undefined) throw new Error(`${namespace} has no link ${link}`)
  return found.ifindex
}
