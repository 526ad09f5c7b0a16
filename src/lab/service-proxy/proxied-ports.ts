import type { Json, JsonObject } from "../../kubernetes/http.ts"
import type { Endpoint, Family, ProxiedPort } from "./ruleset.ts"

/** What the API server holds, as far as a service proxy reads it. */
export type ServiceObject = {
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly spec: {
    readonly type?: string
    readonly clusterIP?: string
    readonly clusterIPs?: readonly string[]
    readonly externalIPs?: readonly string[]
    readonly externalTrafficPolicy?: string
    readonly sessionAffinity?: string
    readonly healthCheckNodePort?: number
    readonly loadBalancerSourceRanges?: readonly string[]
    readonly ports?: readonly ServicePortObject[]
  }
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly ipMode?: string }[] }
  }
}

type ServicePortObject = {
  readonly name?: string
  readonly protocol?: string
  readonly port: number
  readonly nodePort?: number
}

export type EndpointSliceObject = {
  readonly metadata: {
    readonly namespace: string
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
  }
  readonly addressType: string
  readonly endpoints?: readonly {
    readonly addresses?: readonly string[]
    readonly nodeName?: string
    readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean }
  }[]
  readonly ports?: readonly { readonly name?: string; readonly protocol?: string; readonly port?: number }[]
}

/** Every port of every Service that has a cluster address, once a family, with the pods that take its traffic. */
export const readProxiedPorts = (
  services: readonly ServiceObject[],
  slices: readonly EndpointSliceObject[],
): ProxiedPort[] => {
  const byService = Map.groupBy(slices, serviceOfSlice)
  return services.flatMap((service) => portsOf(service, byService.get(nameOf(service)) ?? []))
}

export const nameOf = ({
  metadata,
}: {
  readonly metadata: { readonly namespace: string; readonly name: string }
}): string => `${metadata.namespace}/${metadata.name}`

export const serviceOfSlice = ({ metadata }: EndpointSliceObject): string =>
  `${metadata.namespace}/${metadata.labels?.["kubernetes.io/service-name"] ?? ""}`

const portsOf = (service: ServiceObject, slices: readonly EndpointSliceObject[]): ProxiedPort[] => {
  const clusterAddresses =
    service.spec.clusterIPs ?? (service.spec.clusterIP === undefined ? [] : [service.spec.clusterIP])
  if (clusterAddresses.includes("None")) return []
  return clusterAddresses.flatMap((clusterAddress) =>
    (service.spec.ports ?? []).map((port) => portOf(service, port, clusterAddress, slices)),
  )
}

const portOf = (
  service: ServiceObject,
  port: ServicePortObject,
  clusterAddress: string,
  slices: readonly EndpointSliceObject[],
): ProxiedPort => {
  const { spec } = service
  const family = familyOf(clusterAddress)
  const protocol = port.protocol === "UDP" ? "udp" : "tcp"
  const balanced = (service.status?.loadBalancer?.ingress ?? []).flatMap(({ ip, ipMode }) =>
    ip === undefined || ipMode === "Proxy" || spec.type !== "LoadBalancer" ? [] : [ip],
  )
  return {
    name: `${nameOf(service)}:${port.name ?? port.port}`,
    family,
    protocol,
    port: port.port,
    clusterAddress,
    outerAddresses: [...new Set([...balanced, ...(spec.externalIPs ?? [])])].filter(
      (address) => familyOf(address) === family,
    ),
    nodePort: port.nodePort,
    policy: spec.externalTrafficPolicy === "Local" ? "Local" : "Cluster",
    sourceRanges: (spec.loadBalancerSourceRanges ?? []).filter((range) => familyOf(range) === family),
    sticky: spec.sessionAffinity === "ClientIP",
    endpoints: endpointsOf(slices, family, port),
  }
}

const familyOf = (address: string): Family => (address.includes(":") ? "ip6" : "ip")

/** The ready pods, and those that serve while they terminate. */
const endpointsOf = (slices: readonly EndpointSliceObject[], family: Family, port: ServicePortObject): Endpoint[] => {
  const found = slices
    .filter(({ addressType }) => addressType === (family === "ip" ? "IPv4" : "IPv6"))
    .flatMap((slice) => {
      const target = (slice.ports ?? []).find(
        (other) => (other.name ?? "") === (port.name ?? "") && (other.protocol ?? "TCP") === (port.protocol ?? "TCP"),
      )?.port
      return target === undefined ? [] : (slice.endpoints ?? []).map((endpoint) => ({ ...endpoint, target }))
    })
  return found.flatMap(({ addresses, nodeName, conditions, target }) => {
    const terminating = conditions?.ready === false
    if (terminating && !(conditions.serving === true && conditions.terminating === true)) return []
    return (addresses ?? []).slice(0, 1).map((address) => ({ address, port: target, node: nodeName, terminating }))
  })
}

/** Objects come from an API server that has validated them; what is no object of this kind is left out. */
export const asService = (object: Json): ServiceObject | undefined =>
  isNamed(object) && isObject(object["spec"]) ? (object as unknown as ServiceObject) : undefined

export const asEndpointSlice = (object: Json): EndpointSliceObject | undefined =>
  isNamed(object) && typeof object["addressType"] === "string" ? (object as unknown as EndpointSliceObject) : undefined

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const isNamed = (value: Json): value is JsonObject => {
  const metadata = isObject(value) ? value["metadata"] : undefined
  return isObject(metadata) && typeof metadata["name"] === "string" && typeof metadata["namespace"] === "string"
}
