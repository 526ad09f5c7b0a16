import { anySelects } from "../../cluster/selector.ts"
import { namespaceOf } from "../../cluster/name.ts"
import type { Pool } from "../../cluster/pool.ts"
import type { Service } from "../../cluster/service.ts"
import type { Configuration } from "../../cluster/cluster.ts"
import type { Address } from "../../net/address.ts"
import type { AllocationReason } from "./allocation.ts"

/** Why a pool is not for a Service, by its `serviceAllocation`; undefined: it is. */
export const restriction = (pool: Pool, service: Service): AllocationReason | undefined => {
  const only = pool.onlyFor
  if (only === undefined) return undefined
  if (only.namespaces !== undefined && !only.namespaces.has(namespaceOf(service.name)))
    return { code: "pool-not-for-service", pool: pool.name, rule: "namespace" }
  if (only.services.length > 0 && !anySelects(only.services, service.labels))
    return { code: "pool-not-for-service", pool: pool.name, rule: "selector" }
  return undefined
}

/** Why a pool gives a Service nothing new, whoever asks for it. */
export const closed = (pool: Pool, service: Service): AllocationReason | undefined =>
  pool.fault === "rules" ? { code: "pool-unreadable", pool: pool.name } : restriction(pool, service)

/** Why a pool is left out where no pool was asked for. */
export const leftOut = (pool: Pool, service: Service): AllocationReason | undefined => {
  const reason = closed(pool, service)
  if (reason !== undefined || pool.autoAssign) return reason
  return { code: "pool-not-for-service", pool: pool.name, rule: "auto-assign-off" }
}

/**
 * The two passes of automatic choice: pools with a `serviceAllocation` (lower priority number first, 0 last), then the
 * general ones. Equals stand by name, where MetalLB's order is that of a hash map.
 */
export const passesOf = (configuration: Configuration): readonly (readonly Pool[])[] => {
  const made = passes.get(configuration)
  if (made !== undefined) return made
  const pools = [...configuration.pools.values()]
  const pinned = pools.filter((pool) => pool.onlyFor !== undefined).sort(byPriority)
  const split = [pinned, pools.filter((pool) => pool.onlyFor === undefined)]
  passes.set(configuration, split)
  return split
}

const passes = new WeakMap<Configuration, readonly (readonly Pool[])[]>()

/** `sort` is stable, so equals stay in order of their names. */
const byPriority = (a: Pool, b: Pool): number => (priority(a) < priority(b) ? -1 : priority(a) > priority(b) ? 1 : 0)

const priority = (pool: Pool): number => pool.onlyFor?.priority || Infinity

/** An IPv4 address ending in .0 or .255, which some old equipment takes for a network's or a broadcast's. */
export const isBuggy = (address: Address): boolean =>
  typeof address === "number" && (address % 256 === 0 || address % 256 === 255)
