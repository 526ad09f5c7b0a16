import type { Cluster } from "../cluster/cluster.ts"
import { resourceOf } from "../cluster/kind-resource.ts"
import type { PoolName } from "../cluster/name.ts"
import type { Allocator } from "../decision/allocate/allocator.ts"
import { capacityOf } from "../decision/allocate/pool-use.ts"
import type { JsonObject } from "../kubernetes/http.ts"
import { numberAt, objectAt } from "../kubernetes/json.ts"
import type { KubernetesObject } from "../kubernetes/object.ts"
import { type Call, mergePatchCall } from "../kubernetes/request.ts"
import type { PoolUse } from "./output.ts"

export const poolUses = (cluster: Cluster, allocator: Allocator): readonly PoolUse[] =>
  [...cluster.configuration.pools.values()].map((pool) => {
    const taken = [allocator.use(pool.name, 4)?.taken ?? 0, allocator.use(pool.name, 6)?.taken ?? 0] as const
    return {
      pool: pool.name,
      assignedIpv4: taken[0],
      assignedIpv6: taken[1],
      availableIpv4: Math.max(0, Number(capacityOf(pool, 4)) - taken[0]),
      availableIpv6: atLeastZero(BigInt(capacityOf(pool, 6)) - BigInt(taken[1])),
    }
  })

const atLeastZero = (count: bigint): bigint => (count < 0n ? 0n : count)

/** JSON has no int64: beyond 2^53 the nearest double is sent, below 2^63 so that the server's integer holds it. */
const largestNumber = 9_223_372_036_854_774_784

/** The patch of an IPAddressPool's status, or undefined where it says so already. MetalLB's four counters. */
export const poolStatusWrite = (
  use: PoolUse,
  object: KubernetesObject | undefined,
  namespace: string,
): { readonly key: string; readonly call: Call } | undefined => {
  const status: JsonObject = {
    assignedIPv4: use.assignedIpv4,
    assignedIPv6: use.assignedIpv6,
    availableIPv4: use.availableIpv4,
    availableIPv6: Math.min(largestNumber, Number(use.availableIpv6)),
  }
  const before = objectAt(object, "status")
  if (object === undefined || Object.keys(status).every((name) => numberAt(before, name) === status[name]))
    return undefined
  const place = { resource: resourceOf.IPAddressPool, name: use.pool, namespace, subresource: "status" } as const
  return { key: poolKey(use.pool), call: mergePatchCall(place, { status }) }
}

export const poolKey = (pool: PoolName): string => `pool/${pool}`
