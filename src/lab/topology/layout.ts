import type { NonEmpty } from "../../net/address.ts"

/** One cable: a machine's interface plugged into a network's switch. */
export type Link = {
  readonly network: string
  /** On the machine; the switch's port is named after the machine. */
  readonly interface: string
  readonly mac: string
  /** With their prefix length: `10.69.1.104/24`. */
  readonly addresses: NonEmpty<string>
}

export type Machine = {
  readonly name: string
  /** A router forwards, and hides what it sends to its last link behind that link's address; a node runs pods. */
  readonly role: "router" | "node" | "host"
  readonly links: NonEmpty<Link>
  /** Next hops of its default routes, one a family. */
  readonly gateways: readonly string[]
}

/** What `lab.yaml` says: switches, and the machines on them. */
export type Layout = {
  readonly networks: NonEmpty<string>
  /** All pods' addresses; each node's share stands in its Node object. */
  readonly podNetworks: readonly string[]
  readonly machines: readonly Machine[]
  /** The machine from which questions are asked when nobody names another. */
  readonly client: string
  /** How long a node may be silent until its pods count as not ready; Kubernetes: 40 s. */
  readonly nodeGraceMs: number
}

/** The addresses of a node that its cluster gave it. */
export type NodeShare = { readonly podCidrs: readonly string[] }

export type LabPod = {
  readonly namespace: string
  readonly name: string
  readonly node: string
  readonly addresses: readonly string[]
}

/** The namespace that is this switch, this machine, this pod. */
export const switchNamespace = (network: string): string => `switch.${network}`
export const podNamespace = (pod: { readonly namespace: string; readonly name: string }): string =>
  `pod.${pod.namespace}.${pod.name}`
/** The switch's bridge, of the same name in every switch. */
export const bridgeName = "bridge"
/** The name of a machine's port on the switch; 15 characters is what the kernel allows. */
export const portName = (machine: string): string => machine.slice(0, 15)

export const familyOfText = (address: string): 4 | 6 => (address.includes(":") ? 6 : 4)
