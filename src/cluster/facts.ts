import type { JsonObject } from "../kubernetes/http.ts"
import { field, listAt, textAt, textsAt } from "../kubernetes/json.ts"
import { type Address, parseAddress } from "../net/address.ts"
import { parsePrefix, rangeOfPrefix } from "../net/prefix.ts"
import { type AddressRange, parseRange, rangeBetween } from "../net/range.ts"
import { type Faults, readName } from "./read/fault.ts"
import { fitShape, type Shape } from "./read/shape.ts"
import type { Reservation } from "./reservation.ts"

/** A Network object: what Kubernetes does not know. Absent means not told; an empty list means there is none. */
export type Network = {
  readonly name: string
  /** As written, without what could not be read. */
  readonly spec: JsonObject
  readonly reserved: readonly Reservation[]
}

export const readNetwork = (object: JsonObject, faults: Faults): Network | undefined => {
  const name = readName(object, faults)
  if (name === undefined) return undefined
  const spec = (fitShape(field(object, "spec") ?? {}, networkSpecShape, "spec", faults) ?? {}) as JsonObject
  return { name, spec, reserved: reservations(spec, name) }
}

/** Addresses that facts give to others. Resolvers are left out: they are often Services of this very cluster. */
const reservations = (spec: JsonObject, network: string): readonly Reservation[] => {
  const found: Reservation[] = []
  const add = (kind: Reservation["kind"], name: string, range: AddressRange | undefined): void => {
    if (range !== undefined) found.push({ range, kind, name, network })
  }
  for (const subnet of listAt(spec, "subnets")) {
    const name = textAt(subnet, "name") ?? ""
    add("gateway", name, single(textAt(subnet, "gateway")))
    for (const edge of edges(textAt(subnet, "cidr"))) add("subnet-edge", name, rangeBetween(edge, edge))
    for (const text of textsAt(subnet, "dhcp", "ranges")) add("dhcp-range", name, rangeOf(text))
    for (const lease of listAt(subnet, "dhcp", "reservations"))
      add("dhcp-reservation", textAt(lease, "name") ?? name, single(textAt(lease, "address")))
  }
  for (const host of listAt(spec, "hosts")) add("host", textAt(host, "name") ?? "", single(textAt(host, "address")))
  for (const router of listAt(spec, "routers"))
    for (const text of textsAt(router, "addresses")) add("router", textAt(router, "name") ?? "", single(text))
  for (const held of listAt(spec, "virtualAddresses"))
    add("virtual-address", textAt(held, "name") ?? "", single(textAt(held, "address")))
  return found
}

const single = (text: string | undefined): AddressRange | undefined => {
  const address = text === undefined ? undefined : parseAddress(text)
  return address === undefined ? undefined : rangeBetween(address, address)
}

const rangeOf = (text: string): AddressRange | undefined => {
  const prefix = parsePrefix(text)
  return prefix === undefined ? parseRange(text) : rangeOfPrefix(prefix)
}

/** Network and broadcast address of an IPv4 subnet; one of 31 bits has none (RFC 3021). */
const edges = (cidr: string | undefined): readonly Address[] => {
  const prefix = cidr === undefined ? undefined : parsePrefix(cidr)
  if (prefix?.family !== 4 || prefix.length > 30) return []
  const { first, last } = rangeOfPrefix(prefix)
  return [first, last]
}

const text: Shape = { kind: "leaf", is: "text" }
const number: Shape = { kind: "leaf", is: "number" }
const flag: Shape = { kind: "leaf", is: "flag" }
const address: Shape = { kind: "leaf", is: "address" }
const prefix: Shape = { kind: "leaf", is: "prefix" }
/** One a family with a comma between, as Kubernetes writes the CIDRs of a dual-stack cluster. */
const prefixes: Shape = { kind: "leaf", is: "prefixes" }
const mac: Shape = { kind: "leaf", is: "mac" }
const choice = (...of: readonly string[]): Shape => ({ kind: "choice", of })
const list = (item: Shape): Shape => ({ kind: "list", item })
const object = (fields: Readonly<Record<string, Shape>>, ...required: readonly string[]): Shape => ({
  kind: "object",
  fields,
  required,
})

const clusterShape = object({
  podCIDR: prefixes,
  serviceCIDR: prefixes,
  cni: choice(
    "flannel-vxlan",
    "flannel-host-gw",
    "flannel-wireguard",
    "calico-ipip",
    "calico-vxlan",
    "calico-none",
    "cilium",
    "cilium-native",
    "other",
  ),
  proxyMode: choice("iptables", "nftables", "ipvs", "cilium", "none"),
  strictARP: flag,
})

const subnetShape = object(
  {
    name: text,
    cidr: prefix,
    gateway: address,
    vlan: number,
    trusted: flag,
    dns: list(address),
    reaches: list(text),
    dhcp: object({
      ranges: list({ kind: "leaf", is: "range" }),
      reservations: list(object({ address, name: text, mac }, "address")),
    }),
  },
  "name",
)

const nodeShape = object(
  {
    name: text,
    mac,
    interfaces: list(
      object(
        { name: text, addresses: list({ kind: "leaf", is: "interface-address" }), mtu: number, medium: text },
        "name",
      ),
    ),
    hypervisor: object({ name: text, macFilter: flag }),
  },
  "name",
)

const routerShape = object(
  {
    name: text,
    addresses: list(address),
    wan: text,
    natLoopback: choice("none", "snat", "preserve"),
    arpTimeoutSeconds: number,
    bgp: object({ asn: number, maximumPaths: number }),
    aliases: { kind: "map", item: list({ kind: "leaf", is: "text" }) },
    portForwards: list(
      object(
        { name: text, protocol: choice("TCP", "UDP"), port: number, to: text, toPort: number, sourceNat: flag },
        "port",
        "to",
      ),
    ),
    dnsForwards: list(object({ zone: text, to: address }, "zone", "to")),
  },
  "name",
)

/** The format of a Network object, field by field. */
export const networkSpecShape: Shape = object({
  cluster: clusterShape,
  subnets: list(subnetShape),
  hosts: list(object({ name: text, address, kind: text, mac }, "name", "address")),
  nodes: list(nodeShape),
  routers: list(routerShape),
  dns: list(
    object(
      { view: choice("internal", "external"), name: text, type: text, value: text, ttlSeconds: number, keptIn: text },
      "name",
      "type",
      "value",
    ),
  ),
  tunnels: list(object({ name: text, names: list(text), endsAt: text, via: text }, "name")),
  urls: list(text),
  trust: list(
    object(
      {
        name: text,
        service: text,
        meaning: choice("local", "no-login", "never-ban", "trusted-proxy"),
        cidrs: list(prefix),
        via: choice("direct", "x-forwarded-for", "proxy-protocol"),
      },
      "name",
    ),
  ),
  logins: list(object({ service: text, required: flag }, "service")),
  virtualAddresses: list(object({ name: text, address, heldBy: list(text) }, "name", "address")),
  observed: list(object({ service: text, clientAddress: address, count: number, period: text }, "service")),
  plans: list(object({ name: text, pool: text, addresses: list({ kind: "leaf", is: "range" }) }, "name")),
})
