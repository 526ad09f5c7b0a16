import { existsSync } from "node:fs"
import { isDeepStrictEqual } from "node:util"
import type { Interface } from "../../net/interface.ts"
import { type Failure, failure } from "../failure.ts"
import { AF_NETLINK, MSG_DONTWAIT, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_RAW } from "./abi.ts"
import { interfacesOf } from "./interface-table.ts"
import * as libc from "./libc.ts"
import { type KernelMessage, type LinkNews, parseMessages } from "./rtnetlink.ts"

const NETLINK_ROUTE = 0
/** RTMGRP_LINK, _IPV4_IFADDR, _IPV4_ROUTE, _IPV6_IFADDR, _IPV6_ROUTE. */
const groups = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
const datagramsPerWake = 64
/** The kernel fills what it is offered, at most 32 KiB a read. */
const datagramBytesMax = 65_536
/** One dump of a hundred links takes a few of these; the bound only ends a kernel that never says done. */
const dumpReadsMax = 10_000
const dumpTriesMax = 3
/** A burst of events costs one dump in this time, after the first, which is at once. */
const pauseMs = 20
const retryMs = 1000

export type InterfaceWatch = {
  readonly interfaces: () => readonly Interface[]
  /** While the list could not be read: it is as old as the last change, and the speaker is not ready. */
  readonly trouble: () => Failure | undefined
  readonly close: () => void
}

export type InterfaceWatchOptions = {
  /** Links left out altogether (see exclude.ts): their events cost nothing. */
  readonly isExcluded: (name: string) => boolean
  /** The whole list, whenever it differs from the one before; not for the first, which `interfaces()` has. */
  readonly onChange: (interfaces: readonly Interface[]) => void
  /** The list could not be read: for the log, said once. It is tried again each second. */
  readonly onTrouble: (trouble: Failure) => void
}

/**
 * Links, addresses and default routes of this network namespace, kept by kernel events without polling. An event only
 * says *that* something changed; then all is read anew. So an overrun (ENOBUFS), a route the kernel dropped without a
 * word and a renamed link need no rule of their own. Needs no privilege.
 */
export const watchInterfaces = (
  options: InterfaceWatchOptions,
  readAll: ReadInterfaces = readInterfaces,
): InterfaceWatch | Failure => {
  const events = openNetlink(groups)
  if (events < 0) return failed("listen to", events)
  const queries = openNetlink(0)
  const first = queries < 0 ? failed("ask for", queries) : readAll(queries)
  if (isList(first)) return watching({ events, queries }, first, options, readAll)
  for (const fd of [events, queries]) if (fd >= 0) libc.close(fd)
  return first
}

const watching = (
  { events, queries }: { readonly events: number; readonly queries: number },
  first: readonly Interface[],
  { isExcluded, onChange, onTrouble }: InterfaceWatchOptions,
  readAll: ReadInterfaces,
): InterfaceWatch => {
  const buffer = libc.memory(datagramBytesMax)
  let excluded = new Set<number>()
  let interfaces: readonly Interface[] = []
  let readAtMs = performance.now()
  let again: NodeJS.Timeout | undefined
  let trouble: Failure | undefined

  const keep = (all: readonly Interface[]): void => {
    excluded = new Set(all.filter(({ name }) => isExcluded(name)).map(({ index }) => index))
    interfaces = all.filter(({ index }) => !excluded.has(index))
  }
  const read = (): void => {
    again = undefined
    readAtMs = performance.now()
    const all = readAll(queries)
    if (!isList(all)) {
      again = setTimeout(read, retryMs)
      if (trouble === undefined) onTrouble(all)
      trouble = all
      return
    }
    trouble = undefined
    const before = interfaces
    keep(all)
    if (!isDeepStrictEqual(before, interfaces)) onChange(interfaces)
  }
  const readSoon = (): void => {
    if (again !== undefined) return
    const waitMs = pauseMs - (performance.now() - readAtMs)
    if (waitMs <= 0) read()
    else again = setTimeout(read, waitMs)
  }
  const concernsLink = ({ name, index }: LinkNews): boolean => {
    if (!isExcluded(name) || interfaces.some((known) => known.index === index)) return true
    excluded.add(index)
    return false
  }
  const concerns = (message: KernelMessage): boolean => {
    if (message.kind === "link") return concernsLink(message.link)
    return message.kind === "gateways" || (message.kind === "address" && !excluded.has(message.address.index))
  }

  keep(first)
  let overrun = false
  const poll = libc.pollReadable(events, () => {
    const found = readEvents(events, buffer, concerns)
    overrun ||= found.overrun
    if (found.reason || (overrun && found.emptied)) readSoon()
    if (found.emptied) overrun = false
  })
  return {
    interfaces: () => interfaces,
    trouble: () => trouble,
    close: () => {
      clearTimeout(again)
      poll.close()
      libc.close(events)
      libc.close(queries)
    },
  }
}

type Found = { readonly reason: boolean; readonly overrun: boolean; readonly emptied: boolean }

/**
 * Whether anything that waits is a reason to read anew. After an overrun the kernel drops all further events without
 * another word until the socket is empty, so only then is it time to read what was missed.
 */
const readEvents = (fd: number, buffer: Uint8Array, concerns: (message: KernelMessage) => boolean): Found => {
  let reason = false
  let overrun = false
  for (let count = 0; count < datagramsPerWake; count++) {
    const length = libc.recv(fd, buffer, MSG_DONTWAIT)
    if (libc.is(length, "EAGAIN")) return { reason, overrun, emptied: true }
    if (length < 0) overrun ||= !libc.is(length, "EINTR")
    else reason ||= parseMessages(buffer.subarray(0, length)).messages.some(concerns)
  }
  return { reason, overrun, emptied: false }
}

const RTM_GETLINK = 18
const RTM_GETADDR = 22
const RTM_GETROUTE = 26

/** Asks a netlink socket for all links, addresses and default routes; stories about refusals hand in their own. */
type ReadInterfaces = (fd: number) => readonly Interface[] | Failure

export const readInterfaces: ReadInterfaces = (fd) => {
  const parts: KernelMessage[] = []
  for (const type of [RTM_GETLINK, RTM_GETADDR, RTM_GETROUTE]) {
    const part = dump(fd, type)
    if (typeof part === "number") return failed("read", part)
    parts.push(...part)
  }
  return interfacesOf(parts, (name) => existsSync(`/sys/class/net/${name}/phy80211`))
}

/** The kernel answers a dump inside our own reads, so nothing is waited for. Minus errno if it refuses. */
const dump = (fd: number, type: number): readonly KernelMessage[] | number => {
  for (let attempt = 1; ; attempt++) {
    const answer = dumpOnce(fd, type)
    if (typeof answer === "number" || !answer.interrupted || attempt === dumpTriesMax)
      return typeof answer === "number" ? answer : answer.messages
  }
}

type Dumped = { readonly messages: readonly KernelMessage[]; readonly interrupted: boolean }

const dumpOnce = (fd: number, type: number): Dumped | number => {
  const buffer = libc.memory(datagramBytesMax)
  discardRest(fd, buffer)
  const sent = libc.send(fd, dumpRequest(type), MSG_DONTWAIT)
  if (sent < 0) return sent
  const messages: KernelMessage[] = []
  let interrupted = false
  for (let reads = 0; reads < dumpReadsMax; reads++) {
    const length = libc.recv(fd, buffer, MSG_DONTWAIT)
    if (length < 0) return length
    const parsed = parseMessages(buffer.subarray(0, length))
    interrupted ||= parsed.interrupted
    for (const message of parsed.messages) {
      if (message.kind === "done") return { messages, interrupted }
      if (message.kind === "error") return message.result
      messages.push(message)
    }
  }
  throw new Error(`the kernel sent ${dumpReadsMax} datagrams for one netlink dump without an end`)
}

/** What a dump that broke off has left. */
const discardRest = (fd: number, buffer: Uint8Array): void => {
  for (let reads = 0; reads < dumpReadsMax && !libc.is(libc.recv(fd, buffer, MSG_DONTWAIT), "EAGAIN"); reads++);
}

/** struct nlmsghdr, struct ifinfomsg, and IFLA_EXT_MASK asking for links without their statistics. */
const dumpRequest = (type: number): Uint8Array<ArrayBuffer> => {
  const request = libc.memory(40)
  const view = new DataView(request.buffer)
  view.setUint32(0, 40, true)
  view.setUint16(4, type, true)
  view.setUint16(6, 0x301, true)
  view.setUint16(32, 8, true)
  view.setUint16(34, 29, true)
  view.setUint32(36, 8, true)
  return request
}

const openNetlink = (subscribed: number): number => {
  const fd = libc.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE)
  if (fd < 0) return fd
  const address = libc.memory(12)
  const view = new DataView(address.buffer)
  view.setUint16(0, AF_NETLINK, true)
  view.setUint32(8, subscribed, true)
  const bound = libc.bind(fd, address)
  if (bound >= 0) return fd
  libc.close(fd)
  return bound
}

const isList = (value: readonly Interface[] | Failure): value is readonly Interface[] => Array.isArray(value)

const failed = (what: string, result: number): Failure =>
  failure(
    libc.codeOf(result),
    `could not ${what} the kernel's links by netlink (${libc.codeOf(result)}): links may be outdated until it works again`,
  )
