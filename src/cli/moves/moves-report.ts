import type { ServiceName } from "../../cluster/name.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { type Address, printAddress } from "../../net/address.ts"
import { type MoveView, moveView } from "../explain/node-explanation.ts"
import { addressTexts } from "../explain/service-explanation.ts"
import { servicesByAddress } from "../survey/address-services.ts"
import type { Subject } from "../survey/subject.ts"
import type { Move } from "../survey/speaker-view.ts"
import { movesOf, type Survey } from "../survey/survey.ts"
import type { AnnouncedEvent } from "./announced-event.ts"

/** Every move that is still known, as a value. */
export type MovesReport = {
  readonly name: string
  readonly source: "live" | "dump"
  /** Whose journals were read. */
  readonly journals: readonly string[]
  /** Oldest first. */
  readonly moves: readonly MoveRow[]
  /** Kinds that could not be read. */
  readonly withheld: readonly string[]
}

export type MoveRow = Omit<MoveView, "address"> & {
  /** Of a group that Services share, or of both families: the first. */
  readonly address: string
  readonly services: readonly string[]
  /** How long nobody answered, at most, in milliseconds. Undefined: nobody measured it. */
  readonly awayMs: number | undefined
  /** A journal says why; an Event only that it was so. */
  readonly toldBy: "journal" | "event"
}

/** An Event is written some seconds after its move at most. */
const eventLagSeconds = 10

/** @param subject only moves of that Service, address, node (to or from it) or pool */
export const movesReport = (
  survey: Survey,
  events: readonly AnnouncedEvent[],
  subject: Subject | undefined,
): MovesReport => {
  const servicesOf = servicesByAddress(survey)
  const known = movesOf(survey).toReversed()
  const journal = known.map((move): MoveRow => ({
    ...moveView(move),
    says: `${moveView(move).says}${lastHeardText(move, known)}`,
    services: servicesOf.get(move.address) ?? [],
    awayMs: awayMsOf(move),
    toldBy: "journal",
  }))
  const lost = events.filter((event) => !isKnown(event, journal)).map((event) => eventRow(survey, event))
  return {
    name: survey.name,
    source: survey.source,
    journals: [...survey.speakers.keys()].toSorted(),
    moves: [...journal, ...lost]
      .toSorted((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)))
      .filter((row) => subject === undefined || isAbout(survey, row, subject)),
    withheld: survey.withheld.map(({ kind }) => kind),
  }
}

/** So soon after another's takeover its claim has not been heard, where frames get lost. */
const unheardClaimSeconds = 5

/** A journal's `from` is whom its writer heard last; another may have taken the address since. */
const lastHeardText = (move: Move, known: readonly Move[]): string => {
  if (move.from === undefined || move.reason !== "holder-silent") return ""
  const between = known
    .slice(0, known.indexOf(move))
    .find(
      ({ address, from, to, reason, at }) =>
        address === move.address &&
        from === move.from &&
        to !== move.to &&
        reason === move.reason &&
        move.at - at <= unheardClaimSeconds,
    )
  return between?.to === undefined ? "" : ` (it had last heard ${move.from}; ${between.to} had taken it meanwhile)`
}

/** Where an address is handed over, its old holder answers until the new one does. */
const awayMsOf = ({ reason, silentMs }: { reason: string; silentMs: number | undefined }): number | undefined =>
  reason === "offered" || reason === "handed-over" || reason === "group-renamed" ? 0 : silentMs

const isKnown = ({ at, service, node }: AnnouncedEvent, journal: readonly MoveRow[]): boolean =>
  journal.some(
    (row) =>
      row.to === node && row.services.includes(service) && Math.abs(Date.parse(row.at) / 1000 - at) <= eventLagSeconds,
  )

const eventRow = (survey: Survey, { at, service, node }: AnnouncedEvent): MoveRow => ({
  at: printTimestamp(at),
  address: survey.settled.cluster.services.has(service) ? (addressTexts(survey, service)[0] ?? "") : "",
  services: [service],
  from: undefined,
  to: node,
  reason: "unknown",
  says: `${node} began to announce it; no journal says why any more (a speaker's journal ends with its process)`,
  awayMs: undefined,
  toldBy: "event",
})

const isAbout = (survey: Survey, row: MoveRow, subject: Subject): boolean => {
  switch (subject.kind) {
    case "service":
      return row.services.includes(subject.name) || addressTexts(survey, subject.name).includes(row.address)
    case "node":
      return row.from === subject.name || row.to === subject.name
    case "address":
      return isOfGroup(survey, row, subject.address)
    case "pool":
      return row.services.some((name) => poolOf(survey, name as ServiceName) === subject.name)
  }
}

const poolOf = (survey: Survey, name: ServiceName): string | undefined => {
  const allocation = survey.settled.decisions.allocations.get(name)
  return allocation !== undefined && "pool" in allocation ? allocation.pool : undefined
}

/** A journal names a group by its first address; its other addresses moved with it. */
const isOfGroup = (survey: Survey, row: MoveRow, address: Address): boolean =>
  row.address === printAddress(address) ||
  [...survey.electionOf.values()].some(({ group }) => group.key === row.address && group.addresses.includes(address))
