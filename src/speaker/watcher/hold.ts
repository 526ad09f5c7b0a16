import type { Cluster } from "../../cluster/cluster.ts"
import type { NodeName } from "../../cluster/name.ts"
import type { Election } from "../../decision/elect/election.ts"
import { interfacesFor } from "../../decision/elect/why-not.ts"
import type { Hold } from "../intent.ts"

/**
 * What this node's announcer must know of an election. A group that nobody may answer for stays known, with an empty
 * order: only a grant that is over leaves the view.
 */
export const holdOf = (cluster: Cluster, election: Election, node: NodeName, ready: boolean): Hold => {
  const { group, outcome } = election
  const order = outcome.kind === "ordered" ? outcome.order : []
  const isCandidate = order.some((candidate) => candidate.node === node)
  return {
    key: group.addresses[0],
    addresses: group.addresses,
    grant: group.grant,
    links: isCandidate ? linksFor(cluster, election, node) : undefined,
    order,
    ready,
    moveTo: group.moveTo,
  }
}

const linksFor = (cluster: Cluster, election: Election, node: NodeName): readonly string[] | undefined => {
  if (cluster.configuration.advertisements.every(({ interfaces }) => interfaces.length === 0)) return undefined
  const names = interfacesFor(cluster, election, node)
  return names === undefined ? undefined : [...names].sort()
}
