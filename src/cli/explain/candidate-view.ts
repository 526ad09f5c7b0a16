import type { NodeName } from "../../cluster/name.ts"
import { asNonEmpty } from "../../decision/allocate/occupancy.ts"
import type { Election } from "../../decision/elect/election.ts"
import { whyNot } from "../../decision/elect/why-not.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { printAddress } from "../../net/address.ts"
import { barSentence, behindSentence, silentSentence } from "../../wording/election.ts"
import type { Hold } from "../survey/speaker-view.ts"
import { heardBy, type Survey } from "../survey/survey.ts"
import { tell, tellAll, type Told } from "../told.ts"

/** Who may answer for an address group and why each other node may not: what is decided, without who does. */
export type OrderView = {
  readonly addresses: readonly string[]
  /** Services that share the addresses, oldest first. */
  readonly services: readonly string[]
  readonly candidates: readonly CandidateView[]
  /** Nodes that may not, those of the same reasons together. */
  readonly barred: readonly BarredView[]
  /** Why nobody answers; empty where somebody may. */
  readonly silent: readonly Told[]
}

export type CandidateView = {
  readonly node: string
  /** Why it stands behind the one before it; the first stands behind nobody. */
  readonly behind: Told | undefined
  /** No other speaker hears it. */
  readonly unheard?: true
}

export type BarredView = { readonly nodes: readonly string[]; readonly reasons: readonly Told[] }

/** A node's own report that it answers for an address. */
export type HoldView = {
  readonly address: string
  readonly node: string
  readonly link: string
  readonly since: string | undefined
  readonly heardBy: readonly string[] | undefined
  /** How long before the facts were read the gateway last asked for the address or answered about it. */
  readonly gatewaySawItSecondsAgo: number | undefined
}

export const orderView = ({ settled: { cluster }, hearing }: Survey, election: Election): OrderView => {
  const { group, outcome } = election
  const order = outcome.kind === "ordered" ? outcome.order : []
  const barred = new Map<string, { nodes: NodeName[]; reasons: readonly Told[] }>()
  for (const node of [...cluster.nodes.keys()].toSorted()) {
    const why = whyNot(cluster, election, node)
    if (why.kind !== "barred") continue
    const reasons = tellAll(why.bars, barSentence)
    const same = barred.get(reasons.map(({ says }) => says).join("; "))
    if (same === undefined) barred.set(reasons.map(({ says }) => says).join("; "), { nodes: [node], reasons })
    else same.nodes.push(node)
  }
  return {
    addresses: group.addresses.map(printAddress),
    services: group.services,
    candidates: order.map(({ node }) => ({
      node,
      behind: behindOf(whyNot(cluster, election, node)),
      ...(hearing.unheard.has(node) && { unheard: true as const }),
    })),
    barred: [...barred.values()],
    silent: outcome.kind === "nobody" ? tellAll(outcome.because, silentSentence) : [],
  }
}

const behindOf = (why: ReturnType<typeof whyNot>): Told | undefined =>
  why.kind === "behind" ? tell({ code: why.behind.by, ...why.behind }, behindSentence) : undefined

export const holdView = (survey: Survey, hold: Hold): HoldView => ({
  address: printAddress(hold.address),
  node: hold.node,
  link: hold.link,
  since: hold.since === undefined ? undefined : printTimestamp(hold.since),
  heardBy: heardBy(survey, hold.node),
  gatewaySawItSecondsAgo:
    hold.gatewayConfirmedAt === undefined
      ? undefined
      : Math.max(0, Math.round(survey.readAt - hold.gatewayConfirmedAt)),
})

/** The first in order who is there and does not hold all of the group's addresses already. */
export const nextAfter = ({ candidates }: OrderView, holders: readonly string[]): string | undefined =>
  asNonEmpty(candidates.filter(({ node, unheard }) => unheard === undefined && !holders.includes(node)))?.[0].node
