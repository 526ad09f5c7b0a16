import type { KindName } from "../../cluster/cluster.ts"
import type { ServiceName } from "../../cluster/name.ts"
import { parseTimestamp } from "../../kubernetes/timestamp.ts"
import type { Allocation, AllocationReason } from "../../decision/allocate/allocation.ts"
import { asNonEmpty } from "../../decision/allocate/occupancy.ts"
import type { SilentReason } from "../../decision/elect/election.ts"
import type { Address, NonEmpty } from "../../net/address.ts"
import type { Hold, Stranger } from "../survey/speaker-view.ts"
import { announcedAddresses, type Survey } from "../survey/survey.ts"

/** How a Service stands: what was decided about it, beside what speakers report. */
export type Situation =
  /** No Service of type LoadBalancer; `lost`: what it had as one goes back. */
  | { readonly is: "no-load-balancer"; readonly lost: readonly Address[] }
  | { readonly is: "other-class"; readonly class: string | undefined }
  | { readonly is: "pending"; readonly because: NonEmpty<AllocationReason> }
  /** It keeps what it has until a person confirms a release of many addresses at once. */
  | { readonly is: "release-waits"; readonly says: string }
  /** Objects that decide it could not be read. */
  | { readonly is: "unknown"; readonly missing: NonEmpty<KindName> }
  /** Decided, but no controller has written it although it had the time. */
  | { readonly is: "unwritten" }
  | { readonly is: "silent"; readonly because: NonEmpty<SilentReason> }
  /** Nobody reports at all: no Speaker objects, as in a dump of files. */
  | { readonly is: "unreported" }
  | { readonly is: "contested"; readonly strangers: NonEmpty<Stranger> }
  /** Some node may answer and none says that it does, although it had the time. */
  | { readonly is: "unheld"; readonly addresses: NonEmpty<Address> }
  /** Given so short a time ago that no report can be there yet. */
  | { readonly is: "starting" }
  /** Only a speaker that no other hears says that it announces it: its node may be dead. */
  | { readonly is: "doubted"; readonly holds: NonEmpty<Hold> }
  /** One hold an address, the best claim of each. */
  | { readonly is: "announced"; readonly holds: NonEmpty<Hold> }

/** What a controller needs at most to write what it decided; a younger Service is not late. */
const writePatienceSeconds = 10

/** A speaker writes its report at most every 10 s; a younger address is not late. */
const reportPatienceSeconds = 12

/** Kinds without which it cannot be said who may announce. */
const decidingKinds: readonly KindName[] = ["Node", "EndpointSlice", "IPAddressPool", "L2Advertisement"]

export const situationOf = (survey: Survey, name: ServiceName): Situation => {
  const service = survey.cluster.services.get(name)!
  const allocation = survey.decisions.allocations.get(name)
  if (service.exposure.kind === "other-class") return { is: "other-class", class: service.exposure.class }
  if (service.exposure.kind !== "ours" || allocation === undefined || allocation.kind === "released")
    return { is: "no-load-balancer", lost: allocation?.kind === "released" ? (allocation.lost ?? []) : [] }
  const waits = survey.releaseWaits.get(name)
  if (waits !== undefined) return { is: "release-waits", says: waits }
  const missing = asNonEmpty(decidingKinds.filter((kind) => isWithheld(survey, kind)))
  if (allocation.kind === "pending")
    return isWithheld(survey, "IPAddressPool")
      ? { is: "unknown", missing: ["IPAddressPool"] }
      : { is: "pending", because: allocation.because }
  if (isLate(survey, name, allocation)) return { is: "unwritten" }
  return announcing(survey, name, missing)
}

const announcing = (survey: Survey, name: ServiceName, missing: NonEmpty<KindName> | undefined): Situation => {
  const addresses = announcedAddresses(survey, name)
  const holds = addresses.flatMap((address) => survey.holds.get(address)?.slice(0, 1) ?? [])
  const strangers = asNonEmpty(addresses.flatMap((address) => survey.strangers.get(address) ?? []))
  if (strangers !== undefined) return { is: "contested", strangers }
  const unheld = asNonEmpty(addresses.filter((address) => !holds.some((hold) => hold.address === address)))
  const held = asNonEmpty(holds)
  const doubted = asNonEmpty(holds.filter(({ node }) => survey.hearing.unheard.has(node)))
  if (doubted !== undefined) return { is: "doubted", holds: doubted }
  if (unheld === undefined && held !== undefined) return { is: "announced", holds: held }
  if (missing !== undefined) return { is: "unknown", missing }
  const outcome = survey.electionOf.get(name)?.outcome
  if (outcome?.kind === "nobody") return { is: "silent", because: outcome.because }
  if (isWithheld(survey, "Speaker") || survey.speakers.size === 0 || unheld === undefined) return { is: "unreported" }
  return unheld.some((address) => isOld(survey, address)) ? { is: "unheld", addresses: unheld } : { is: "starting" }
}

/** Whether the answer is bad news: somebody has to do something. */
export const isTrouble = ({ is }: Situation): boolean =>
  is === "pending" ||
  is === "unwritten" ||
  is === "silent" ||
  is === "contested" ||
  is === "unheld" ||
  is === "doubted" ||
  is === "release-waits"

/** Without a ledger nobody knows since when it is given. */
const isOld = ({ cluster, readAt }: Survey, address: Address): boolean => {
  const entry = cluster.ledger.entries.get(address)
  return entry?.state !== "given" || readAt > entry.since + reportPatienceSeconds
}

const isWithheld = ({ withheld }: Survey, kind: KindName): boolean =>
  withheld.some((one) => one.kind === kind && one.why !== "absent")

const isLate = (survey: Survey, name: ServiceName, allocation: Allocation): boolean => {
  const service = survey.cluster.services.get(name)!
  if (survey.source === "dump" || allocation.kind !== "given") return false
  const createdAt = parseTimestamp(service.createdAt)
  return createdAt === undefined || survey.readAt > createdAt + writePatienceSeconds
}
