import type { JsonObject } from "../../kubernetes/http.ts"
import type { LabApi } from "../api.ts"
import { familyOfText, type Machine } from "../topology/layout.ts"
import { asEndpointSlice, asService, readProxiedPorts } from "./proxied-ports.ts"
import { type ProxyView, type ServiceProxy, startServiceProxy } from "./proxy.ts"

/** The service proxies of all nodes, fed by one watch. */
export type ServiceProxies = {
  readonly pause: (node: string) => void
  readonly resume: (node: string) => void
  /** The objects known so far are in every running node's kernel. */
  readonly settled: () => Promise<void>
  readonly close: () => void
}

export type ServiceProxiesOptions = {
  readonly api: LabApi
  readonly nodes: readonly Machine[]
  readonly podNetworks: readonly string[]
  readonly complain: (message: string) => void
}

export const startServiceProxies = ({ api, nodes, podNetworks, complain }: ServiceProxiesOptions): ServiceProxies => {
  let services: ReadonlyMap<string, JsonObject> | undefined
  let slices: ReadonlyMap<string, JsonObject> | undefined
  let read: ProxyView | undefined
  /** Read once for all nodes, and only when one of them is about to write. */
  const view = (): ProxyView => (read ??= viewOf([...(services?.values() ?? [])], [...(slices?.values() ?? [])]))
  const proxies = new Map(
    nodes.map((node) => [node.name, startServiceProxy(proxyNode(node, podNetworks), view, complain, nodes.length)]),
  )
  const spread = (): void => {
    read = undefined
    if (services === undefined || slices === undefined) return
    for (const proxy of proxies.values()) proxy.update()
  }
  const unfollow = [
    api.follow("/api/v1/services", (objects) => {
      services = objects
      spread()
    }),
    api.follow("/apis/discovery.k8s.io/v1/endpointslices", (objects) => {
      slices = objects
      spread()
    }),
  ]
  return {
    pause: (node) => proxies.get(node)?.pause(),
    resume: (node) => proxies.get(node)?.resume(),
    settled: async () => void (await Promise.all([...proxies.values()].map((proxy: ServiceProxy) => proxy.settled()))),
    close: () => {
      for (const stop of unfollow) stop()
      for (const proxy of proxies.values()) proxy.close()
    },
  }
}

const viewOf = (services: readonly JsonObject[], slices: readonly JsonObject[]): ProxyView => {
  const [readServices, readSlices] = [
    services.flatMap((object) => asService(object) ?? []),
    slices.flatMap((object) => asEndpointSlice(object) ?? []),
  ]
  return { services: readServices, slices: readSlices, ports: readProxiedPorts(readServices, readSlices) }
}

const proxyNode = (node: Machine, podNetworks: readonly string[]) => {
  const own = node.links[0].addresses.map((address) => address.split("/")[0]!)
  const of = (texts: readonly string[], family: 4 | 6): string | undefined =>
    texts.find((text) => familyOfText(text) === family)
  return {
    name: node.name,
    addresses: { ip: of(own, 4), ip6: of(own, 6) },
    podNetworks: { ip: of(podNetworks, 4), ip6: of(podNetworks, 6) },
  }
}
