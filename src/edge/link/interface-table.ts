import type { Ipv4, Ipv6 } from "../../net/address.ts"
import type { Interface, InterfaceKind, Membership } from "../../net/interface.ts"
import { parsePrefix, prefixHolds } from "../../net/prefix.ts"
import type { AddressNews, GatewayNews, KernelMessage, LinkNews } from "./rtnetlink.ts"

const IFF = { up: 0x1, broadcast: 0x2, running: 0x40, noArp: 0x80, lowerUp: 0x10000 } as const
const ARPHRD_ETHER = 1
const ARPHRD_LOOPBACK = 772
const mainTable = 254
const linkLocalPrefix = parsePrefix("fe80::/64")!

/** What dumps of links, addresses and routes say, put together link by link, in the order of their indexes. */
export const interfacesOf = (
  dump: readonly KernelMessage[],
  isWifi: (name: string) => boolean,
): readonly Interface[] => {
  const links = dump.flatMap((message) => (message.kind === "link" ? [message.link] : []))
  const addresses = dump.flatMap((message) => (message.kind === "address" ? [message.address] : []))
  const gateways = dump.flatMap((message) => (message.kind === "gateways" ? message.gateways : []))
  return links.sort((a, b) => a.index - b.index).map((link) => interfaceOf(link, addresses, gateways, isWifi))
}

const interfaceOf = (
  link: LinkNews,
  allAddresses: readonly AddressNews[],
  allGateways: readonly GatewayNews[],
  isWifi: (name: string) => boolean,
): Interface => {
  const has = (flag: number): boolean => (link.flags & flag) !== 0
  const addresses = allAddresses.flatMap(({ index, ...address }) => (index === link.index ? [address] : []))
  const gateways = allGateways.filter((gateway) => gateway.index === link.index).sort(byPreference)
  return {
    index: link.index,
    name: link.name,
    mac: link.mac,
    up: has(IFF.up),
    running: has(IFF.up) && has(IFF.running) && has(IFF.lowerUp),
    mtuBytes: link.mtuBytes,
    kind: kindOf(link, isWifi),
    master: membershipOf(link),
    noArp: has(IFF.noArp),
    broadcast: has(IFF.broadcast),
    addresses,
    linkLocal: linkLocalOf(addresses),
    gateway4: gateways.map((hop) => hop.gateway).find((gateway): gateway is Ipv4 => typeof gateway === "number"),
    gateway6: gateways.map((hop) => hop.gateway).find((gateway): gateway is Ipv6 => typeof gateway === "bigint"),
  }
}

const byPreference = (a: GatewayNews, b: GatewayNews): number =>
  Number(b.table === mainTable) - Number(a.table === mainTable) || a.priority - b.priority

const linkLocalOf = (addresses: Interface["addresses"]): Ipv6 | undefined => {
  for (const { address, state } of addresses)
    if (typeof address === "bigint" && state === "usable" && prefixHolds(linkLocalPrefix, address)) return address
  return undefined
}

const kindOf = ({ kind, hardware, name }: LinkNews, isWifi: (name: string) => boolean): InterfaceKind => {
  switch (kind) {
    case "bridge":
    case "bond":
    case "team":
    case "vlan":
    case "veth":
    case "vrf":
      return kind
    case undefined:
      if (hardware === ARPHRD_LOOPBACK) return "loopback"
      if (hardware !== ARPHRD_ETHER) return "other"
      return isWifi(name) ? "wifi" : "ethernet"
    default:
      return "other"
  }
}

const memberKinds: Readonly<Record<string, Membership["kind"]>> = {
  bridge: "bridge",
  bond: "bond",
  team: "team",
  vrf: "vrf",
}

const membershipOf = ({ masterIndex, memberKind }: LinkNews): Membership | undefined =>
  masterIndex === undefined || masterIndex === 0
    ? undefined
    : { index: masterIndex, kind: memberKinds[memberKind ?? ""] ?? "other" }
