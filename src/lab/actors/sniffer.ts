import { spawnSync } from "node:child_process"
import { performance } from "node:perf_hooks"
import * as abi from "../../edge/link/abi.ts"
import { encodeProgram, type Instruction } from "../../edge/link/filter.ts"
import * as libc from "../../edge/link/libc.ts"
import { printAddress } from "../../net/address.ts"
import { type Mac, printMac } from "../../net/mac.ts"
import { parseArp } from "../../protocol/arp/packet.ts"
import { parseNdp } from "../../protocol/ndp/parse-message.ts"
import { toolEnvironment } from "../isolation.ts"
import { inNamespace } from "../namespace.ts"
import { type Layout, portName, switchNamespace } from "../topology/layout.ts"

/** A frame that says who has an address: an ARP packet's sender, or what a neighbour advertisement is about. */
export type Spoken = {
  /** Of the process's monotonic clock, when it was read. */
  readonly atMs: number
  /** The machine whose port it came in by, whatever the switch did with it then. */
  readonly by: string
  readonly address: string
  readonly mac: string
  /** `request` and `solicitation` include announcements and questions in the address's name. */
  readonly kind: "request" | "reply" | "solicitation" | "advertisement"
}

/** Hears what machines send into a switch's ports: all ARP and neighbour discovery, dropped by a fault or not. */
export type Sniffer = {
  /** What was said for an address since a moment of `performance.now()`, in the order of its reading. */
  readonly spokenFor: (address: string, sinceMs?: number) => readonly Spoken[]
  readonly close: () => void
}

export const startSniffer = (layout: Layout, network: string): Sniffer => {
  const heard: Spoken[] = []
  const plugged = layout.machines.filter(({ links }) => links.some((link) => link.network === network))
  const taps = plugged.map(({ name }) =>
    openTap(switchNamespace(network), portName(name), (frame) => {
      const said = readSpoken(frame)
      if (said !== undefined) heard.push({ atMs: performance.now(), by: name, ...said })
    }),
  )
  return {
    spokenFor: (address, sinceMs = 0) => heard.filter((one) => one.address === address && one.atMs >= sinceMs),
    close: () => taps.forEach((close) => close()),
  }
}

const readSpoken = (frame: Uint8Array): Pick<Spoken, "address" | "mac" | "kind"> | undefined => {
  const arp = parseArp(frame)
  if (arp.kind === "arp") return spoken(arp.operation, printAddress(arp.senderAddress), arp.senderMac)
  const ndp = parseNdp(frame)
  if (ndp.kind === "advertisement")
    return spoken(ndp.kind, printAddress(ndp.target), ndp.linkLayerAddress ?? ndp.source)
  if (ndp.kind === "solicitation") return spoken(ndp.kind, printAddress(ndp.sourceAddress), ndp.source)
  return undefined
}

const spoken = (kind: Spoken["kind"], address: string, mac: Mac): Pick<Spoken, "address" | "mac" | "kind"> => ({
  kind,
  address,
  mac: printMac(mac),
})

/** A bridge takes frames off its ports before sockets of one protocol see them: only those of every protocol do. */
const ETH_P_ALL = 3
const SOL_PACKET = 263
const PACKET_IGNORE_OUTGOING = 23
const frameBytesMax = 2048
const framesPerWake = 64

const openTap = (namespace: string, port: string, take: (frame: Uint8Array) => void): (() => void) => {
  const fd = checked(
    inNamespace(namespace, () => libc.socket(abi.AF_PACKET, abi.SOCK_RAW | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC, 0)),
    port,
  )
  attachFilter(fd, port)
  checked(libc.setOption(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1), port)
  libc.raiseReceiveBuffer(fd, 1 << 20)
  checked(libc.bind(fd, linkAddress(indexOf(namespace, port))), port)
  const buffer = libc.memory(frameBytesMax)
  const poll = libc.pollReadable(fd, () => {
    for (let count = 0; count < framesPerWake; count++) {
      const length = libc.recv(fd, buffer, abi.MSG_DONTWAIT)
      if (length < 0) return
      take(buffer.slice(0, length))
    }
  })
  return () => {
    poll.close()
    libc.close(fd)
  }
}

const checked = (result: number, port: string): number => {
  if (result < 0) throw new Error(`cannot listen at the switch's port ${port}: ${libc.codeOf(result)}`)
  return result
}

const etherTypeAt = 12
const nextHeaderAt = 20
const icmpv6 = 58
const [loadHalf, loadByte, jumpEqual, give] = [0x28, 0x30, 0x15, 0x06]
const frameBytesAll = 0x40000

/** ARP, and ICMP for IPv6: what pods say to each other would only fill the buffer. */
const filter: readonly Instruction[] = [
  { code: loadHalf, jt: 0, jf: 0, k: etherTypeAt },
  { code: jumpEqual, jt: 4, jf: 0, k: abi.ETH_P_ARP },
  { code: jumpEqual, jt: 0, jf: 2, k: abi.ETH_P_IPV6 },
  { code: loadByte, jt: 0, jf: 0, k: nextHeaderAt },
  { code: jumpEqual, jt: 1, jf: 0, k: icmpv6 },
  { code: give, jt: 0, jf: 0, k: 0 },
  { code: give, jt: 0, jf: 0, k: frameBytesAll },
]

const attachFilter = (fd: number, port: string): void => {
  const instructions = libc.memory(filter.length * 8)
  encodeProgram(filter, instructions)
  const program = libc.memory(16)
  const view = new DataView(program.buffer)
  view.setUint16(0, filter.length, true)
  view.setBigUint64(8, libc.pointerTo(instructions), true)
  checked(libc.setsockopt(fd, abi.SOL_SOCKET, abi.SO_ATTACH_FILTER, program), port)
}

/** struct sockaddr_ll. */
const linkAddress = (index: number): Uint8Array<ArrayBuffer> => {
  const address = libc.memory(20)
  const view = new DataView(address.buffer)
  view.setUint16(0, abi.AF_PACKET, true)
  view.setUint16(2, ETH_P_ALL)
  view.setInt32(4, index, true)
  return address
}

const indexOf = (namespace: string, link: string): number => {
  const { stdout } = inNamespace(namespace, () =>
    spawnSync("ip", ["-j", "link", "show", "dev", link], { encoding: "utf8", env: toolEnvironment() }),
  )
  return (JSON.parse(stdout) as { readonly ifindex: number }[])[0]?.ifindex ?? 0
}
