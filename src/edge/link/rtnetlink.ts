import { type Address, ipv4FromBytes, ipv6FromBytes } from "../../net/address.ts"
import { macFromBytes, type Mac } from "../../net/mac.ts"
import type { InterfaceAddress } from "../../net/interface.ts"
import { AF_INET, AF_INET6 } from "./abi.ts"

/** RTM_NEWLINK as far as it is read here. */
export type LinkNews = {
  readonly index: number
  readonly name: string
  /** ARPHRD_*: 1 is Ethernet, 772 loopback. */
  readonly hardware: number
  /** IFF_* of the link. */
  readonly flags: number
  readonly mac: Mac | undefined
  readonly mtuBytes: number
  readonly masterIndex: number | undefined
  /** The kernel's word for what it is (`bridge`, `veth`), and for what it is a part of (`bond`, `vrf`). */
  readonly kind: string | undefined
  readonly memberKind: string | undefined
}

export type AddressNews = InterfaceAddress & { readonly index: number }

/** One next hop of a default route. A lower priority is preferred; table 254 is the main one. */
export type GatewayNews = {
  readonly index: number
  readonly gateway: Address
  readonly priority: number
  readonly table: number
}

export type KernelMessage =
  | { readonly kind: "link"; readonly gone: boolean; readonly link: LinkNews }
  | { readonly kind: "address"; readonly gone: boolean; readonly address: AddressNews }
  | { readonly kind: "gateways"; readonly gone: boolean; readonly gateways: readonly GatewayNews[] }
  | { readonly kind: "done" }
  /** Minus errno, 0 for an acknowledgement. */
  | { readonly kind: "error"; readonly result: number }

/** `interrupted`: the kernel's table changed while it was dumped (NLM_F_DUMP_INTR), so the whole must be read again. */
export type ParsedMessages = { readonly messages: readonly KernelMessage[]; readonly interrupted: boolean }

const NLMSG_ERROR = 2
const NLMSG_DONE = 3
const NLM_F_DUMP_INTR = 0x10
const RTM = { newLink: 16, delLink: 17, newAddress: 20, delAddress: 21, newRoute: 24, delRoute: 25 } as const
const headerBytes = 16

/** All messages of one datagram from the kernel (rtnetlink(7)). What is cut short or unknown is left out; never throws. */
export const parseMessages = (bytes: Uint8Array): ParsedMessages => {
  const view = viewOf(bytes)
  const messages: KernelMessage[] = []
  let interrupted = false
  for (let at = 0; at + headerBytes <= bytes.length;) {
    const length = view.getUint32(at, true)
    if (length < headerBytes || at + length > bytes.length) break
    const message = parseMessage(view.getUint16(at + 4, true), bytes.subarray(at + headerBytes, at + length))
    if (message !== undefined) messages.push(message)
    interrupted ||= (view.getUint16(at + 6, true) & NLM_F_DUMP_INTR) !== 0
    at += aligned(length)
  }
  return { messages, interrupted }
}

const parseMessage = (type: number, body: Uint8Array): KernelMessage | undefined => {
  switch (type) {
    case NLMSG_DONE:
      return { kind: "done" }
    case NLMSG_ERROR:
      return body.length < 4 ? undefined : { kind: "error", result: viewOf(body).getInt32(0, true) }
    case RTM.newLink:
    case RTM.delLink: {
      const link = parseLink(body)
      return link && { kind: "link", gone: type === RTM.delLink, link }
    }
    case RTM.newAddress:
    case RTM.delAddress: {
      const address = parseAddressNews(body)
      return address && { kind: "address", gone: type === RTM.delAddress, address }
    }
    case RTM.newRoute:
    case RTM.delRoute: {
      const gateways = parseDefaultRoute(body)
      return gateways && { kind: "gateways", gone: type === RTM.delRoute, gateways }
    }
    default:
      return undefined
  }
}

const IFLA = { address: 1, name: 3, mtu: 4, master: 10, linkInfo: 18 } as const
const IFLA_INFO = { kind: 1, memberKind: 4 } as const
const ARPHRD_ETHER = 1

/** struct ifinfomsg and its attributes. */
const parseLink = (body: Uint8Array): LinkNews | undefined => {
  if (body.length < 16) return undefined
  const view = viewOf(body)
  const attributes = parseAttributes(body.subarray(16))
  const name = textOf(attributes.get(IFLA.name))
  if (name === undefined || name === "") return undefined
  const info = parseAttributes(attributes.get(IFLA.linkInfo) ?? new Uint8Array())
  const hardware = view.getUint16(2, true)
  const address = attributes.get(IFLA.address)
  return {
    index: view.getInt32(4, true),
    name,
    hardware,
    flags: view.getUint32(8, true),
    mac: hardware === ARPHRD_ETHER && address?.length === 6 ? macFromBytes(address) : undefined,
    mtuBytes: wordOf(attributes.get(IFLA.mtu)) ?? 0,
    masterIndex: wordOf(attributes.get(IFLA.master)),
    kind: textOf(info.get(IFLA_INFO.kind)),
    memberKind: textOf(info.get(IFLA_INFO.memberKind)),
  }
}

const IFA = { address: 1, local: 2, flags: 8 } as const
const IFA_F = { optimistic: 0x04, dadFailed: 0x08, tentative: 0x40 } as const

/** struct ifaddrmsg. On a point-to-point link IFA_ADDRESS is the other end and IFA_LOCAL ours. */
const parseAddressNews = (body: Uint8Array): AddressNews | undefined => {
  if (body.length < 8) return undefined
  const attributes = parseAttributes(body.subarray(8))
  const address = addressOf(body[0]!, attributes.get(IFA.local) ?? attributes.get(IFA.address))
  const length = body[1]!
  if (address === undefined || length > (typeof address === "number" ? 32 : 128)) return undefined
  const flags = wordOf(attributes.get(IFA.flags)) ?? body[2]!
  return { index: viewOf(body).getUint32(4, true), address, length, state: stateOf(flags) }
}

const stateOf = (flags: number): InterfaceAddress["state"] => {
  if (flags & IFA_F.dadFailed) return "duplicate"
  return flags & IFA_F.tentative && !(flags & IFA_F.optimistic) ? "tentative" : "usable"
}

const RTA = { outInterface: 4, gateway: 5, priority: 6, multipath: 9, table: 15 } as const
const RTN_UNICAST = 1

/** struct rtmsg: the next hops of a unicast default route, undefined for any other route. */
const parseDefaultRoute = (body: Uint8Array): readonly GatewayNews[] | undefined => {
  if (body.length < 12 || body[1] !== 0 || body[7] !== RTN_UNICAST) return undefined
  const family = body[0]!
  const attributes = parseAttributes(body.subarray(12))
  const table = wordOf(attributes.get(RTA.table)) ?? body[4]!
  const priority = wordOf(attributes.get(RTA.priority)) ?? 0
  const hops = parseHops(attributes.get(RTA.multipath) ?? new Uint8Array())
  const only = wordOf(attributes.get(RTA.outInterface))
  if (only !== undefined) hops.push({ index: only, gateway: attributes.get(RTA.gateway) })
  return hops.flatMap(({ index, gateway }) => {
    const address = addressOf(family, gateway)
    return address === undefined ? [] : [{ index, gateway: address, priority, table }]
  })
}

type Hop = { readonly index: number; readonly gateway: Uint8Array | undefined }

/** RTA_MULTIPATH: struct rtnexthop (8 bytes) with attributes of its own, one after the other. */
const parseHops = (bytes: Uint8Array): Hop[] => {
  const view = viewOf(bytes)
  const hops: Hop[] = []
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = view.getUint16(at, true)
    if (length < 8 || at + length > bytes.length) break
    const attributes = parseAttributes(bytes.subarray(at + 8, at + length))
    hops.push({ index: view.getInt32(at + 4, true), gateway: attributes.get(RTA.gateway) })
    at += aligned(length)
  }
  return hops
}

/** struct rtattr, one after the other; the two top bits of the type are flags. */
const parseAttributes = (bytes: Uint8Array): ReadonlyMap<number, Uint8Array> => {
  const view = viewOf(bytes)
  const attributes = new Map<number, Uint8Array>()
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true)
    if (length < 4 || at + length > bytes.length) break
    attributes.set(view.getUint16(at + 2, true) & 0x3fff, bytes.subarray(at + 4, at + length))
    at += aligned(length)
  }
  return attributes
}

const addressOf = (family: number, bytes: Uint8Array | undefined): Address | undefined => {
  if (family === AF_INET && bytes?.length === 4) return ipv4FromBytes(bytes)
  if (family === AF_INET6 && bytes?.length === 16) return ipv6FromBytes(bytes)
  return undefined
}

const wordOf = (bytes: Uint8Array | undefined): number | undefined =>
  bytes?.length === 4 ? viewOf(bytes).getUint32(0, true) : undefined

const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && new TextDecoder().decode(bytes).replace(/\0.*$/s, "")

const aligned = (length: number): number => (length + 3) & ~3

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
