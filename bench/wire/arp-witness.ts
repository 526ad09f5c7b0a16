import { setTimeout as pause } from "node:timers/promises"
import { openPacketSocket, type PacketSocket } from "../../src/edge/link/packet-socket.ts"
import { type Ipv4, parseIpv4, printAddress } from "../../src/net/address.ts"
import { broadcastMac, printMac } from "../../src/net/mac.ts"
import { arpRequest } from "../../src/protocol/arp/frames.ts"
import { parseArp } from "../../src/protocol/arp/packet.ts"
import { monotonicMs } from "./clock.ts"
import { ownLink } from "./own-link.ts"

/** Another station than before spoke for an address. */
export type Change = { readonly address: string; readonly mac: string; readonly before: string; readonly atMs: number }

export type Testimony = {
  readonly changes: readonly Change[]
  /** The longest time without an answer, of the address that was silent longest; only where questions were asked. */
  readonly longestSilenceMs: number
}

/** Hears every ARP frame that says who has an address, and may ask all the time, as clients do that know nothing yet. */
export type ArpWitness = {
  readonly read: () => Testimony
  readonly stop: () => Testimony
}

/** How long it takes at most until every address was answered for once, by which the first change is known. */
const firstAnswersMs = 2000
const askAgainMs = 200

/**
 * Asks for each address until somebody answered, and resolves then.
 *
 * @param askEveryMs 0 only listens from then on
 */
export const startArpWitness = async (
  own: string,
  addresses: readonly string[],
  askEveryMs: number,
): Promise<ArpWitness> => {
  const targets = addresses.map((address) => known(parseIpv4(address)))
  const link = ownLink()
  const seen = new Map<Ipv4, Heard>(targets.map((target) => [target, { mac: "", atMs: monotonicMs(), silenceMs: 0 }]))
  const changes: Change[] = []
  const socket = openSocket(link, targets, (address, mac) => {
    const heard = seen.get(address)
    if (heard === undefined) return
    const atMs = monotonicMs()
    heard.silenceMs = Math.max(heard.silenceMs, atMs - heard.atMs)
    heard.atMs = atMs
    const before = heard.mac
    heard.mac = mac
    if (before !== "" && before !== mac) changes.push({ address: printAddress(address), mac, before, atMs })
  })
  const sender = known(parseIpv4(own))
  const ask = (target: Ipv4): void =>
    void socket.send(arpRequest({ mac: link.mac, sender, target, destination: broadcastMac, sealedToken: undefined }))
  const unknown = (): readonly Ipv4[] => targets.filter((target) => seen.get(target)?.mac === "")
  for (const end = monotonicMs() + firstAnswersMs; unknown().length > 0 && monotonicMs() < end; await pause(askAgainMs))
    unknown().forEach(ask)
  for (const heard of seen.values()) Object.assign(heard, { atMs: monotonicMs(), silenceMs: 0 })
  const timer = askEveryMs > 0 ? setInterval(() => targets.forEach(ask), askEveryMs) : undefined
  const read = (): Testimony => {
    const now = monotonicMs()
    const silences = [...seen.values()].map(({ atMs, silenceMs }) => Math.max(silenceMs, now - atMs))
    return { changes: [...changes], longestSilenceMs: askEveryMs > 0 ? Math.max(...silences) : Number.NaN }
  }
  return {
    read,
    stop: () => {
      clearInterval(timer)
      socket.close()
      return read()
    },
  }
}

type Heard = { mac: string; atMs: number; silenceMs: number }

/** Hears nothing of addresses below the first and above the last of those it is for. */
const openSocket = (
  link: ReturnType<typeof ownLink>,
  targets: readonly Ipv4[],
  heard: (address: Ipv4, mac: string) => void,
): PacketSocket => {
  const sorted = targets.toSorted((a, b) => a - b)
  const socket = openPacketSocket({
    link,
    protocol: "arp",
    ranges: [{ family: 4, first: known(sorted[0]), last: known(sorted.at(-1)) }],
    onFrame: (frame) => {
      const packet = parseArp(frame)
      if (packet.kind === "arp") heard(packet.senderAddress, printMac(packet.senderMac))
    },
  })
  if ("kind" in socket) throw new Error(socket.message)
  return socket
}

const known = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error("an address that cannot be read")
  return value
}
