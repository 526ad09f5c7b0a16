import type { NodeName, ServiceName } from "../../cluster/name.ts"
import type { AddressGroup, Election } from "../../decision/elect/election.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { printAddress } from "../../net/address.ts"
import { moveSentence } from "../../wording/move.ts"
import type { Move } from "../survey/speaker-view.ts"
import { movesOf, type Survey } from "../survey/survey.ts"

/** What would move so that each address is with the first of its order who can have it. */
export type RebalancePlan = {
  readonly name: string
  readonly source: "live" | "dump"
  /** Address groups that some node holds. */
  readonly held: number
  readonly moves: readonly PlannedMove[]
  readonly stays: readonly Stay[]
}

export type PlannedMove = {
  /** The first of the group's: all of them move together. */
  readonly address: string
  readonly services: readonly string[]
  readonly from: string
  readonly to: string
  readonly says: string
  /** The annotation `porchlight.dev/move-to` that asks for it, and the Service that carries it. */
  readonly ask: { readonly service: ServiceName; readonly value: string }
}

/** Not with the first in order, and cannot be now. */
export type Stay = {
  readonly address: string
  readonly services: readonly string[]
  readonly node: string
  readonly says: string
}

/** @param nowSeconds of the wall clock, which tells one wish from the same one of before */
export const rebalancePlan = (survey: Survey, nowSeconds: number): RebalancePlan => {
  const moves: PlannedMove[] = []
  const stays: Stay[] = []
  let held = 0
  const arrivals = arrivalsOf(survey)
  for (const election of survey.settled.decisions.elections.values()) {
    const holder = survey.holds.get(election.group.addresses[0])?.[0]?.node
    if (holder === undefined) continue
    held++
    const verdict = judge(survey, election, holder, arrivals.get(`${election.group.key} ${holder}`))
    const about = { address: election.group.key, services: election.group.services }
    if (verdict.kind === "stay") stays.push({ ...about, node: holder, says: verdict.says })
    if (verdict.kind !== "move") continue
    const ask = wishFor(survey, election.group, verdict.to, nowSeconds)
    moves.push({ ...about, from: holder, to: verdict.to, says: verdict.says, ask })
  }
  return { name: survey.name, source: survey.source, held, moves, stays }
}

type Verdict =
  | { readonly kind: "well" }
  | { readonly kind: "move"; readonly to: NodeName; readonly says: string }
  | { readonly kind: "stay"; readonly says: string }

const judge = (survey: Survey, { outcome }: Election, holder: NodeName, arrival: Move | undefined): Verdict => {
  if (outcome.kind !== "ordered" || outcome.order[0].node === holder) return { kind: "well" }
  if (survey.hearing.unheard.has(holder))
    return { kind: "stay", says: `no other speaker hears ${holder}, which says that it holds it: who does is not sure` }
  const obstacles: string[] = []
  for (const [place, { node }] of outcome.order.entries()) {
    if (node === holder) break
    const obstacle = obstacleAt(survey, node)
    if (obstacle === undefined)
      return {
        kind: "move",
        to: node,
        says: `${node} is ${place === 0 ? "first" : "the first that can"} in order; ${arrivalText(holder, arrival)}`,
      }
    obstacles.push(obstacle)
  }
  return { kind: "stay", says: obstacles.join("; ") }
}

/** Why a node cannot take anything over now. */
const obstacleAt = ({ speakers, hearing }: Survey, node: NodeName): string | undefined => {
  const view = speakers.get(node)
  if (view === undefined) return `${node} is before it in order, but no speaker reports from there`
  if (hearing.unheard.has(node)) return `${node} is before it in order, but no other speaker hears it`
  if (view.state !== undefined && view.state !== "active")
    return `${node} is before it in order, but its speaker is ${view.state}`
  return view.dataPlaneReady ? undefined : `${node} is before it in order, but its service proxy is not ready`
}

/** How it came to where it is: the newest line of the holder's journal. */
const arrivalText = (holder: NodeName, arrival: Move | undefined): string =>
  arrival === undefined
    ? `${holder} came before it, and nothing falls back by itself`
    : moveSentence({ ...arrival, to: holder })

/** The newest arrival of each group at each node. */
const arrivalsOf = (survey: Survey): ReadonlyMap<string, Move> => {
  const arrivals = new Map<string, Move>()
  for (const move of movesOf(survey).toReversed()) arrivals.set(`${printAddress(move.address)} ${move.to ?? ""}`, move)
  return arrivals
}

/** Of Services that share, the oldest that has a wish speaks for all. A wish already told is not heard again as it is. */
const wishFor = (
  { settled: { cluster } }: Survey,
  group: AddressGroup,
  to: NodeName,
  nowSeconds: number,
): PlannedMove["ask"] => {
  const service = group.services.find((name) => cluster.services.get(name)?.moveTo !== undefined) ?? group.services[0]
  const before = cluster.services.get(service)?.moveTo
  const isTold = before?.split(" ")[0] === to
  return { service, value: isTold ? `${to} ${printTimestamp(nowSeconds)}` : to }
}
