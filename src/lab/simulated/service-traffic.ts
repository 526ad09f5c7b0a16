import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, textAt } from "../../kubernetes/json.ts"
import { type Address, type Ipv4, type Ipv6, parseAddress, printAddress } from "../../net/address.ts"
import { parsePrefix, prefixHolds } from "../../net/prefix.ts"
import type { LocalEvidence } from "../../speaker/watcher/readiness.ts"
import { asEndpointSlice, asService, readProxiedPorts } from "../service-proxy/proxied-ports.ts"
import { type Endpoint, type ProxiedPort, takingAnywhere, takingOn } from "../service-proxy/ruleset.ts"
import type { NodeShare } from "../topology/layout.ts"
import type { SimulatedApi } from "./api-server.ts"
import type { Visit } from "./wire.ts"
import type { World } from "./world.ts"

/** What becomes of a visit that came in at a node. */
export type Course =
  | { readonly kind: "not-a-service" | "refused" | "dropped" }
  | {
      readonly kind: "pod"
      readonly pod: string
      /** Undefined: an endpoint that is no pod of a node. */
      readonly node: string | undefined
      /** Whom the pod believes to speak to. */
      readonly seen: string
    }

/** What every node's service proxy makes of Services and EndpointSlices, at once. */
export type ServiceTraffic = {
  readonly course: (node: string, visit: Visit) => Course
  /** A node's proxy stands still: it goes by what it knew, and answers nobody. */
  readonly freeze: (node: string, frozen: boolean) => void
  readonly isFrozen: (node: string) => boolean
  /** What the proxy says on a Service's healthCheckNodePort. */
  readonly localEvidence: (node: string, healthCheckNodePort: number) => LocalEvidence
}

export const createServiceTraffic = (
  world: World,
  api: SimulatedApi,
  shares: ReadonlyMap<string, NodeShare>,
): ServiceTraffic => {
  let read: Known | undefined
  const frozen = new Map<string, Known>()
  api.onChange(() => (read = undefined))
  const objects = () => {
    const services = api.list("/api/v1/services").flatMap((object) => asService(object) ?? [])
    const slices = api
      .list("/apis/discovery.k8s.io/v1/endpointslices")
      .flatMap((object) => asEndpointSlice(object) ?? [])
    return { services, slices }
  }
  const know = (): Known => {
    if (read !== undefined) return read
    const { services, slices } = objects()
    read = { ports: readProxiedPorts(services, slices), pods: podNames(api.list("/api/v1/pods")) }
    return read
  }
  const course: ServiceTraffic["course"] = (node, visit) => {
    const { ports, pods } = frozen.get(node) ?? know()
    const address = printAddress(visit.to)
    const port = ports.find(
      (one) =>
        one.protocol === visit.protocol.toLowerCase() &&
        one.port === visit.port &&
        one.outerAddresses.includes(address),
    )
    if (port === undefined) return { kind: "not-a-service" }
    if (port.sourceRanges.length > 0 && !port.sourceRanges.some((range) => holds(range, visit.from)))
      return { kind: "dropped" }
    if (port.endpoints.length === 0) return { kind: "refused" }
    const usable = port.policy === "Local" ? takingOn(port, node) : takingAnywhere(port)
    const chosen = port.endpoints[usable[Math.floor(world.chance() * usable.length)] ?? -1]
    if (chosen === undefined) return { kind: "dropped" }
    const seen = port.policy === "Local" ? printAddress(visit.from) : masqueraded(shares.get(node), node, chosen)
    return {
      kind: "pod",
      pod: pods.get(chosen.address) ?? chosen.address,
      node: chosen.node,
      seen: seen ?? printAddress(visit.from),
    }
  }
  return {
    course,
    freeze: (node, now) => void (now ? frozen.set(node, know()) : frozen.delete(node)),
    isFrozen: (node) => frozen.has(node),
    localEvidence: (node, healthCheckNodePort) => {
      if (frozen.has(node)) return "absent"
      const { services, slices } = objects()
      const service = services.find(({ spec }) => spec.healthCheckNodePort === healthCheckNodePort)
      if (service === undefined) return "absent"
      const here = readProxiedPorts([service], slices).some(({ endpoints }) =>
        endpoints.some((one) => one.node === node && !one.terminating),
      )
      return here ? "endpoints" : "no-endpoints"
    },
  }
}

type Known = { readonly ports: readonly ProxiedPort[]; readonly pods: ReadonlyMap<string, string> }

const podNames = (pods: readonly JsonObject[]): ReadonlyMap<string, string> =>
  new Map(
    pods.flatMap((pod) =>
      [textAt(pod, "status", "podIP"), ...listAt(pod, "status", "podIPs").map((entry) => textAt(entry, "ip"))].flatMap(
        (address) => (address === undefined ? [] : [[address, textAt(pod, "metadata", "name") ?? ""] as const]),
      ),
    ),
  )

/**
 * The address that replaces the visitor's under policy Cluster, with flannel's VXLAN: of the entry node's pod network the
 * first host (cni0) towards a pod of its own, the network's address itself (flannel.1) towards one elsewhere.
 */
const masqueraded = (
  share: NodeShare | undefined,
  node: string,
  { address, node: of }: Endpoint,
): string | undefined => {
  const family = address.includes(":") ? 6 : 4
  const prefix = (share?.podCidrs ?? []).map(parsePrefix).find((one) => one?.family === family)
  if (prefix === undefined) return undefined
  if (of !== node) return printAddress(prefix.address)
  return printAddress(prefix.family === 4 ? ((prefix.address + 1) as Ipv4) : ((prefix.address + 1n) as Ipv6))
}

const holds = (range: string, address: Address): boolean => {
  const prefix =
    parsePrefix(range) ??
    parsePrefix(`${range}/${parseAddress(range) === undefined ? "" : range.includes(":") ? 128 : 32}`)
  return prefix !== undefined && prefixHolds(prefix, address)
}
