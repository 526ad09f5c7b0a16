import type { Ipv6 } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import type { AddressRange } from "../../net/range.ts"
import type { Listening } from "../../speaker/announcer/output.ts"
import { type Failure, failure } from "../failure.ts"
import { ETH_P_ARP, ETH_P_IPV6 } from "./abi.ts"
import { type GroupMembership, openGroups } from "./groups.ts"
import { openPacketSocket, type PacketProtocol, type PacketSocket } from "./packet-socket.ts"

/** What the kernel refused is tried again almost at once, then so often. */
const retrySoonMs = 50
const retryMs = 1000
/** A frame that was refused longer ago says nothing about now. */
const refusalMs = 10_000

/** All packet sockets and multicast groups of a speaker: performs its outputs `listen`, `groups` and `frame`. */
export type PacketLinks = {
  readonly listen: (on: readonly Listening[], ranges: readonly AddressRange[]) => void
  readonly setGroups: (linkIndex: number, groups: readonly Ipv6[]) => void
  /** Joins all groups of a link anew when it came up or got IPv6 back. Give it each list of `watchInterfaces`. */
  readonly follow: (interfaces: readonly Interface[]) => void
  /** Undefined when sent, else the kernel's refusal; ENODEV where nothing listens on that link. */
  readonly send: (linkIndex: number, frame: Uint8Array) => string | undefined
  /** Hands over what waits in all sockets, ARP first; a bounded number of frames each. */
  readonly drain: () => number
  /**
   * What the kernel refuses: sockets not open or deaf, filters and groups not set, and links on which the last frame
   * could not be sent. While there is any, the speaker is not ready.
   */
  readonly missing: () => readonly Failure[]
  readonly close: () => void
}

export type PacketLinksOptions = {
  readonly onFrame: (linkIndex: number, frame: Uint8Array) => void
  /** The link stopped carrying frames (ENETDOWN). */
  readonly onError: (linkIndex: number, code: string) => void
  /** Something became `missing`, or a filter had to be widened: for the log. */
  readonly onTrouble: (linkIndex: number, trouble: Failure) => void
}

/** What refuses: stories about refusals hand in their own. */
export type LinkKernel = {
  readonly openPacketSocket: typeof openPacketSocket
  readonly openGroups: typeof openGroups
}

type Wanted = { readonly link: { readonly index: number; readonly name: string }; readonly protocol: PacketProtocol }
type Refusal = { readonly failure: Failure; readonly atMs: number }

/**
 * A socket that reports an error is opened anew, the old one serving until the new one is there: a link that went and
 * came back between two looks at netlink has left it deaf for good. Failures that a later attempt may mend are retried.
 */
export const openPacketLinks = (
  options: PacketLinksOptions,
  kernel: LinkKernel = { openPacketSocket, openGroups },
): PacketLinks => {
  const wanted = new Map<string, Wanted>()
  const sockets = new Map<string, PacketSocket>()
  const groups = new Map<number, GroupMembership>()
  /** By key of a socket, or of a link's groups. */
  const faults = new Map<string, Failure>()
  const refusals = new Map<string, Refusal>()
  const able = new Map<number, boolean>()
  const names = new Map<number, string>()
  let ranges: readonly AddressRange[] = []
  let retry: NodeJS.Timeout | undefined
  let retriedAtMs = -Infinity

  const fault = (key: string, linkIndex: number, failure: Failure): void => {
    if (!faults.has(key)) options.onTrouble(linkIndex, failure)
    faults.set(key, failure)
    retry ??= setTimeout(mend, performance.now() - retriedAtMs > retryMs ? retrySoonMs : retryMs)
  }
  const refuse = (key: string, linkIndex: number, failure: Failure): void => {
    if (!isRecent(refusals.get(key))) options.onTrouble(linkIndex, failure)
    refusals.set(key, { failure, atMs: performance.now() })
  }
  const mend = (): void => {
    retry = undefined
    retriedAtMs = performance.now()
    openFaulty()
    for (const [index, membership] of groups) if (faults.has(groupsKey(index))) judgeGroups(index, membership.retry())
  }
  const openFaulty = (): void => {
    for (const [key, one] of wanted) if (!sockets.has(key) || faults.has(key)) openOne(key, one)
  }
  const openOne = (key: string, { link, protocol }: Wanted): void => {
    const onFrame = (frame: Uint8Array): void => options.onFrame(link.index, frame)
    const onError = (code: string): void => {
      options.onError(link.index, code)
      fault(key, link.index, deaf(link.name, protocol, code))
    }
    const socket = kernel.openPacketSocket({ link, protocol, ranges, onFrame, onError })
    if ("kind" in socket) return fault(key, link.index, socket)
    sockets.get(key)?.close()
    sockets.set(key, socket)
    faults.delete(key)
  }
  const closeUnwanted = (): void => {
    const isUnwanted = (key: string): boolean => !wanted.has(key)
    for (const key of [...sockets.keys()].filter(isUnwanted)) {
      sockets.get(key)?.close()
      sockets.delete(key)
    }
    for (const key of [...faults.keys()].filter(isUnwanted)) if (!isGroupsKey(key)) faults.delete(key)
    for (const key of [...refusals.keys()].filter(isUnwanted)) refusals.delete(key)
  }
  const refilter = (): void => {
    for (const [key, socket] of sockets) {
      const { link, protocol } = wanted.get(key)!
      const outcome = socket.setRanges(ranges)
      if ("kind" in outcome) fault(key, link.index, outcome)
      else if (outcome.widened) options.onTrouble(link.index, widened(link.name, protocol, ranges.length))
    }
  }
  const judgeGroups = (linkIndex: number, trouble: Failure | undefined): void => {
    if (trouble === undefined) faults.delete(groupsKey(linkIndex))
    else fault(groupsKey(linkIndex), linkIndex, trouble)
  }
  const leaveLink = (index: number, membership: GroupMembership): void => {
    membership.close()
    groups.delete(index)
    faults.delete(groupsKey(index))
  }
  return {
    listen: (on, newRanges) => {
      wanted.clear()
      for (const one of on.flatMap(wantedOn)) wanted.set(keyOf(one.protocol, one.link.index), one)
      for (const { linkIndex, link } of on) names.set(linkIndex, link)
      ranges = newRanges
      closeUnwanted()
      refilter()
      openFaulty()
    },
    setGroups: (linkIndex, members) => {
      const link = { index: linkIndex, name: names.get(linkIndex) ?? `link ${linkIndex}` }
      const membership = groups.get(linkIndex) ?? kernel.openGroups(link)
      groups.set(linkIndex, membership)
      judgeGroups(linkIndex, membership.set(new Set(members)))
    },
    follow: (interfaces) => {
      for (const { index, running, linkLocal } of interfaces) {
        const isAble = running && linkLocal !== undefined
        const membership = groups.get(index)
        if (isAble && able.get(index) === false && membership !== undefined) judgeGroups(index, membership.renew())
        if (!isAble) faults.delete(groupsKey(index))
        able.set(index, isAble)
      }
      const isThere = (index: number): boolean => interfaces.some((one) => one.index === index)
      for (const [index, membership] of groups) if (!isThere(index)) leaveLink(index, membership)
    },
    send: (linkIndex, frame) => {
      const protocol = protocolOf(frame)
      const key = protocol === undefined ? "" : keyOf(protocol, linkIndex)
      const socket = sockets.get(key)
      if (socket === undefined) return "ENODEV"
      const code = socket.send(frame)
      if (code === undefined) refusals.delete(key)
      else if (passing.has(code)) refuse(key, linkIndex, unsent(wanted.get(key)!, code))
      else fault(key, linkIndex, unsent(wanted.get(key)!, code))
      return code
    },
    drain: () => [...sockets].sort(byProtocol).reduce((count, [, socket]) => count + socket.drain(), 0),
    missing: () => [...faults.values(), ...[...refusals.values()].filter(isRecent).map(({ failure }) => failure)],
    close: () => {
      clearTimeout(retry)
      wanted.clear()
      closeUnwanted()
      for (const membership of groups.values()) membership.close()
    },
  }
}

/** The socket is as good as before: there was no room for a frame, or the link is down. */
const passing: ReadonlySet<string> = new Set(["ENOBUFS", "ENOMEM", "EAGAIN", "ENETDOWN"])

const isRecent = (refusal: Refusal | undefined): boolean =>
  refusal !== undefined && performance.now() - refusal.atMs < refusalMs

const groupsKey = (linkIndex: number): string => `groups ${linkIndex}`

const isGroupsKey = (key: string): boolean => key.startsWith("groups ")

const keyOf = (protocol: PacketProtocol, linkIndex: number): string => `${protocol} ${linkIndex}`

/** Keys begin with the protocol, and `arp` comes before `ndp`. */
const byProtocol = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

const wantedOn = ({ linkIndex: index, link: name, arp, ndp }: Listening): Wanted[] => {
  const link = { index, name }
  return [...(arp ? [{ link, protocol: "arp" as const }] : []), ...(ndp ? [{ link, protocol: "ndp" as const }] : [])]
}

const protocolOf = (frame: Uint8Array): PacketProtocol | undefined => {
  const etherType = frame[12]! * 256 + frame[13]!
  if (etherType === ETH_P_ARP) return "arp"
  return etherType === ETH_P_IPV6 ? "ndp" : undefined
}

const deaf = (name: string, protocol: PacketProtocol, code: string): Failure =>
  failure(code, `the ${protocol} socket on ${name} stopped hearing (${code}): it is opened anew until it works`)

const unsent = ({ link, protocol }: Wanted, code: string): Failure =>
  failure(
    `send-${code}`,
    `the kernel refused to send ${protocol} on ${link.name} (${code}): ${sendRemedies[code] ?? "the socket is opened anew until it works"}`,
  )

const sendRemedies: Readonly<Record<string, string>> = {
  ENOBUFS: "its queue is full or the kernel has no memory; is the link stuck, or its queue (txqueuelen) too short?",
  ENOMEM: "the kernel has no memory for a frame: look at the machine's memory",
  EAGAIN: "earlier frames still wait to leave: is the link stuck?",
  ENETDOWN: "the link is down; it is spoken on again when it is up",
}

const widened = (name: string, protocol: PacketProtocol, ranges: number): Failure => ({
  kind: "failed",
  code: "filter-widened",
  message: `${ranges} pool ranges are too many for the ${protocol} filter on ${name}: it also lets in addresses between them, which costs time and harms nothing else; fewer, larger ranges avoid it`,
})
