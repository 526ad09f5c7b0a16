import { compareAge } from "../../decision/allocate/allocator.ts"
import { compareAddresses } from "../../net/address.ts"
import { portText } from "../../wording/allocation.ts"
import { type HoldView, holdView } from "../explain/candidate-view.ts"
import { type MoveView, moveView } from "../explain/node-explanation.ts"
import { type FamilyUse, familyUses, rangeText } from "../explain/pool-explanation.ts"
import { addressTexts } from "../explain/service-explanation.ts"
import { type Situation, situationOf } from "../explain/situation.ts"
import type { SpeakerView } from "../survey/speaker-view.ts"
import { heardBy, movesOf, type Survey } from "../survey/survey.ts"
import { type BgpObjects, bgpTroubles } from "./bgp-objects.ts"
import { type Trouble, troublesOf } from "./trouble.ts"

/** A cluster's health on one screen, as a value. */
export type StatusReport = {
  readonly name: string
  readonly source: "live" | "dump"
  /** Age of the facts when they were judged. */
  readonly ageSeconds: number
  readonly counts: {
    readonly services: number
    readonly announced: number
    readonly pending: number
    readonly nodes: number
    readonly speakers: number
  }
  readonly troubles: readonly Trouble[]
  readonly services: readonly ServiceRow[]
  readonly nodes: readonly NodeRow[]
  readonly pools: readonly PoolRow[]
  readonly lastMove: MoveView | undefined
  /** Kinds that could not be read. */
  readonly withheld: readonly string[]
}

export type ServiceRow = {
  readonly name: string
  readonly situation: Situation["is"]
  readonly addresses: readonly string[]
  readonly ports: readonly string[]
  /** Who may answer, best first. */
  readonly order: readonly string[]
  readonly holds: readonly HoldView[]
  /** Who would answer if the holder fell silent. */
  readonly next: string | undefined
}

export type NodeRow = {
  readonly name: string
  /** `ready`; else `unheard` by all others, the state it is in, or `waits` for the service proxy. Undefined: it has reported nothing. */
  readonly speaker: string | undefined
  readonly holds: number
  /** Addresses it may answer for. */
  readonly candidateFor: number
  readonly links: readonly { readonly name: string; readonly up: boolean }[]
  readonly heardBy: readonly string[] | undefined
}

export type PoolRow = { readonly name: string; readonly ranges: readonly string[]; readonly use: readonly FamilyUse[] }

/** `nowSeconds`: when the report is made, seconds since 1970. `namespace`: only Services of it, and their troubles. */
export const statusReport = (
  survey: Survey,
  nowSeconds: number,
  namespace?: string,
  bgp: BgpObjects = new Map(),
): StatusReport => {
  const all = serviceRows(survey)
  const isShown = (name: string): boolean => namespace === undefined || name.startsWith(`${namespace}/`)
  const services = all.filter(({ name }) => isShown(name))
  const nodes = nodeRows(survey, all)
  const lastMove = movesOf(survey)[0]
  return {
    name: survey.name,
    source: survey.source,
    ageSeconds: Math.max(0, Math.round((nowSeconds - survey.readAt) * 10) / 10),
    counts: {
      services: services.length,
      announced: services.filter(isAnnounced).length,
      pending: services.filter(({ situation }) => situation === "pending").length,
      nodes: nodes.length,
      speakers: survey.speakers.size,
    },
    troubles: [...troublesOf(survey), ...bgpTroubles(bgp)].filter(
      ({ about: { kind, name } }) => kind !== "Service" || !name.includes("/") || isShown(name),
    ),
    services,
    nodes,
    pools: [...survey.settled.cluster.configuration.pools.values()].map((pool) => ({
      name: pool.name,
      ranges: pool.ranges.map(rangeText),
      use: familyUses(survey, pool),
    })),
    lastMove: lastMove && moveView(lastMove),
    withheld: survey.withheld.map(({ kind }) => kind),
  }
}

/** What waits for a person is announced meanwhile. */
const isAnnounced = ({ situation, addresses, holds }: ServiceRow): boolean =>
  situation === "announced" || (situation === "release-waits" && holds.length > 0 && holds.length === addresses.length)

/** Services that ask for an address of ours, in the order of their addresses; those without one come first. */
const serviceRows = (survey: Survey): readonly ServiceRow[] =>
  [...survey.settled.cluster.services.values()]
    .filter(({ exposure }) => exposure.kind === "ours")
    .map((service) => ({ service, address: survey.electionOf.get(service.name)?.group.addresses[0] }))
    .toSorted((a, b) =>
      a.address === undefined || b.address === undefined
        ? Number(a.address !== undefined) - Number(b.address !== undefined) || compareAge(a.service, b.service)
        : compareAddresses(a.address, b.address) || compareAge(a.service, b.service),
    )
    .map(({ service: { name, ports } }) => {
      const election = survey.electionOf.get(name)
      const holds = (election?.group.addresses ?? []).flatMap((address) =>
        (survey.holds.get(address) ?? []).slice(0, 1).map((hold) => holdView(survey, hold)),
      )
      const order = election?.outcome.kind === "ordered" ? election.outcome.order.map(({ node }) => node) : []
      const holders = holds.map(({ node }) => node)
      return {
        name,
        situation: situationOf(survey, name).is,
        addresses: addressTexts(survey, name),
        ports: ports.map(portText),
        order,
        holds,
        next: order.find((node) => !holders.includes(node) && !survey.hearing.unheard.has(node)),
      }
    })

const nodeRows = (survey: Survey, services: readonly ServiceRow[]): readonly NodeRow[] => {
  const candidates = new Map<string, number>()
  for (const { outcome } of survey.settled.decisions.elections.values())
    for (const { node } of outcome.kind === "ordered" ? outcome.order : [])
      candidates.set(node, (candidates.get(node) ?? 0) + 1)
  const held = new Map<string, Set<string>>()
  for (const { holds } of services)
    for (const { node, address } of holds) held.set(node, (held.get(node) ?? new Set()).add(address))
  return [...survey.cluster.nodes.keys()].toSorted().map((name) => {
    const view = survey.speakers.get(name)
    return {
      name,
      speaker: view === undefined ? undefined : survey.hearing.unheard.has(name) ? "unheard" : speakerState(view),
      holds: held.get(name)?.size ?? 0,
      candidateFor: candidates.get(name) ?? 0,
      links: (view?.links ?? []).map(({ name, up }) => ({ name, up })),
      heardBy: heardBy(survey, name),
    }
  })
}

/** In one word. */
export const speakerState = ({ state, dataPlaneReady }: SpeakerView): string =>
  state !== undefined && state !== "active" ? state : dataPlaneReady ? "ready" : "waits"
