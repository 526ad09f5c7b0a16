import type { Cluster } from "../cluster/cluster.ts"
import { sameValue } from "../cluster/equal.ts"
import { resourceOf } from "../cluster/kind-resource.ts"
import type { PoolName } from "../cluster/name.ts"
import type { Allocator } from "../decision/allocate/allocator.ts"
import { capacityOf } from "../decision/allocate/pool-use.ts"
import type { JsonObject } from "../kubernetes/http.ts"
import { numberAt, objectAt } from "../kubernetes/json.ts"
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

/** Writes MetalLB's four counters into the pools' status. */
export type PoolStatusKeeper = {
  /** The pool as the API server has it; undefined: gone. */
  readonly saw: (pool: string, object: JsonObject | undefined) => void
  /** The writes that make each status true; none where it is, or where that write is under way. */
  readonly writes: (uses: readonly PoolUse[]) => readonly { readonly key: string; readonly call: Call }[]
  /** The write of that pool ended, well or not. */
  readonly ended: (pool: string) => void
  /** Writes under way are forgotten: they were withdrawn. */
  readonly forget: () => void
}

export const poolKey = (pool: PoolName): string => `pool/${pool}`

export const createPoolStatusKeeper = (namespace: string): PoolStatusKeeper => {
  const written = new Map<string, JsonObject>()
  const asked = new Map<string, JsonObject>()
  const write = (use: PoolUse): { readonly key: string; readonly call: Call } | undefined => {
    const status = statusOf(use)
    const before = written.get(use.pool)
    const isTrue = Object.keys(status).every((name) => numberAt(before, name) === status[name])
    if (before === undefined || isTrue || sameValue(asked.get(use.pool), status)) return undefined
    asked.set(use.pool, status)
    const place = { resource: resourceOf.IPAddressPool, name: use.pool, namespace, subresource: "status" } as const
    return { key: poolKey(use.pool), call: mergePatchCall(place, { status }) }
  }
  return {
    saw: (pool, object) =>
      object === undefined ? void written.delete(pool) : void written.set(pool, objectAt(object, "status")),
    writes: (uses) => uses.flatMap((use) => write(use) ?? []),
    ended: (pool) => void asked.delete(pool),
    forget: () => asked.clear(),
  }
}

/** JSON has no int64: beyond 2^53 the nearest double is sent, below 2^63 so that the server's integer holds it. */
const largestNumber = 9_223_372_036_854_774_784

const statusOf = (use: PoolUse): JsonObject => ({
  assignedIPv4: use.assignedIpv4,
  assignedIPv6: use.assignedIpv6,
  availableIPv4: use.availableIpv4,
  availableIPv6: Math.min(largestNumber, Number(use.availableIpv6)),
})
