import type { Ipv6 } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import type { AddressRange } from "../../net/range.ts"
import type { Listening } from "../../speaker/announcer/output.ts"
import type { Failure } from "../failure.ts"
import { ETH_P_ARP, ETH_P_IPV6 } from "./abi.ts"
import { type GroupMembership, openGroups } from "./groups.ts"
import { openPacketSocket, type PacketProtocol, type PacketSocket } from "./packet-socket.ts"

/** A socket that could not be opened (no descriptors, no memory, link just gone) is tried again after this. */
const retryMs = 1000

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
  /** Sockets that should be open and are not: while there are any, the speaker is not ready. */
  readonly missing: () => readonly Failure[]
  readonly close: () => void
}

export type PacketLinksOptions = {
  readonly onFrame: (linkIndex: number, frame: Uint8Array) => void
  /** The link stopped carrying frames (ENETDOWN). */
  readonly onError: (linkIndex: number, code: string) => void
  /** A socket or a group could not be had, or a filter had to be widened: for the log. */
  readonly onTrouble: (linkIndex: number, trouble: Failure) => void
}

type Wanted = { readonly link: { readonly index: number; readonly name: string }; readonly protocol: PacketProtocol }

export const openPacketLinks = (options: PacketLinksOptions): PacketLinks => {
  const wanted = new Map<string, Wanted>()
  const sockets = new Map<string, PacketSocket>()
  const missing = new Map<string, Failure>()
  const groups = new Map<number, GroupMembership>()
  const able = new Map<number, boolean>()
  const names = new Map<number, string>()
  let ranges: readonly AddressRange[] = []
  let retry: NodeJS.Timeout | undefined

  const openOne = (key: string, { link, protocol }: Wanted): void => {
    const onFrame = (frame: Uint8Array): void => options.onFrame(link.index, frame)
    const onError = (code: string): void => options.onError(link.index, code)
    const socket = openPacketSocket({ link, protocol, ranges, onFrame, onError })
    if (!("kind" in socket)) return void (sockets.set(key, socket) && missing.delete(key))
    if (!missing.has(key)) options.onTrouble(link.index, socket)
    missing.set(key, socket)
  }
  const openMissing = (): void => {
    retry = undefined
    for (const [key, one] of wanted) if (!sockets.has(key)) openOne(key, one)
    if (missing.size > 0) retry = setTimeout(openMissing, retryMs)
  }
  const closeUnwanted = (): void => {
    for (const [key, socket] of sockets)
      if (!wanted.has(key)) {
        socket.close()
        sockets.delete(key)
      }
    for (const key of missing.keys()) if (!wanted.has(key)) missing.delete(key)
  }
  const refilter = (): void => {
    for (const [key, socket] of sockets) {
      const { link, protocol } = wanted.get(key)!
      const outcome = socket.setRanges(ranges)
      if ("kind" in outcome) options.onTrouble(link.index, outcome)
      else if (outcome.widened) options.onTrouble(link.index, widened(link.name, protocol, ranges.length))
    }
  }
  return {
    listen: (on, newRanges) => {
      clearTimeout(retry)
      wanted.clear()
      for (const one of on.flatMap(wantedOn)) wanted.set(keyOf(one.protocol, one.link.index), one)
      for (const { linkIndex, link } of on) names.set(linkIndex, link)
      ranges = newRanges
      closeUnwanted()
      refilter()
      openMissing()
    },
    setGroups: (linkIndex, members) => {
      const link = { index: linkIndex, name: names.get(linkIndex) ?? `link ${linkIndex}` }
      const membership = groups.get(linkIndex) ?? openGroups(link)
      groups.set(linkIndex, membership)
      const trouble = membership.set(new Set(members))
      if (trouble !== undefined) options.onTrouble(linkIndex, trouble)
    },
    follow: (interfaces) => {
      for (const { index, running, linkLocal } of interfaces) {
        const isAble = running && linkLocal !== undefined
        const trouble = isAble && able.get(index) === false ? groups.get(index)?.renew() : undefined
        if (trouble !== undefined) options.onTrouble(index, trouble)
        able.set(index, isAble)
      }
      for (const [index, membership] of groups) if (!interfaces.some((one) => one.index === index)) membership.close()
    },
    send: (linkIndex, frame) => {
      const protocol = protocolOf(frame)
      const socket = protocol === undefined ? undefined : sockets.get(keyOf(protocol, linkIndex))
      return socket === undefined ? "ENODEV" : socket.send(frame)
    },
    drain: () => [...sockets].sort(byProtocol).reduce((count, [, socket]) => count + socket.drain(), 0),
    missing: () => [...missing.values()],
    close: () => {
      clearTimeout(retry)
      wanted.clear()
      closeUnwanted()
      for (const membership of groups.values()) membership.close()
    },
  }
}

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

const widened = (name: string, protocol: PacketProtocol, ranges: number): Failure => ({
  kind: "failed",
  code: "filter-widened",
  message: `${ranges} pool ranges are too many for the ${protocol} filter on ${name}: it also lets in addresses between them, which costs time and harms nothing else; fewer, larger ranges avoid it`,
})
