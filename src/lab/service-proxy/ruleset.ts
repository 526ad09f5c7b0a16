/**
 * One node's address translation as nftables text, from plain values: the rules of kube-proxy that decide where a packet
 * to a Service goes and which source address its pod sees.
 */
export type Family = "ip" | "ip6"
export type Endpoint = {
  readonly address: string
  readonly port: number
  readonly node: string | undefined
  /** It serves, and takes new visitors only where there is no ready one (KEP-1669). */
  readonly terminating: boolean
}

/** One port of one Service, in one family, as this cluster's proxies see it. */
export type ProxiedPort = {
  /** `namespace/name:port`, for a person who reads the rules. */
  readonly name: string
  readonly family: Family
  readonly protocol: "tcp" | "udp"
  readonly port: number
  readonly clusterAddress: string | undefined
  /** Load balancer addresses (`ipMode` VIP or none) and externalIPs. */
  readonly outerAddresses: readonly string[]
  readonly nodePort: number | undefined
  readonly policy: "Cluster" | "Local"
  /** loadBalancerSourceRanges of this family; empty: everybody. They guard outer addresses, not node ports. */
  readonly sourceRanges: readonly string[]
  /** ClientIP: one client, one pod, as long as the pods stay the same. */
  readonly sticky: boolean
  readonly endpoints: readonly Endpoint[]
}

export type ProxyNode = {
  readonly name: string
  /** Node ports answer on these alone: the primary address of each family. */
  readonly addresses: { readonly ip: string | undefined; readonly ip6: string | undefined }
  readonly podNetworks: { readonly ip: string | undefined; readonly ip6: string | undefined }
}

/** Marks a packet whose source has to be replaced on its way out. */
const masqueradeMark = "0x4000"

/** The whole ruleset of one node, both families; applying it replaces the former one in a single transaction. */
export const printRuleset = (node: ProxyNode, ports: readonly ProxiedPort[]): string =>
  (["ip", "ip6"] as const)
    .map((family) =>
      printTable(
        node,
        family,
        ports.filter((port) => port.family === family),
      ),
    )
    .join("")

const printTable = (node: ProxyNode, family: Family, ports: readonly ProxiedPort[]): string => {
  const entries = ports.map((port, index) => entryOf(node, port, `${index}`))
  return `table ${family} kube-proxy
delete table ${family} kube-proxy
table ${family} kube-proxy {
${frame(family, node.addresses[family])}
${map(
  "services",
  `${addressType[family]} . inet_proto . inet_service`,
  entries.flatMap((entry) => entry.services),
)}
${map(
  "node-ports",
  "inet_proto . inet_service",
  entries.flatMap((entry) => entry.nodePorts),
)}
${map(
  "unserved",
  `${addressType[family]} . inet_proto . inet_service`,
  entries.flatMap((entry) => entry.unserved),
)}
${map(
  "unserved-node-ports",
  "inet_proto . inet_service",
  entries.flatMap((entry) => entry.unservedNodePorts),
)}
${entries.flatMap((entry) => entry.chains).join("\n")}
}
`
}

const addressType = { ip: "ipv4_addr", ip6: "ipv6_addr" } as const

/** The base chains. `unserved` is asked before translation: what has nobody to answer is refused or dropped there. */
const frame = (family: Family, nodeAddress: string | undefined): string => {
  const service = `${family} daddr . meta l4proto . th dport vmap`
  const own = nodeAddress === undefined ? undefined : `${family} daddr ${nodeAddress} meta l4proto . th dport vmap`
  const nat = [`${service} @services`, ...(own === undefined ? [] : [`${own} @node-ports`])].join("; ")
  const unserved = [`${service} @unserved`, ...(own === undefined ? [] : [`${own} @unserved-node-ports`])].join("; ")
  return `  chain mark-for-masquerade { meta mark set meta mark or ${masqueradeMark}; }
  chain refuse { reject; }
  chain services-nat { ${nat}; }
  chain services-unserved { ${unserved}; }
  chain filter-input { type filter hook input priority -110; ct state new jump services-unserved; }
  chain filter-forward { type filter hook forward priority -110; ct state new jump services-unserved; }
  chain filter-output { type filter hook output priority -110; ct state new jump services-unserved; }
  chain nat-prerouting { type nat hook prerouting priority dstnat; jump services-nat; }
  chain nat-output { type nat hook output priority -100; jump services-nat; }
  chain nat-postrouting { type nat hook postrouting priority srcnat;
    meta mark & ${masqueradeMark} == ${masqueradeMark} meta mark set meta mark xor ${masqueradeMark} masquerade fully-random
  }`
}

/** Of two Services that claim one address and port the first keeps it: a key that stands twice would void every rule. */
const map = (name: string, type: string, elements: readonly string[]): string => {
  const byKey = new Map(elements.toReversed().map((element) => [element.split(" : ")[0], element]))
  const unique = [...byKey.values()].toReversed()
  return `  map ${name} { type ${type} : verdict;${unique.length === 0 ? "" : ` elements = {\n    ${unique.join(",\n    ")}\n  };`} }`
}

type Entry = {
  readonly services: readonly string[]
  readonly nodePorts: readonly string[]
  readonly unserved: readonly string[]
  readonly unservedNodePorts: readonly string[]
  readonly chains: readonly string[]
}

const entryOf = (node: ProxyNode, port: ProxiedPort, id: string): Entry => {
  const to = (address: string, verdict: string): string => `${address} . ${port.protocol} . ${port.port} : ${verdict}`
  const here = port.protocol
  const inner = port.clusterAddress === undefined ? [] : [port.clusterAddress]
  if (port.endpoints.length === 0)
    return {
      ...nothing,
      unserved: [...inner, ...port.outerAddresses].map((address) => to(address, "goto refuse")),
      unservedNodePorts: port.nodePort === undefined ? [] : [`${here} . ${port.nodePort} : goto refuse`],
    }
  return {
    ...nothing,
    services: [
      ...inner.map((address) => to(address, `goto cluster-${id}`)),
      ...port.outerAddresses.map((address) =>
        to(address, `goto ${port.sourceRanges.length > 0 ? "guard" : "outer"}-${id}`),
      ),
    ],
    nodePorts: port.nodePort === undefined ? [] : [`${here} . ${port.nodePort} : goto outer-${id}`],
    chains: [...endpointChains(port, id), ...ways(node, port, id)],
  }
}

const nothing: Entry = { services: [], nodePorts: [], unserved: [], unservedNodePorts: [], chains: [] }

/** A pod that reaches itself through a Service must see another source, or it would answer itself. */
const endpointChains = ({ family, protocol, endpoints }: ProxiedPort, id: string): string[] =>
  endpoints.map(
    ({ address, port }, index) =>
      `  chain pod-${id}-${index} { ${family} saddr ${address} jump mark-for-masquerade; meta l4proto ${protocol} dnat to ${family === "ip6" ? `[${address}]` : address}:${port}; }`,
  )

const ways = (node: ProxyNode, port: ProxiedPort, id: string): string[] => {
  const pods = node.podNetworks[port.family]
  const fromOutsidePods = pods === undefined ? "" : `${port.family} saddr != ${pods} jump mark-for-masquerade; `
  const guard = `  chain guard-${id} { ${port.family} saddr != { ${port.sourceRanges.join(", ")} } drop; goto outer-${id}; }`
  return [
    `  # ${port.name}`,
    `  chain any-${id} { ${pick(port, id, takingAnywhere(port))}; }`,
    `  chain cluster-${id} { ${fromOutsidePods}goto any-${id}; }`,
    port.policy === "Cluster"
      ? `  chain outer-${id} { jump mark-for-masquerade; goto any-${id}; }`
      : localWay(node, port, id),
    ...(port.sourceRanges.length > 0 ? [guard] : []),
  ]
}

/** Local: pods of this cluster and this node itself may use every pod; strangers only those here, or none. */
const localWay = (node: ProxyNode, port: ProxiedPort, id: string): string => {
  const pods = node.podNetworks[port.family]
  const here = takingOn(port, node.name)
  return `  chain outer-${id} {
    ${pods === undefined ? "" : `${port.family} saddr ${pods} goto any-${id}`}
    fib saddr type local jump mark-for-masquerade
    fib saddr type local goto any-${id}
    ${here.length === 0 ? "drop" : pick(port, id, here)}
  }`
}

/** The pods, by index, that take new visitors: the ready ones, or where there is none those that terminate. */
export const takingAnywhere = ({ endpoints }: ProxiedPort): readonly number[] => taking(endpoints, () => true)

/** For strangers under policy Local each node decides that for its own pods. */
export const takingOn = ({ endpoints }: ProxiedPort, node: string): readonly number[] =>
  taking(endpoints, (endpoint) => endpoint.node === node)

const taking = (endpoints: readonly Endpoint[], counts: (endpoint: Endpoint) => boolean): readonly number[] => {
  const all = endpoints.flatMap((endpoint, index) => (counts(endpoint) ? [index] : []))
  const ready = all.filter((index) => endpoints[index]?.terminating === false)
  return ready.length > 0 ? ready : all
}

const pick = ({ family, sticky }: ProxiedPort, id: string, among: readonly number[]): string => {
  if (among.length === 1) return `goto pod-${id}-${among[0]}`
  const number = sticky ? `jhash ${family} saddr mod ${among.length}` : `numgen random mod ${among.length}`
  return `${number} vmap { ${among.map((pod, index) => `${index} : goto pod-${id}-${pod}`).join(", ")} }`
}
