import type { AddressRange } from "../../net/range.ts"
import { type Failure, failure } from "../failure.ts"
import * as abi from "./abi.ts"
import { arpFilter, encodeProgram, ndpFilter } from "./filter.ts"
import * as libc from "./libc.ts"

/** Reads per wake-up: a flood must not keep timers from running (measured: reading on without end starves them). */
const framesPerWake = 64
/** Room for some 2,000 small frames while the loop is busy elsewhere; the default holds about 250. */
const receiveBufferBytes = 1 << 20
/** Neighbour discovery fits an MTU of 1,500; a longer frame is cut, and the codec refuses it. */
const frameBytesMax = 2048

export type PacketProtocol = "arp" | "ndp"

/** Frames of one protocol on one link, filtered by the kernel to those that concern the pools or are sent to us. */
export type PacketSocket = {
  /** Undefined when the kernel took the whole frame, else its refusal: ENOBUFS, ENETDOWN, EPERM, EMSGSIZE, ... */
  readonly send: (frame: Uint8Array) => string | undefined
  /** Hands over what waits, at most `frames` (64 unless told), and says how many that were. */
  readonly drain: (frames?: number) => number
  /** Swaps the filter in one step. `widened`: see Filter. */
  readonly setRanges: (ranges: readonly AddressRange[]) => { readonly widened: boolean } | Failure
  readonly close: () => void
}

export type PacketSocketOptions = {
  readonly link: { readonly index: number; readonly name: string }
  readonly protocol: PacketProtocol
  readonly ranges: readonly AddressRange[]
  /** The bytes are the callee's to keep. */
  readonly onFrame: (frame: Uint8Array) => void
  /** ENETDOWN: the link went down. The socket stays open and hears again when the link is up. */
  readonly onError?: (code: string) => void
}

/**
 * Opens with protocol 0, so that no frame slips in before the filter; then filter, then bind to protocol and link.
 * Needs NET_RAW. A socket bound to one protocol never sees what this machine sends.
 */
export const openPacketSocket = (options: PacketSocketOptions): PacketSocket | Failure => {
  const { link, protocol } = options
  const fd = libc.socket(abi.AF_PACKET, abi.SOCK_RAW | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC, 0)
  if (fd < 0) return refused(`open a packet socket for ${protocol} on ${link.name}`, fd)
  const filtered = attachFilter(fd, options, options.ranges)
  if ("kind" in filtered) return closing(fd, filtered)
  libc.raiseReceiveBuffer(fd, receiveBufferBytes)
  const bound = libc.bind(fd, linkAddress(link.index, protocol))
  if (bound < 0) return closing(fd, refused(`bind a packet socket to ${link.name}`, bound))
  return listening(fd, options)
}

const listening = (fd: number, options: PacketSocketOptions): PacketSocket => {
  const buffer = libc.memory(frameBytesMax)
  let open = true
  const drain = (frames = framesPerWake): number => {
    for (let count = 0; count < frames; count++) {
      const length = open ? libc.recv(fd, buffer, abi.MSG_DONTWAIT) : 0
      if (!open || libc.is(length, "EAGAIN")) return count
      if (length >= 0) options.onFrame(buffer.slice(0, length))
      else if (!libc.is(length, "EINTR")) options.onError?.(libc.codeOf(length))
    }
    return frames
  }
  const poll = libc.pollReadable(fd, () => drain())
  return {
    drain,
    send: (frame) => {
      const sent = open ? libc.send(fd, frame, abi.MSG_DONTWAIT | abi.MSG_NOSIGNAL) : 0
      return sent === frame.length ? undefined : open && sent < 0 ? libc.codeOf(sent) : "EBADF"
    },
    setRanges: (ranges) => attachFilter(fd, options, ranges),
    close: () => {
      if (!open) return
      open = false
      poll.close()
      libc.close(fd)
    },
  }
}

const attachFilter = (
  fd: number,
  { link, protocol }: PacketSocketOptions,
  ranges: readonly AddressRange[],
): { readonly widened: boolean } | Failure => {
  const { program, widened } = protocol === "arp" ? arpFilter(ranges) : ndpFilter(ranges)
  const instructions = libc.memory(program.length * 8)
  encodeProgram(program, instructions)
  const header = libc.memory(16)
  const view = new DataView(header.buffer)
  view.setUint16(0, program.length, true)
  view.setBigUint64(8, libc.pointerTo(instructions), true)
  const attached = libc.setsockopt(fd, abi.SOL_SOCKET, abi.SO_ATTACH_FILTER, header)
  return attached < 0 ? refused(`attach the ${protocol} filter on ${link.name}`, attached) : { widened }
}

/** struct sockaddr_ll. */
const linkAddress = (index: number, protocol: PacketProtocol): Uint8Array<ArrayBuffer> => {
  const address = libc.memory(20)
  const view = new DataView(address.buffer)
  view.setUint16(0, abi.AF_PACKET, true)
  view.setUint16(2, protocol === "arp" ? abi.ETH_P_ARP : abi.ETH_P_IPV6)
  view.setInt32(4, index, true)
  return address
}

const closing = (fd: number, outcome: Failure): Failure => {
  libc.close(fd)
  return outcome
}

const remedies: Readonly<Record<string, string>> = {
  EPERM: "the process lacks the capability NET_RAW: add it to the container's securityContext, or run as root",
  ENODEV: "the link is gone: it is tried again when the kernel reports it back",
  EMFILE: "the process has no descriptors left: raise its limit of open files",
  ENOBUFS: "the kernel has no memory for sockets: look at net.core.optmem_max and the machine's memory",
  ENOMEM: "the kernel has no memory for the filter: raise net.core.optmem_max",
}

const refused = (what: string, result: number): Failure => {
  const code = libc.codeOf(result)
  return failure(
    code,
    `could not ${what} (${code}): ${remedies[code] ?? "no address is answered there until it works"}`,
  )
}
