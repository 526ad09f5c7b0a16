import type { Cluster } from "../cluster/cluster.ts"
import type { NodeName } from "../cluster/name.ts"
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
  const unheard = unheardNodes(cluster)
  for (const [node, report] of cluster.speakers) {
    if (unheard.has(node)) continue
    for (const address of report.holds.keys()) holders.set(address, [...(holders.get(address) ?? []), node])
    for (const [address, contest] of report.contested)
      if (!contested.has(address)) contested.set(address, { ...contest, seenBy: node })
  }
  return { holders, contested }
}

/**
 * Nodes that no speaker hears: what their Speaker objects say is what they said last. Where nobody hears anybody (one
 * node, or beats filtered everywhere) that tells nothing.
 */
const unheardNodes = ({ speakers }: Cluster): ReadonlySet<NodeName> => {
  const heard = new Set([...speakers.values()].flatMap(({ hears }) => hears))
  return new Set(heard.size === 0 ? [] : [...speakers.keys()].filter((node) => !heard.has(node)))
}

/** What the controller says about a Service in conditions, and which of them stay as they stand for now. */
export type ServiceConditions = { readonly wanted: readonly Condition[]; readonly left: readonly Condition["type"][] }

/**
 * `announcing` undefined: it is not the time to look at what speakers report, so that condition stays. So it does while
 * `held`, a release of the address that waits for a person (who announces it goes on), and until the status that makes
 * speakers announce is written.
 */
export const serviceConditions = (
  allocation: Allocation,
  election: Election | undefined,
  announcing: Announcing | undefined,
  held: MassRelease | undefined,
): ServiceConditions => {
  const allocated = allocatedCondition(allocation, held)
  if (allocated === undefined) return { wanted: [], left: [] }
  const isTooEarly = announcing === undefined || held !== undefined || waitsForStatus(election)
  if (isTooEarly) return { wanted: [allocated], left: ["porchlight.dev/Announced"] }
  return { wanted: [allocated, announcedCondition(addressesOf(allocation), election, announcing)], left: [] }
}

const waitsForStatus = (election: Election | undefined): boolean =>
  election?.outcome.kind === "nobody" && election.outcome.because.some(({ code }) => code === "not-in-status")
