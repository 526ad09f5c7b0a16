import { parseAddress } from "../net/address.ts"
import { parsePrefix } from "../net/prefix.ts"
import type { Json, JsonObject } from "./http.ts"
import { listAt, numberAt, sameJson, textAt, textsAt } from "./json.ts"
import type { Cause } from "./schema-validate.ts"
import { duplicate, forbidden, invalid, required, unsupported } from "./schema-validate.ts"
import { clusterIpsOf, isExternallyAccessible, isExternalName, isHeadless, isLoadBalancer } from "./service-defaults.ts"
import { wantsHealthCheckPort } from "./service-defaults.ts"
import { isQualifiedName, qualifiedNameRule } from "./store-metadata.ts"

/** Rules of core/v1 for a Service whose defaults are filled in; `before` is what an update changes. */
export const validateService = (service: JsonObject, before: JsonObject | undefined): readonly Cause[] => [
  ...checkPorts(service),
  ...checkHeadless(service),
  ...checkEnums(service),
  ...checkAddresses(service),
  ...checkTrafficPolicy(service),
  ...checkClass(service, before),
  ...(before === undefined ? [] : checkImmutable(service, before)),
]

const ENUMS: readonly (readonly [string, readonly string[]])[] = [
  ["type", ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]],
  ["sessionAffinity", ["ClientIP", "None"]],
  ["internalTrafficPolicy", ["Cluster", "Local"]],
  ["ipFamilyPolicy", ["PreferDualStack", "RequireDualStack", "SingleStack"]],
]

const checkEnums = (service: JsonObject): readonly Cause[] => [
  ...ENUMS.flatMap(([name, values]) => oneOf(`spec.${name}`, textAt(service, "spec", name), values)),
  ...textsAt(service, "spec", "ipFamilies").flatMap((family, index) =>
    oneOf(`spec.ipFamilies[${index}]`, family, ["IPv4", "IPv6"]),
  ),
]

const oneOf = (path: string, value: string | undefined, values: readonly string[]): readonly Cause[] =>
  value === undefined || values.includes(value) ? [] : [unsupported(path, value, values)]

const checkPorts = (service: JsonObject): readonly Cause[] => {
  const ports = listAt(service, "spec", "ports")
  if (ports.length === 0) return isHeadless(service) || isExternalName(service) ? [] : [required("spec.ports")]
  const names = new Set<string>()
  const numbers = new Set<string>()
  return ports.flatMap((port, index) => {
    const path = `spec.ports[${index}]`
    const key = `${numberAt(port, "port")}/${textAt(port, "protocol")}`
    const twice = numbers.has(key) ? [duplicate(path, port)] : []
    numbers.add(key)
    return [...checkPort(port, path, ports.length > 1, names), ...twice]
  })
}

const checkPort = (port: Json, path: string, nameNeeded: boolean, names: Set<string>): readonly Cause[] => {
  const name = textAt(port, "name") ?? ""
  const found: Cause[] = []
  if (name === "" && nameNeeded) found.push(required(`${path}.name`))
  if (name !== "" && !/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name))
    found.push(
      invalid(
        `${path}.name`,
        name,
        "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      ),
    )
  if (name !== "" && names.has(name)) found.push(duplicate(`${path}.name`, name))
  names.add(name)
  found.push(...checkNumber(`${path}.port`, numberAt(port, "port") ?? 0))
  found.push(...oneOf(`${path}.protocol`, textAt(port, "protocol"), ["SCTP", "TCP", "UDP"]))
  const target = numberAt(port, "targetPort")
  return target === undefined ? found : [...found, ...checkNumber(`${path}.targetPort`, target)]
}

/** Nothing from outside reaches a Service that has no cluster IP for the packets to be sent to. */
const checkHeadless = (service: JsonObject): readonly Cause[] => {
  const type = textAt(service, "spec", "type") ?? ""
  return isHeadless(service) && ["LoadBalancer", "NodePort"].includes(type)
    ? [invalid("spec.clusterIPs[0]", "None", `may not be set to 'None' for ${type} services`)]
    : []
}

const checkNumber = (path: string, port: number): readonly Cause[] =>
  port >= 1 && port <= 65_535 ? [] : [invalid(path, port, "must be between 1 and 65535, inclusive")]

const NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"

const checkAddresses = (service: JsonObject): readonly Cause[] => [
  ...clusterIpsOf(service).flatMap((ip, index) =>
    ip === "None" || ip === "" || parseAddress(ip) !== undefined
      ? []
      : [invalid(`spec.clusterIPs[${index}]`, ip, NOT_AN_ADDRESS)],
  ),
  ...textsAt(service, "spec", "externalIPs").flatMap((ip, index) =>
    parseAddress(ip) === undefined ? [invalid(`spec.externalIPs[${index}]`, ip, NOT_AN_ADDRESS)] : [],
  ),
  ...textsAt(service, "spec", "loadBalancerSourceRanges").flatMap((range, index) =>
    parsePrefix(range.trim()) === undefined
      ? [
          invalid(
            `spec.LoadBalancerSourceRanges[${index}]`,
            range,
            "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)",
          ),
        ]
      : [],
  ),
  ...(isExternalName(service) && (textAt(service, "spec", "externalName") ?? "") === ""
    ? [required("spec.externalName")]
    : []),
]

const checkTrafficPolicy = (service: JsonObject): readonly Cause[] => {
  const policy = textAt(service, "spec", "externalTrafficPolicy")
  const health = numberAt(service, "spec", "healthCheckNodePort") ?? 0
  const onlyLocal = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
  return [
    ...(policy !== undefined && !isExternallyAccessible(service)
      ? [invalid("spec.externalTrafficPolicy", policy, "may only be set for externally-accessible services")]
      : oneOf("spec.externalTrafficPolicy", policy, ["Cluster", "Local"])),
    ...(health !== 0 && !wantsHealthCheckPort(service) ? [invalid("spec.healthCheckNodePort", health, onlyLocal)] : []),
  ]
}

const checkClass = (service: JsonObject, before: JsonObject | undefined): readonly Cause[] => {
  const name = textAt(service, "spec", "loadBalancerClass")
  const path = "spec.loadBalancerClass"
  if (!isLoadBalancer(service)) {
    const only = "may only be used when `type` is 'LoadBalancer'"
    return [
      ...(name === undefined ? [] : [forbidden(path, only)]),
      ...(textAt(service, "spec", "allocateLoadBalancerNodePorts") === undefined &&
      !sameJson(undefined, fieldOf(service, "allocateLoadBalancerNodePorts"))
        ? [forbidden("spec.allocateLoadBalancerNodePorts", only)]
        : []),
    ]
  }
  const changed = before !== undefined && isLoadBalancer(before) && textAt(before, "spec", "loadBalancerClass") !== name
  return [
    ...(changed ? [invalid(path, name ?? null, "may not change once set")] : []),
    ...(name !== undefined && !isQualifiedName(name) ? [invalid(path, name, qualifiedNameRule)] : []),
  ]
}

const fieldOf = (service: JsonObject, name: string): Json | undefined => {
  const spec = service["spec"]
  return typeof spec === "object" && spec !== null && !Array.isArray(spec) ? (spec as JsonObject)[name] : undefined
}

const checkImmutable = (service: JsonObject, before: JsonObject): readonly Cause[] => {
  const found: Cause[] = []
  const [primary] = clusterIpsOf(service)
  const [had] = clusterIpsOf(before)
  if (
    !isExternalName(service) &&
    !isExternalName(before) &&
    had !== undefined &&
    primary !== undefined &&
    primary !== had
  )
    found.push(invalid("spec.clusterIPs[0]", clusterIpsOf(service), "may not change once set"))
  const [family] = textsAt(service, "spec", "ipFamilies")
  const [hadFamily] = textsAt(before, "spec", "ipFamilies")
  if (family !== undefined && hadFamily !== undefined && family !== hadFamily)
    found.push(invalid("spec.ipFamilies[0]", family, "may not change once set"))
  const health = numberAt(service, "spec", "healthCheckNodePort") ?? 0
  const hadHealth = numberAt(before, "spec", "healthCheckNodePort") ?? 0
  if (wantsHealthCheckPort(service) && wantsHealthCheckPort(before) && health !== 0 && health !== hadHealth)
    found.push(invalid("spec.healthCheckNodePort", health, "field is immutable"))
  return found
}

/** `status.loadBalancer` of a Service, whoever writes it. */
export const validateServiceStatus = (service: JsonObject): readonly Cause[] => {
  const ingress = listAt(service, "status", "loadBalancer", "ingress")
  const path = "status.loadBalancer.ingress"
  if (ingress.length > 0 && !isLoadBalancer(service))
    return [forbidden(path, "may only be used when `spec.type` is 'LoadBalancer'")]
  return ingress.flatMap((entry, index) => checkIngress(entry, `${path}[${index}]`))
}

const checkIngress = (entry: Json, path: string): readonly Cause[] => {
  const ip = textAt(entry, "ip") ?? ""
  const mode = textAt(entry, "ipMode")
  const hostname = textAt(entry, "hostname") ?? ""
  return [
    ...(ip !== "" && parseAddress(ip) === undefined ? [invalid(`${path}.ip`, ip, NOT_AN_ADDRESS)] : []),
    ...(mode !== undefined && ip === ""
      ? [forbidden(`${path}.ipMode`, "may not be specified when `ip` is not set")]
      : oneOf(`${path}.ipMode`, mode, ["Proxy", "VIP"])),
    ...(hostname !== "" && parseAddress(hostname) !== undefined
      ? [invalid(`${path}.hostname`, hostname, "must be a DNS name, not an IP address")]
      : []),
  ]
}
