import { type Address, addressBytes, type Family, ipv4FromBytes, ipv6FromBytes } from "../net/address.ts"
import { type Failure, failure } from "./failure.ts"
import * as abi from "./link/abi.ts"
import * as libc from "./link/libc.ts"
import { type Control, type MessageBuffer, messageBuffer } from "./link/message.ts"
import { readSocketAddress, socketAddress, socketAddressBytes } from "./link/socket-address.ts"

/** Beside MetalLB's 7946. */
export const beatPort = 7947

/** A beat fills 1,400 bytes at most; what is longer is cut, and fails its authentication. */
const datagramBytesMax = 2048
/** 256 peers overflow the default of 208 KiB in 50 ms (measured). Without NET_ADMIN net.core.rmem_max bounds it. */
const receiveBufferBytes = 4 << 20
/** More than any cluster sends in a window; a flood beyond it waits, so that timers run. */
const datagramsPerDrain = 4096
const datagramsPerWake = 64

export type BeatDatagram = {
  readonly bytes: Uint8Array
  readonly from: Address
  readonly to: Address
  /** The link it came in on or goes out of. */
  readonly linkIndex: number
}
export type ReceivedBeat = BeatDatagram & {
  readonly port: number
  /** 255 unless a router passed it on. */
  readonly ttl: number
}

export type BeatSocket = {
  /** Undefined when the kernel took it, else why not: ENETUNREACH, EPERM (a packet filter), ENOBUFS, EADDRNOTAVAIL, ... */
  readonly send: (datagram: BeatDatagram) => string | undefined
  /** Empties the socket; called before deadlines are judged. Returns how many datagrams that were. */
  readonly drain: () => number
  /** Both, unless this machine has no IPv6 (or no IPv4). */
  readonly families: readonly Family[]
  readonly close: () => void
}

export type BeatSocketOptions = {
  readonly port: number
  /** The bytes are the callee's to keep. */
  readonly onDatagram: (datagram: ReceivedBeat) => void
}

/**
 * The beat port on all addresses of both families. Every datagram says which link and address it came to, and is sent
 * from the link and address asked for, so addresses may come and go without a socket being opened. Nothing else can
 * bind the port meanwhile: that is the lock which keeps a second speaker of this node quiet (code EADDRINUSE).
 */
export const openBeatSocket = ({ port, onDatagram }: BeatSocketOptions): BeatSocket | Failure => {
  const sockets: FamilySocket[] = []
  for (const family of [4, 6] as const) {
    const fd = openFamily(family, port)
    if (fd >= 0) sockets.push(familySocket(family, fd, onDatagram))
    else if (!libc.is(fd, "EAFNOSUPPORT")) {
      for (const socket of sockets) socket.close()
      return notBound(port, fd)
    }
  }
  if (sockets.length === 0)
    return failure("EAFNOSUPPORT", "this machine has neither IPv4 nor IPv6: nothing to speak to")
  return {
    send: (datagram) => {
      const family = typeof datagram.to === "number" ? 4 : 6
      const socket = sockets.find((candidate) => candidate.family === family)
      return socket === undefined ? "EAFNOSUPPORT" : socket.send(datagram, port)
    },
    drain: () => sockets.reduce((count, socket) => count + socket.drain(datagramsPerDrain), 0),
    families: sockets.map(({ family }) => family),
    close: () => {
      for (const socket of sockets) socket.close()
    },
  }
}

type FamilySocket = {
  readonly family: Family
  readonly send: (datagram: BeatDatagram, port: number) => string | undefined
  readonly drain: (datagrams: number) => number
  readonly close: () => void
}

const familySocket = (family: Family, fd: number, onDatagram: BeatSocketOptions["onDatagram"]): FamilySocket => {
  const incoming = messageBuffer({ name: socketAddressBytes, data: datagramBytesMax, control: 128 })
  const outgoing = messageBuffer({ name: socketAddressBytes, data: datagramBytesMax, control: 64 })
  let open = true
  const drain = (datagrams: number): number => {
    for (let count = 0; count < datagrams; count++) {
      const length = open ? incoming.receive(fd, abi.MSG_DONTWAIT) : 0
      if (!open || libc.is(length, "EAGAIN")) return count
      const datagram = length < 0 ? undefined : received(incoming, length)
      if (datagram !== undefined) onDatagram(datagram)
    }
    return datagrams
  }
  const poll = libc.pollReadable(fd, () => drain(datagramsPerWake))
  return {
    family,
    drain,
    send: (datagram, port) => (open ? send(fd, outgoing, datagram, port) : "EBADF"),
    close: () => {
      if (!open) return
      open = false
      poll.close()
      libc.close(fd)
    },
  }
}

const openFamily = (family: Family, port: number): number => {
  const domain = family === 4 ? abi.AF_INET : abi.AF_INET6
  const fd = libc.socket(domain, abi.SOCK_DGRAM | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC, 0)
  if (fd < 0) return fd
  for (const [level, name, value] of family === 4 ? options4 : options6) {
    const result = libc.setOption(fd, level, name, value)
    if (result < 0) return closing(fd, result)
  }
  libc.raiseReceiveBuffer(fd, receiveBufferBytes)
  const any = (family === 4 ? 0 : 0n) as Address
  const bound = libc.bind(fd, socketAddress(any, port))
  return bound < 0 ? closing(fd, bound) : fd
}

const options4 = [
  [abi.IPPROTO_IP, abi.IP_PKTINFO, 1],
  [abi.IPPROTO_IP, abi.IP_RECVTTL, 1],
  [abi.IPPROTO_IP, abi.IP_TTL, 255],
] as const
const options6 = [
  [abi.IPPROTO_IPV6, abi.IPV6_V6ONLY, 1],
  [abi.IPPROTO_IPV6, abi.IPV6_RECVPKTINFO, 1],
  [abi.IPPROTO_IPV6, abi.IPV6_RECVHOPLIMIT, 1],
  [abi.IPPROTO_IPV6, abi.IPV6_UNICAST_HOPS, 255],
] as const

const closing = (fd: number, result: number): number => {
  libc.close(fd)
  return result
}

/** Undefined where the kernel did not say which link and address it came to. */
const received = (message: MessageBuffer, length: number): ReceivedBeat | undefined => {
  const sender = readSocketAddress(message.name)
  let arrival: { to: Address; linkIndex: number } | undefined
  let ttl = 0
  for (const control of message.controls()) {
    arrival ??= readPacketInfo(control)
    if (isHopLimit(control)) ttl = viewOf(control.data).getInt32(0, true)
  }
  if (sender === undefined || arrival === undefined) return undefined
  return { bytes: message.data.slice(0, length), from: sender.address, port: sender.port, ttl, ...arrival }
}

/** struct in_pktinfo (index, local address, header's address) or in6_pktinfo (address, index). */
const readPacketInfo = ({ level, type, data }: Control): { to: Address; linkIndex: number } | undefined => {
  if (level === abi.IPPROTO_IP && type === abi.IP_PKTINFO)
    return { to: ipv4FromBytes(data, 8), linkIndex: viewOf(data).getInt32(0, true) }
  if (level === abi.IPPROTO_IPV6 && type === abi.IPV6_PKTINFO)
    return { to: ipv6FromBytes(data), linkIndex: viewOf(data).getUint32(16, true) }
  return undefined
}

const isHopLimit = ({ level, type }: Control): boolean =>
  (level === abi.IPPROTO_IP && type === abi.IP_TTL) || (level === abi.IPPROTO_IPV6 && type === abi.IPV6_HOPLIMIT)

const send = (fd: number, message: MessageBuffer, datagram: BeatDatagram, port: number): string | undefined => {
  if (datagram.bytes.length > datagramBytesMax) return "EMSGSIZE"
  const name = socketAddress(datagram.to, port, datagram.linkIndex)
  message.name.set(name)
  message.data.set(datagram.bytes)
  const flags = abi.MSG_DONTWAIT | abi.MSG_NOSIGNAL
  const sent = message.send(fd, name.length, datagram.bytes.length, [packetInfo(datagram)], flags)
  return sent < 0 ? libc.codeOf(sent) : undefined
}

const packetInfo = ({ from, linkIndex }: BeatDatagram): Control => {
  const data = new Uint8Array(typeof from === "number" ? 12 : 20)
  viewOf(data).setUint32(typeof from === "number" ? 0 : 16, linkIndex, true)
  data.set(addressBytes(from), typeof from === "number" ? 4 : 0)
  return typeof from === "number"
    ? { level: abi.IPPROTO_IP, type: abi.IP_PKTINFO, data }
    : { level: abi.IPPROTO_IPV6, type: abi.IPV6_PKTINFO, data }
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const notBound = (port: number, result: number): Failure =>
  failure(
    libc.codeOf(result),
    libc.is(result, "EADDRINUSE")
      ? `UDP port ${port} is taken on this node: another speaker runs here (during an upgrade that is the old one, and this one waits)`
      : `could not open UDP port ${port} for beats (${libc.codeOf(result)}): speakers do not hear each other without it`,
  )
