import type { Bar, Behind, Election, SilentReason, WhyNot } from "../decision/elect/election.ts"
import { printAddress } from "../net/address.ts"
import { listed } from "./list.ts"

/** Why nobody answers for a group, as a clause with what to do. */
export const silentSentence = (reason: SilentReason): string => {
  switch (reason.code) {
    case "pool-not-for-it":
      return `its pool is not for ${reason.service}; the controller will give it another address`
    case "pool-gone":
      return `${reason.service} was given it from pool ${reason.pool}, which is gone: speakers that saw that pool answer on until the ledger frees the address, one started since does not know its labels, by which the L2Advertisements select; create the pool again, or let the release happen (condition ReleaseWaits)`
    case "not-in-status":
      return `the status of ${reason.service} does not name it yet; is the controller running?`
    case "node-address":
      return `it is the own address of node ${reason.node}, whose kernel answers for it: take it out of the pool and give ${reason.service} another`
    case "no-endpoints":
      return `no pod of ${reason.service} is ready; look at them: kubectl get endpointslices -n ${reason.service.replace("/", " -l kubernetes.io/service-name=")}`
    case "no-advertisement":
      return `no L2Advertisement speaks of pool ${reason.pool}; create one`
    case "not-advertised":
      return `the L2Advertisements of pool ${reason.pool} select other Services than ${reason.service}; mend their serviceSelectors or its labels`
    case "shared-with-service-selectors":
      return `${reason.service} shares its address, and L2Advertisement ${reason.advertisement} has serviceSelectors: the two exclude each other; drop one`
    case "candidates-disjoint":
      return `${listed(reason.services)} share the address, but no node may answer for both; make them Cluster, or give one its own address`
    case "no-candidate":
      return `no node may answer for ${reason.service}; each node's reason: porchlight explain ${reason.service}`
  }
}

/** Why a node may not answer, as a clause. */
export const barSentence = (bar: Bar): string => {
  switch (bar.code) {
    case "unknown-node":
      return "there is no such node"
    case "excluded":
      return "excluded by label exclude-from-external-load-balancers"
    case "network-unavailable":
      return "its condition NetworkUnavailable is True"
    case "leaving":
      return "it is being drained (porchlight.dev/drain)"
    case "no-local-endpoint":
      return `no ready pod of ${bar.service} runs there, and the Service is Local`
    case "not-selected":
      return `the nodeSelectors of L2Advertisement ${listed(bar.advertisements)} leave it out`
    case "no-interface":
      return bar.wanted.length === 0
        ? "its speaker reports no interface to answer on"
        : `it has none of the interfaces ${listed(bar.wanted)}`
    case "interface-down":
      return `${listed(bar.interfaces)} ${bar.interfaces.length === 1 ? "is" : "are"} down`
    case "interface-enslaved":
      return `${bar.interface} belongs to ${bar.master}, which answers in its place; name that one`
  }
}

/** Why a node stands behind the one before it. */
export const behindSentence = ({ node, by }: Behind): string => {
  switch (by) {
    case "preference":
      return `${node} is preferred (preferredNodeSelectors)`
    case "subnet":
      return `${node} is on the address' network`
    case "cable":
      return `${node} is on a cable, and this node on Wi-Fi only`
    case "hash":
      return `${node} has the lower SHA-256 of node#address, as in MetalLB`
  }
}

export const whyNotSentence = (why: WhyNot): string => {
  switch (why.kind) {
    case "barred":
      return `may not: ${why.bars.map(barSentence).join("; ")}`
    case "behind":
      return `may, behind: ${behindSentence(why.behind)}`
    case "group-silent":
      return `may, but nobody does: ${why.because.map(silentSentence).join(". Also: ")}`
    case "first":
      return "first in order"
  }
}

/** Who may answer for a group, in one line. */
export const electionSummary = ({ group, outcome }: Election): string => {
  const what = listed(group.addresses.map(printAddress))
  return outcome.kind === "ordered"
    ? `${what}: ${outcome.order.map(({ node }) => node).join(", then ")}`
    : `${what}: nobody answers: ${outcome.because.map(silentSentence).join(". Also: ")}`
}
