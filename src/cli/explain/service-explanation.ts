import type { ServiceName } from "../../cluster/name.ts"
import { addressesOf } from "../../decision/allocate/ledger-change.ts"
import type { AllocationReason, Loss } from "../../decision/allocate/allocation.ts"
import { printAddress } from "../../net/address.ts"
import { allocationSentence, allocationSummary, portText } from "../../wording/allocation.ts"
import { movesOf, type Survey } from "../survey/survey.ts"
import { tellAll, type Told } from "../told.ts"
import { type HoldView, holdView, type OrderView, orderView } from "./candidate-view.ts"
import { type MoveView, moveView } from "./node-explanation.ts"
import { type ProblemView, problemsOf } from "./problem-view.ts"
import { type SharingCheck, sharingChecks } from "./sharing-check.ts"
import { isTrouble, type Situation, situationOf } from "./situation.ts"
import { type WayOut, waysOut } from "./ways-out.ts"

/** Why a Service has the address it has, or none, and who answers for it: every word as a value. */
export type ServiceExplanation = {
  readonly about: { readonly kind: "Service"; readonly name: string }
  readonly situation: Situation["is"]
  readonly trouble: boolean
  readonly addresses: readonly string[]
  readonly ports: readonly string[]
  readonly policy: "Cluster" | "Local"
  /** What became of its wish for an address. Undefined where it has none. */
  readonly allocation: AllocationView | undefined
  /** Who may answer. Undefined where there is no address to answer for. */
  readonly order: OrderView | undefined
  /** What speakers report: who answers. */
  readonly reports: Reports
  readonly problems: readonly ProblemView[]
  /** Value of `porchlight.dev/move-to` in force: told once, so the same words ask for nothing again. */
  readonly moveWish?: string
  /** The controller's words about a release of many addresses that a person must confirm. */
  readonly releaseWaits?: string
}

export type AllocationView = {
  readonly kind: "kept" | "given" | "pending" | "released"
  readonly says: string
  readonly pool: string | undefined
  /** What stands in the way of a pending one. */
  readonly because: readonly Told[]
  /** What was passed over on the way to what it got. */
  readonly passedOver: readonly Told[]
  readonly lost: { readonly addresses: readonly string[]; readonly because: readonly Told[] } | undefined
  readonly sharing: readonly SharingCheck[]
  readonly waysOut: readonly WayOut[]
  /** Commands that open the pools which the reasons name. */
  readonly pools?: readonly string[]
}

export type Reports = {
  /** The best claim of each address. */
  readonly holds: readonly HoldView[]
  readonly strangers: readonly {
    readonly address: string
    readonly mac: string
    readonly class: string
    readonly node: string | undefined
    readonly seenBy: string
  }[]
  /** How the addresses came to a holder that is not first in order, as its own journal says. */
  readonly cameBy?: MoveView
  /** Kinds that could not be read and would have been needed. */
  readonly missing: readonly string[]
}

/** @throws where there is no such Service: `findSubject` answers that. */
export const explainService = (survey: Survey, name: ServiceName): ServiceExplanation => {
  const service = survey.settled.cluster.services.get(name)
  if (service === undefined) throw new Error(`there is no Service ${name}`)
  const situation = situationOf(survey, name)
  const election = survey.electionOf.get(name)
  return {
    about: { kind: "Service", name },
    situation: situation.is,
    trouble: isTrouble(situation),
    addresses: addressTexts(survey, name),
    ports: service.ports.map(portText),
    policy: service.policy,
    allocation: allocationView(survey, name),
    order: election === undefined ? undefined : knownOf(orderView(survey, election), situation),
    reports: reportsOf(survey, name, situation),
    problems: problemsOf(survey, "Service", name),
    ...(election?.group.moveTo !== undefined && { moveWish: election.group.moveTo }),
    ...(situation.is === "release-waits" && { releaseWaits: situation.says }),
  }
}

/** Reasons that follow from what could not be read are none. */
const knownOf = (order: OrderView, situation: Situation): OrderView =>
  situation.is === "unknown" ? { ...order, silent: [], barred: [] } : order

/** The addresses a Service has, or gets once controllers have written what follows. */
export const addressTexts = ({ settled, cluster, releaseWaits }: Survey, name: ServiceName): readonly string[] => {
  if (releaseWaits.has(name)) return (cluster.services.get(name)?.reported ?? []).map(printAddress)
  const allocation = settled.decisions.allocations.get(name)
  return allocation === undefined ? [] : addressesOf(allocation).map(printAddress)
}

const allocationView = (survey: Survey, name: ServiceName): AllocationView | undefined => {
  const allocation = survey.decisions.allocations.get(name)
  if (allocation === undefined) return undefined
  const pending = allocation.kind === "pending" ? allocation : undefined
  const service = survey.cluster.services.get(name)
  return {
    kind: allocation.kind,
    says: allocationSummary(allocation),
    pool: "pool" in allocation ? allocation.pool : undefined,
    because: tellAll(pending?.because ?? [], allocationSentence),
    passedOver: "passedOver" in allocation ? tellAll(allocation.passedOver, allocationSentence) : [],
    lost: allocation.kind === "released" ? undefined : lossView(allocation.lost),
    sharing: pending === undefined || service === undefined ? [] : sharingChecks(survey, service, pending),
    ...poolsNamed(survey, pending?.because ?? []),
    waysOut: pending === undefined || service === undefined ? [] : waysOut(survey, service),
  }
}

const poolsNamed = (
  { settled, metallbNamespace }: Survey,
  because: readonly AllocationReason[],
): Pick<AllocationView, "pools"> => {
  const named = new Set(because.flatMap((reason) => ("pool" in reason ? [reason.pool] : [])))
  const there = [...named].filter((pool) => settled.cluster.configuration.pools.has(pool))
  if (there.length === 0) return {}
  return { pools: there.map((pool) => `kubectl edit ipaddresspool -n ${metallbNamespace} ${pool}`) }
}

const lossView = (lost: Loss | undefined): AllocationView["lost"] =>
  lost && { addresses: lost.addresses.map(printAddress), because: tellAll(lost.because, allocationSentence) }

const reportsOf = (survey: Survey, name: ServiceName, situation: Situation): Reports => {
  const addresses = survey.electionOf.get(name)?.group.addresses ?? []
  return {
    holds: addresses.flatMap((address) =>
      (survey.holds.get(address) ?? []).slice(0, 1).map((hold) => holdView(survey, hold)),
    ),
    strangers: addresses.flatMap((address) =>
      (survey.strangers.get(address) ?? []).map((stranger) => ({
        ...stranger,
        address: printAddress(stranger.address),
      })),
    ),
    ...cameBy(survey, name),
    missing: situation.is === "unknown" ? situation.missing : [],
  }
}

const cameBy = (survey: Survey, name: ServiceName): Pick<Reports, "cameBy"> => {
  const election = survey.electionOf.get(name)
  if (election?.outcome.kind !== "ordered") return {}
  const { key, addresses } = election.group
  const holder = survey.holds.get(addresses[0])?.[0]?.node
  if (holder === undefined || holder === election.outcome.order[0].node) return {}
  const move = movesOf(survey).find(({ address, to }) => printAddress(address) === key && to === holder)
  return move === undefined ? {} : { cameBy: moveView(move) }
}

/**
 * What was decided, and nothing of what speakers report or when: the same lines from files, in the simulation and in the
 * lab.
 */
export const decisionLines = ({ about, addresses, allocation, order }: ServiceExplanation): readonly string[] => {
  if (allocation === undefined || allocation.kind === "pending" || allocation.kind === "released")
    return [`${about.name}: ${allocation?.says ?? "no load balancer of ours"}`]
  return [
    `${about.name}: ${addresses.join(" ")} of pool ${allocation.pool}`,
    ...(order?.candidates ?? []).map(
      ({ node, behind }, index) => `${index + 1} ${node}${behind === undefined ? "" : `: ${behind.says}`}`,
    ),
    ...(order?.barred ?? []).map(
      ({ nodes, reasons }) => `- ${nodes.join(" ")}: ${reasons.map(({ says }) => says).join("; ")}`,
    ),
    ...(order?.silent ?? []).map(({ says }) => `nobody: ${says}`),
  ]
}
