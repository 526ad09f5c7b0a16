/** What stories of allocation have in common. */
import { printAddress } from "../../net/address.ts"
import { poolObject, serviceObject, type ServiceStory } from "../../cluster/cluster-fixture.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { ServiceName } from "../../cluster/name.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import type { Allocation } from "./allocation.ts"
import { allocate } from "./allocator.ts"

export const now = 1_800_000_000

export const porch: JsonObject = poolObject("porch", ["192.168.40.200-192.168.40.219"])

export const wishing = (name: string, addresses: string, story: ServiceStory = {}): JsonObject =>
  serviceObject(name, { ...story, annotations: { "metallb.io/loadBalancerIPs": addresses } })

export const allocationIn = (cluster: Cluster, name: string): Allocation =>
  allocate(cluster, now).get(name as ServiceName)!

export const given = (cluster: Cluster, at: number = now): Record<string, string | undefined> =>
  Object.fromEntries(
    [...allocate(cluster, at)].map(([name, one]) => [
      name,
      one.kind === "kept" || one.kind === "given" ? one.addresses.map(printAddress).join(" ") : undefined,
    ]),
  )

export const reasons = (cluster: Cluster, name: string): readonly string[] => {
  const allocation = allocationIn(cluster, name)
  return allocation.kind === "pending" ? allocation.because.map(({ code }) => code) : [allocation.kind]
}
