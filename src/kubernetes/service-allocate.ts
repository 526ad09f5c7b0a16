import type { Address } from "../net/address.ts"
import { parseAddress, printAddress } from "../net/address.ts"
import type { Prefix } from "../net/prefix.ts"
import { parsePrefix, prefixHolds } from "../net/prefix.ts"
import type { Json, JsonObject } from "./http.ts"
import { isObject, listAt, numberAt, objectAt, textAt, withField } from "./json.ts"
import type { Cause } from "./schema-validate.ts"
import { invalid } from "./schema-validate.ts"
import { clusterIpsOf, isExternalName, isHeadless, wantsHealthCheckPort, wantsNodePorts } from "./service-defaults.ts"
import type { ServiceFamily } from "./service-families.ts"
import { withFamilies } from "./service-families.ts"

/** Cluster IPs and node ports in use, and the giving of new ones. It learns what is in use from stored Services. */
export type ServiceAllocations = {
  readonly allocate: (service: JsonObject, before: JsonObject | undefined) => JsonObject | readonly Cause[]
  /** A Service was stored, changed or deleted. */
  readonly note: (before: JsonObject | undefined, after: JsonObject | undefined) => void
}

const NODE_PORT_MIN = 30_000
const NODE_PORT_MAX = 32_767
/** Kubernetes keeps the low end of a range for those who name an address or port themselves. */
const NAMED_PORTS = 86
const NAMED_ADDRESSES_MAX = 256

type Pool = { readonly family: ServiceFamily; readonly prefix: Prefix; next: bigint }

/** `cidrs`: the cluster's Service ranges, the first is the default family. Throws where one is no prefix. */
export const createServiceAllocations = (cidrs: readonly string[]): ServiceAllocations => {
  const pools = cidrs.map(readPool)
  const ips = new Map<string, number>()
  const ports = new Map<number, number>()
  const allocator: Allocator = { pools, ips, ports, nextPort: NODE_PORT_MIN + NAMED_PORTS }
  return {
    allocate: (service, before) => allocate(allocator, service, before),
    note: (before, after) => {
      count(ips, before === undefined ? [] : heldIps(before), -1)
      count(ports, before === undefined ? [] : heldPorts(before), -1)
      count(ips, after === undefined ? [] : heldIps(after), 1)
      count(ports, after === undefined ? [] : heldPorts(after), 1)
    },
  }
}

type Allocator = {
  readonly pools: readonly Pool[]
  readonly ips: Map<string, number>
  readonly ports: Map<number, number>
  nextPort: number
}

const readPool = (cidr: string): Pool => {
  const prefix = parsePrefix(cidr)
  if (prefix === undefined) throw new Error(`Service range ${cidr} is no prefix: write it like 10.96.0.0/16`)
  return { family: prefix.family === 4 ? "IPv4" : "IPv6", prefix, next: 1n + namedAddresses(prefix) }
}

const sizeOf = (prefix: Prefix): bigint => 1n << BigInt((prefix.family === 4 ? 32 : 128) - prefix.length)
const namedAddresses = (prefix: Prefix): bigint => {
  const sixteenth = sizeOf(prefix) / 16n
  return sixteenth > BigInt(NAMED_ADDRESSES_MAX) ? BigInt(NAMED_ADDRESSES_MAX) : sixteenth
}

const count = <K>(uses: Map<K, number>, keys: readonly K[], by: 1 | -1): void => {
  for (const key of keys) {
    const left = (uses.get(key) ?? 0) + by
    if (left > 0) uses.set(key, left)
    else uses.delete(key)
  }
}

const heldIps = (service: JsonObject): readonly string[] => clusterIpsOf(service).filter((ip) => ip !== "None")
const heldPorts = (service: JsonObject): readonly number[] => {
  const health = numberAt(service, "spec", "healthCheckNodePort") ?? 0
  const named = listAt(service, "spec", "ports").flatMap((port) => numberAt(port, "nodePort") ?? [])
  return [...new Set([...named, health])].filter((port) => port > 0)
}

const allocate = (
  from: Allocator,
  service: JsonObject,
  before: JsonObject | undefined,
): JsonObject | readonly Cause[] => {
  const kept = before === undefined ? service : keepAllocated(service, before)
  const families = withFamilies(
    kept,
    before,
    from.pools.map((pool) => pool.family),
  )
  if (isCauses(families)) return families
  const addressed = isExternalName(families) ? families : withClusterIps(from, families, before)
  if (isCauses(addressed)) return addressed
  const ported = wantsNodePorts(addressed) ? withNodePorts(from, addressed, before) : addressed
  return isCauses(ported) ? ported : withHealthCheckPort(from, ported)
}

const isCauses = (value: JsonObject | readonly Cause[]): value is readonly Cause[] => Array.isArray(value)

/** A client that left out what the server had chosen keeps it (PUT of an old manifest). */
const keepAllocated = (service: JsonObject, before: JsonObject): JsonObject => {
  const spec: Record<string, Json> = { ...objectAt(service, "spec") }
  const old = objectAt(before, "spec")
  if (!isExternalName(service) && !isExternalName(before)) {
    if (old["clusterIP"] !== undefined) spec["clusterIP"] ??= old["clusterIP"]
    if (spec["clusterIP"] === old["clusterIP"] && old["clusterIPs"] !== undefined)
      spec["clusterIPs"] ??= old["clusterIPs"]
  }
  if (wantsHealthCheckPort(service) && old["healthCheckNodePort"] !== undefined)
    spec["healthCheckNodePort"] ??= old["healthCheckNodePort"]
  if (wantsNodePorts(service)) spec["ports"] = keepNodePorts(listAt(service, "spec", "ports"), listAt(old, "ports"))
  return { ...service, spec }
}

const keepNodePorts = (ports: readonly Json[], old: readonly Json[]): readonly Json[] => {
  const taken = new Set(ports.map((port) => numberAt(port, "nodePort")))
  return ports.map((port) => {
    if (!isObject(port) || (numberAt(port, "nodePort") ?? 0) > 0) return port
    const match = old.find(
      (one) => isObject(one) && one["port"] === port["port"] && one["protocol"] === port["protocol"],
    )
    const nodePort = numberAt(match, "nodePort")
    return nodePort === undefined || taken.has(nodePort) ? port : { ...port, nodePort }
  })
}

const withClusterIps = (
  from: Allocator,
  service: JsonObject,
  before: JsonObject | undefined,
): JsonObject | readonly Cause[] => {
  const named = textAt(service, "spec", "clusterIP") ?? ""
  const asked = clusterIpsOf(service).length === 0 && named !== "" ? [named] : clusterIpsOf(service)
  if (isHeadless(service)) return withIps(service, ["None"])
  const had = before === undefined ? [] : heldIps(before)
  const ips: string[] = []
  for (const [index, family] of listAt(service, "spec", "ipFamilies").entries()) {
    const wanted = asked[index]
    const pool = from.pools.find((one) => one.family === family)
    if (pool === undefined) continue
    if (wanted === undefined) {
      const free = nextAddress(from, pool)
      if (free === undefined)
        return [invalid("spec.clusterIPs", asked, "failed to allocate a serviceIP: range is full")]
      ips.push(free)
    } else {
      const why = had.includes(wanted) ? undefined : whyNot(from, pool, wanted)
      if (why !== undefined) return [invalid("spec.clusterIPs", asked, `failed to allocate IP ${wanted}: ${why}`)]
      ips.push(wanted)
    }
  }
  return withIps(service, ips)
}

const withIps = (service: JsonObject, ips: readonly string[]): JsonObject =>
  withField(withField(service, ["spec", "clusterIP"], ips[0]), ["spec", "clusterIPs"], ips)

const whyNot = (from: Allocator, pool: Pool, wanted: string): string | undefined => {
  const address = parseAddress(wanted)
  if (address === undefined || !prefixHolds(pool.prefix, address))
    return "the provided network does not match the current range"
  return from.ips.has(wanted) ? "provided IP is already allocated" : undefined
}

/** The next free one after the last given, so that a freed address rests. The first and last are never given. */
const nextAddress = (from: Allocator, pool: Pool): string | undefined => {
  const size = sizeOf(pool.prefix)
  const tries = size < 100_000n ? size : BigInt(from.ips.size) + 2n
  for (let tried = 0n; tried < tries; tried += 1n) {
    const offset = pool.next
    pool.next = offset + 1n >= size - 1n ? 1n : offset + 1n
    const text = printAddress(addressAt(pool.prefix, offset))
    if (!from.ips.has(text)) return text
  }
  return undefined
}

const addressAt = (prefix: Prefix, offset: bigint): Address =>
  (prefix.family === 4 ? prefix.address + Number(offset) : prefix.address + offset) as Address

const withNodePorts = (
  from: Allocator,
  service: JsonObject,
  before: JsonObject | undefined,
): JsonObject | readonly Cause[] => {
  const had = before === undefined ? [] : heldPorts(before)
  const skip = objectAt(service, "spec")["allocateLoadBalancerNodePorts"] === false
  const given = new Map<number, number>()
  const ports: Json[] = []
  for (const [index, port] of listAt(service, "spec", "ports").entries()) {
    const wanted = numberAt(port, "nodePort") ?? 0
    const number = numberAt(port, "port") ?? 0
    const path = `spec.ports[${index}].nodePort`
    if (wanted > 0) {
      if (wanted < NODE_PORT_MIN || wanted > NODE_PORT_MAX)
        return [
          invalid(
            path,
            wanted,
            `provided port is not in the valid range. The range of valid ports is ${NODE_PORT_MIN}-${NODE_PORT_MAX}`,
          ),
        ]
      if (from.ports.has(wanted) && !had.includes(wanted))
        return [invalid(path, wanted, "provided port is already allocated")]
      given.set(number, wanted)
      ports.push(port)
    } else if (skip || !isObject(port)) ports.push(port)
    else {
      const nodePort = given.get(number) ?? nextNodePort(from, given)
      if (nodePort === undefined) return [invalid(path, 0, "failed to allocate a nodePort: range is full")]
      given.set(number, nodePort)
      ports.push({ ...port, nodePort })
    }
  }
  return withField(service, ["spec", "ports"], ports)
}

const nextNodePort = (from: Allocator, given: ReadonlyMap<number, number>): number | undefined => {
  const taken = new Set(given.values())
  for (let tried = NODE_PORT_MIN; tried <= NODE_PORT_MAX; tried += 1) {
    const port = from.nextPort
    from.nextPort = port === NODE_PORT_MAX ? NODE_PORT_MIN : port + 1
    if (!from.ports.has(port) && !taken.has(port)) return port
  }
  return undefined
}

const withHealthCheckPort = (from: Allocator, service: JsonObject): JsonObject => {
  if (!wantsHealthCheckPort(service) || (numberAt(service, "spec", "healthCheckNodePort") ?? 0) > 0) return service
  const mine = new Map(heldPorts(service).map((port) => [port, port]))
  return withField(service, ["spec", "healthCheckNodePort"], nextNodePort(from, mine))
}
