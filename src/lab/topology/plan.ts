import { printAddress, type Ipv4, type Ipv6 } from "../../net/address.ts"
import { parsePrefix } from "../../net/prefix.ts"
import {
  bridgeName,
  familyOfText,
  type LabPod,
  type Layout,
  type Link,
  type Machine,
  type NodeShare,
  podNamespace,
  portName,
  switchNamespace,
} from "./layout.ts"

/**
 * What has to be done to make a network, as text for `ip -batch`: `make` once outside (namespaces and the cables between
 * them), then `inside` each namespace its own lines, which do not depend on another's.
 */
export type NetworkPlan = {
  readonly namespaces: readonly string[]
  readonly settings: ReadonlyMap<string, readonly (readonly [path: string, value: string])[]>
  readonly cables: readonly string[]
  readonly inside: ReadonlyMap<string, readonly string[]>
  /** nftables text a namespace starts with. */
  readonly rules: ReadonlyMap<string, string>
}

/** Room for the VXLAN header, as flannel leaves it. */
const overlayMtu = 1450
/** flannel's identifier and port on Linux. */
const vxlanId = 1
const vxlanPort = 8472

/** Duplicate address detection would keep a fresh IPv6 address unusable for a second. */
const quickSettings = [
  ["ipv6/conf/default/accept_dad", "0"],
  ["ipv6/conf/all/accept_dad", "0"],
] as const
/**
 * Pods speak to cni0 itself, so their packets are routed and need no filtering inside the bridge; where the kernel has
 * that built in and on, it would take the packets away before their source is replaced.
 */
const forwardSettings = [
  ["bridge/bridge-nf-call-iptables", "0"],
  ["bridge/bridge-nf-call-ip6tables", "0"],
  ["ipv4/ip_forward", "1"],
  // A redirect uses up the rate at which the kernel lets the same client hear that a port is refused.
  ["ipv4/conf/all/send_redirects", "0"],
  ["ipv4/conf/default/send_redirects", "0"],
  ["ipv6/conf/all/forwarding", "1"],
  ["ipv6/conf/default/forwarding", "1"],
] as const

export const planNetwork = (layout: Layout, shares: ReadonlyMap<string, NodeShare>): NetworkPlan => {
  const nodes = layout.machines.filter(({ role }) => role === "node")
  const switches = layout.networks.map((network) => [switchNamespace(network), switchLines(layout, network)] as const)
  const machines = layout.machines.map(
    (machine) => [machine.name, [...machineLines(machine), ...overlayLines(machine, nodes, shares)]] as const,
  )
  const namespaces = [...switches, ...machines].map(([name]) => name)
  return {
    namespaces,
    settings: new Map([
      ...switches.map(([name]) => [name, quickSettings] as const),
      ...layout.machines.map(
        ({ name, role }) => [name, role === "host" ? quickSettings : [...quickSettings, ...forwardSettings]] as const,
      ),
    ]),
    cables: layout.machines.flatMap((machine) => machine.links.map((link) => cableLine(machine, link))),
    inside: new Map([...switches, ...machines]),
    rules: new Map(layout.machines.flatMap((machine) => startRules(machine, layout, shares))),
  }
}

/** A pod: a namespace on its node's bridge, which talks to nobody but that bridge's own address (no bridge filtering is needed). */
export const planPod = (pod: LabPod, share: NodeShare, port: string): NetworkPlan => {
  const name = podNamespace(pod)
  const addresses = pod.addresses.flatMap((address) => {
    const gateway = gatewayOf(share, familyOfText(address))
    if (gateway === undefined) return []
    return [
      `address add ${hostPrefix(address)} dev eth0${noDad(address)}`,
      `route add ${gateway} dev eth0`,
      `route add default via ${gateway} dev eth0`,
    ]
  })
  return {
    namespaces: [name],
    settings: new Map([[name, quickSettings]]),
    cables: [`link add name eth0 netns ${name} mtu ${overlayMtu} type veth peer name ${port} netns ${pod.node}`],
    inside: new Map([
      [name, ["link set lo up", "link set eth0 up", ...addresses]],
      [pod.node, [`link set ${port} mtu ${overlayMtu} master cni0 up`]],
    ]),
    rules: new Map(),
  }
}

const cableLine = (machine: Machine, link: Link): string =>
  `link add name ${link.interface} address ${link.mac} netns ${machine.name} type veth peer name ${portName(machine.name)} netns ${switchNamespace(link.network)}`

const switchLines = (layout: Layout, network: string): string[] => [
  "link set lo up",
  `link add ${bridgeName} type bridge`,
  `link set ${bridgeName} up`,
  ...layout.machines
    .filter(({ links }) => links.some((link) => link.network === network))
    .map(({ name }) => `link set ${portName(name)} master ${bridgeName} up`),
]

const machineLines = (machine: Machine): string[] => [
  "link set lo up",
  ...machine.links.flatMap((link) => [
    `link set ${link.interface} up`,
    ...link.addresses.map((address) => `address add ${address} dev ${link.interface}${noDad(address)}`),
  ]),
  ...machine.gateways.map((gateway) => `route add default via ${gateway}`),
]

const hostPrefix = (address: string): string => `${address}/${familyOfText(address) === 4 ? 32 : 128}`

const noDad = (address: string): string => (familyOfText(address) === 6 ? " nodad" : "")

const overlayLines = (
  machine: Machine,
  nodes: readonly Machine[],
  shares: ReadonlyMap<string, NodeShare>,
): string[] => {
  const share = shares.get(machine.name)
  if (machine.role !== "node" || share === undefined) return []
  const others = nodes.filter((node) => node !== machine)
  return [...ownOverlay(machine, share), ...others.flatMap((other) => wayTo(other, shares.get(other.name)))]
}

const nodeAddress = (machine: Machine): string => machine.links[0].addresses[0].split("/")[0]!

const ownOverlay = (machine: Machine, share: NodeShare): string[] => [
  `link add flannel.1 address ${overlayMac(machine)} mtu ${overlayMtu} type vxlan id ${vxlanId} local ${nodeAddress(machine)} dev ${machine.links[0].interface} dstport ${vxlanPort} nolearning`,
  "link set flannel.1 up",
  `link add cni0 address ${bridgeMac(machine)} mtu ${overlayMtu} type bridge`,
  "link set cni0 up",
  ...share.podCidrs.flatMap((cidr) => [
    `address add ${hostPrefix(networkOf(cidr))} dev flannel.1${noDad(cidr)}`,
    `address add ${firstHostOf(cidr)}/${cidr.split("/")[1]} dev cni0${noDad(cidr)}`,
  ]),
]

const wayTo = (other: Machine, share: NodeShare | undefined): string[] =>
  (share?.podCidrs ?? []).flatMap((cidr) => [
    `neigh replace ${networkOf(cidr)} lladdr ${overlayMac(other)} dev flannel.1 nud permanent`,
    `route add ${cidr} via ${networkOf(cidr)} dev flannel.1 onlink`,
  ])

/** The forwarding entries of flannel.1 are `bridge` lines, not `ip` lines. */
export const forwardingEntries = (
  layout: Layout,
  shares: ReadonlyMap<string, NodeShare>,
): ReadonlyMap<string, readonly string[]> => {
  const nodes = layout.machines.filter(({ role, name }) => role === "node" && shares.has(name))
  const entry = (other: Machine): string => `fdb append ${overlayMac(other)} dev flannel.1 dst ${nodeAddress(other)}`
  return new Map(nodes.map((node) => [node.name, nodes.filter((other) => other !== node).map(entry)]))
}

/** Locally administered addresses made from the machine's own, so that a trace reads the same every time. */
const overlayMac = (machine: Machine): string => `0a:58${machine.links[0].mac.slice(5)}`
const bridgeMac = (machine: Machine): string => `0e:58${machine.links[0].mac.slice(5)}`

const networkOf = (cidr: string): string => cidr.split("/")[0]!

/** The first host of a pod network: cni0's own address. */
const firstHostOf = (cidr: string): string => {
  const address = parsePrefix(cidr)?.address
  if (address === undefined)
    throw new Error(`${cidr} is no prefix; a Node's spec.podCIDRs hold prefixes like 10.244.3.0/24`)
  return printAddress(typeof address === "number" ? ((address + 1) as Ipv4) : ((address + 1n) as Ipv6))
}

const gatewayOf = (share: NodeShare, family: 4 | 6): string | undefined => {
  const cidr = share.podCidrs.find((cidr) => familyOfText(cidr) === family)
  return cidr === undefined ? undefined : firstHostOf(cidr)
}

const startRules = (
  machine: Machine,
  layout: Layout,
  shares: ReadonlyMap<string, NodeShare>,
): (readonly [string, string])[] => {
  if (machine.role === "router" && machine.links.length > 1)
    return [[machine.name, routerRules(machine.links.at(-1)!.interface)]]
  const own = shares.get(machine.name)
  if (machine.role !== "node" || own === undefined) return []
  return [[machine.name, layout.podNetworks.map((network) => flannelRules(network, own)).join("")]]
}

const routerRules = (outside: string): string => `table ip router {
  chain postrouting { type nat hook postrouting priority srcnat; oifname "${outside}" masquerade; }
}
`

/** flannel's own masquerading: pods to the outside, and strangers to pods of another node. */
const flannelRules = (network: string, own: NodeShare): string => {
  const family = familyOfText(network) === 4 ? "ip" : "ip6"
  const mine = own.podCidrs.find((cidr) => familyOfText(cidr) === familyOfText(network))
  const multicast = family === "ip" ? "224.0.0.0/4" : "ff00::/8"
  return `table ${family} flannel {
  chain postrouting { type nat hook postrouting priority srcnat + 1;
    ${family} saddr ${network} ${family} daddr ${network} return
    ${family} saddr ${network} ${family} daddr != ${multicast} masquerade fully-random
    ${mine === undefined ? "" : `${family} daddr ${mine} return`}
    ${family} daddr ${network} masquerade fully-random
  }
}
`
}
