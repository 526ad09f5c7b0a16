import type { Json, JsonObject } from "./http.ts"
import { isObject, listAt, numberAt, objectAt, sameJson, textAt, textsAt, withField, withoutField } from "./json.ts"

export const isLoadBalancer = (service: JsonObject): boolean => textAt(service, "spec", "type") === "LoadBalancer"
export const isExternalName = (service: JsonObject): boolean => textAt(service, "spec", "type") === "ExternalName"
export const isHeadless = (service: JsonObject): boolean => textAt(service, "spec", "clusterIP") === "None"

/** Type NodePort or LoadBalancer, or with external IPs: what an externalTrafficPolicy is about. */
export const isExternallyAccessible = (service: JsonObject): boolean =>
  ["LoadBalancer", "NodePort"].includes(textAt(service, "spec", "type") ?? "") ||
  (textAt(service, "spec", "type") === "ClusterIP" && listAt(service, "spec", "externalIPs").length > 0)

export const wantsHealthCheckPort = (service: JsonObject): boolean =>
  isLoadBalancer(service) && textAt(service, "spec", "externalTrafficPolicy") === "Local"

/** Kubernetes: ClientIP affinity lasts three hours. */
const AFFINITY_SECONDS = 10_800

/** Defaults of core/v1 that need no allocation. */
export const defaultService = (service: JsonObject): JsonObject => {
  const spec: Record<string, Json> = { ...objectAt(service, "spec") }
  spec["sessionAffinity"] ??= "None"
  spec["type"] ??= "ClusterIP"
  if (spec["sessionAffinity"] === "None") delete spec["sessionAffinityConfig"]
  if (
    spec["sessionAffinity"] === "ClientIP" &&
    numberAt(spec, "sessionAffinityConfig", "clientIP", "timeoutSeconds") === undefined
  )
    spec["sessionAffinityConfig"] = { clientIP: { timeoutSeconds: AFFINITY_SECONDS } }
  if (Array.isArray(spec["ports"])) spec["ports"] = spec["ports"].map(defaultPort)
  const typed: JsonObject = { ...service, spec }
  if (isExternallyAccessible(typed)) spec["externalTrafficPolicy"] ??= "Cluster"
  if (!isExternalName(typed)) spec["internalTrafficPolicy"] ??= "Cluster"
  if (!isLoadBalancer(typed)) return withStatus(typed)
  spec["allocateLoadBalancerNodePorts"] ??= true
  return withStatus(withIpModes(typed))
}

const defaultPort = (port: Json): Json => {
  if (!isObject(port)) return port
  const target = port["targetPort"]
  const missing = target === undefined || target === 0 || target === ""
  return {
    ...port,
    protocol: port["protocol"] ?? "TCP",
    ...(missing && port["port"] !== undefined ? { targetPort: port["port"] } : {}),
  }
}

/** A real server stores the mode with every address in a status. */
const withIpModes = (service: JsonObject): JsonObject => {
  const ingress = listAt(service, "status", "loadBalancer", "ingress")
  if (ingress.length === 0) return service
  const withModes = ingress.map((entry) =>
    isObject(entry) && typeof entry["ip"] === "string" && entry["ip"] !== "" && entry["ipMode"] === undefined
      ? { ...entry, ipMode: "VIP" }
      : entry,
  )
  return withField(service, ["status", "loadBalancer", "ingress"], withModes)
}

/** `status.loadBalancer` is there even when empty. */
const withStatus = (service: JsonObject): JsonObject =>
  withField(service, ["status", "loadBalancer"], objectAt(service, "status", "loadBalancer"))

/** `clusterIP` is the first of `clusterIPs`: who changes only the one means both (Kubernetes: only on update). */
const withNewClusterIp = (service: JsonObject, before: JsonObject): JsonObject => {
  const ip = textAt(service, "spec", "clusterIP") ?? ""
  const [first, ...others] = clusterIpsOf(service)
  const changedAlone =
    ip !== textAt(before, "spec", "clusterIP") && sameJson(clusterIpsOf(service), clusterIpsOf(before))
  if (ip === "" || first === undefined || first === ip || !changedAlone) return service
  return withField(service, ["spec", "clusterIPs"], [ip, ...others])
}

/** Fields of the old type that the client did not touch go with the type (Kubernetes: only on update). */
export const dropForType = (service: JsonObject, before: JsonObject): JsonObject => {
  const spec = objectAt(service, "spec")
  const old = objectAt(before, "spec")
  const same = (name: string): boolean => sameJson(spec[name], old[name])
  const typed = defaultService(service)
  const named = withNewClusterIp(service, before)
  const gone: string[] = []
  const dropWhen = (was: boolean, is: boolean, ...names: readonly string[]): void => {
    if (was && !is) gone.push(...names.filter(same))
  }
  dropWhen(!isExternalName(before), !isExternalName(typed), ...OF_CLUSTER_IPS)
  dropWhen(wantsHealthCheckPort(before), wantsHealthCheckPort(typed), "healthCheckNodePort")
  dropWhen(isLoadBalancer(before), isLoadBalancer(typed), "allocateLoadBalancerNodePorts", "loadBalancerClass")
  dropWhen(isExternallyAccessible(before), isExternallyAccessible(typed), "externalTrafficPolicy")
  const kept = { ...named, spec: withoutField(objectAt(named, "spec"), ...gone) }
  const withPorts = dropsNodePorts(typed, before) ? withoutNodePorts(kept) : kept
  return isLoadBalancer(typed) ? withPorts : withField(withPorts, ["status", "loadBalancer"], {})
}

const OF_CLUSTER_IPS = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "internalTrafficPolicy"]

export const wantsNodePorts = (service: JsonObject): boolean =>
  ["LoadBalancer", "NodePort"].includes(textAt(service, "spec", "type") ?? "")

const nodePortsOf = (service: JsonObject): readonly number[] =>
  listAt(service, "spec", "ports").flatMap((port) => numberAt(port, "nodePort") ?? [])

const dropsNodePorts = (service: JsonObject, before: JsonObject): boolean =>
  wantsNodePorts(before) &&
  !wantsNodePorts(service) &&
  nodePortsOf(service).every((port) => nodePortsOf(before).includes(port))

const withoutNodePorts = (service: JsonObject): JsonObject =>
  withField(
    service,
    ["spec", "ports"],
    listAt(service, "spec", "ports").map((port) => (isObject(port) ? withoutField(port, "nodePort") : port)),
  )

export const selectorIsEmpty = (service: JsonObject): boolean =>
  Object.keys(objectAt(service, "spec", "selector")).length === 0

export const clusterIpsOf = (service: JsonObject): readonly string[] => textsAt(service, "spec", "clusterIPs")
