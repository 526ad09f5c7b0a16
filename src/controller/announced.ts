import type { Cluster } from "../cluster/cluster.ts"
import type { NodeName, ServiceName } from "../cluster/name.ts"
import type { Service } from "../cluster/service.ts"
import type { Contest } from "../cluster/speaker-report.ts"
import type { Allocation } from "../decision/allocate/allocation.ts"
import { addressesOf } from "../decision/allocate/ledger-change.ts"
import type { MassRelease } from "../decision/allocate/release-brake.ts"
import type { Election } from "../decision/elect/election.ts"
import type { Address } from "../net/address.ts"
import { allocatedCondition, announcedCondition, type Announcing } from "../wording/condition.ts"
import type { Condition } from "./service-status.ts"

/** Who answers for what, by address, from every Speaker object. */
export const announcingOf = (cluster: Cluster): Announcing => {
  const holders = new Map<Address, readonly NodeName[]>()
  const contested = new Map<Address, Contest & { readonly seenBy: NodeName }>()
  for (const [node, report] of cluster.speakers) {
    for (const address of report.holds.keys()) holders.set(address, [...(holders.get(address) ?? []), node])
    for (const [address, contest] of report.contested)
      if (!contested.has(address)) contested.set(address, { ...contest, seenBy: node })
  }
  return { holders, contested }
}

/** Both conditions of a Service; none for one that is no load balancer any more. */
export const serviceConditions = (
  service: Service,
  allocation: Allocation,
  election: Election | undefined,
  announcing: Announcing,
  held: MassRelease | undefined,
): readonly Condition[] => {
  const waits = held?.services.includes(service.name satisfies ServiceName) ? held : undefined
  const allocated = allocatedCondition(allocation, waits)
  if (allocated === undefined) return []
  return [allocated, announcedCondition(addressesOf(allocation), election, announcing)]
}
