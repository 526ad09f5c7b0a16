import type { NodeName, ServiceName } from "../../cluster/name.ts"
import { whyNot } from "../../decision/elect/why-not.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { printAddress } from "../../net/address.ts"
import { barSentence } from "../../wording/election.ts"
import { moveSentence } from "../../wording/move.ts"
import type { Move } from "../survey/speaker-view.ts"
import type { Survey } from "../survey/survey.ts"
import { heardBy, movesOf } from "../survey/survey.ts"
import { tellAll, type Told } from "../told.ts"
import { type HoldView, holdView } from "./candidate-view.ts"
import { type ProblemView, problemsOf } from "./problem-view.ts"

/** What a node holds, what it may and may not, and how its speaker is. */
export type NodeExplanation = {
  readonly about: { readonly kind: "Node"; readonly name: string }
  readonly trouble: boolean
  readonly addresses: readonly string[]
  readonly kubernetesCallsItReady: boolean
  /** Undefined: its speaker has reported nothing. */
  readonly speaker: SpeakerSummary | undefined
  readonly holds: readonly (HoldView & { readonly services: readonly string[] })[]
  /** Groups it would be first or next for and does not hold, each with its place. */
  readonly places: readonly { readonly address: string; readonly services: readonly string[]; readonly place: number }[]
  /** Groups it may not answer for, those of the same reasons together. */
  readonly barred: readonly { readonly addresses: readonly string[]; readonly reasons: readonly Told[] }[]
  readonly moves: readonly MoveView[]
  readonly problems: readonly ProblemView[]
}

export type SpeakerSummary = {
  readonly version: string | undefined
  readonly state: string | undefined
  readonly dataPlaneReady: boolean
  readonly links: readonly { readonly name: string; readonly up: boolean; readonly use: string | undefined }[]
  readonly heardBy: readonly string[] | undefined
  /** No other speaker hears it: what it says of itself may be old. */
  readonly unheard?: true
  readonly findings: readonly { readonly code: string; readonly says: string }[]
}

export type MoveView = {
  readonly at: string
  readonly address: string
  readonly from: string | undefined
  readonly to: string | undefined
  /** The journal's code. */
  readonly reason: string
  readonly says: string
}

/** Moves shown: those a person remembers having caused. */
const movesMax = 5

/** @throws where there is no such node: `findSubject` answers that. */
export const explainNode = (survey: Survey, name: NodeName): NodeExplanation => {
  const node = survey.settled.cluster.nodes.get(name)
  if (node === undefined) throw new Error(`there is no node ${name}`)
  const speaker = speakerSummary(survey, name)
  const holds = holdsOfNode(survey, name)
  return {
    about: { kind: "Node", name },
    trouble:
      (speaker === undefined && survey.speakers.size > 0) ||
      speaker?.unheard === true ||
      (speaker?.findings.length ?? 0) > 0,
    addresses: node.addresses.map(printAddress),
    kubernetesCallsItReady: !survey.notReady.has(name),
    speaker,
    holds,
    ...standing(survey, name, new Set(holds.map(({ address }) => address))),
    moves: movesOf(survey)
      .filter(({ from, to }) => from === name || to === name)
      .slice(0, movesMax)
      .map(moveView),
    problems: problemsOf(survey, "Node", name),
  }
}

export const moveView = (move: Move): MoveView => ({
  ...move,
  at: printTimestamp(move.at),
  address: printAddress(move.address),
  says: moveSentence({ ...move, from: sayable(move.from), to: sayable(move.to) }),
})

/** Speakers name a node that is in no list any more by its id; a blank is in no name of Kubernetes. */
const sayable = (node: string | undefined): string | undefined =>
  node?.replace(/^node ([0-9a-f]{8})$/, "a node no longer known (id $1)")

const speakerSummary = (survey: Survey, name: NodeName): SpeakerSummary | undefined => {
  const view = survey.speakers.get(name)
  return (
    view && {
      version: view.version,
      state: view.state,
      dataPlaneReady: view.dataPlaneReady,
      links: view.links,
      heardBy: heardBy(survey, name),
      ...(survey.hearing.unheard.has(name) && { unheard: true as const }),
      findings: view.findings.map(({ code, message }) => ({ code, says: message })),
    }
  )
}

/** Reports of a holder that another's better claim has overtaken do not count. */
const holdsOfNode = (survey: Survey, name: NodeName): NodeExplanation["holds"] =>
  (survey.speakers.get(name)?.holds ?? [])
    .filter((hold) => survey.holds.get(hold.address)?.[0]?.node === name)
    .map((hold) => ({ ...holdView(survey, hold), services: servicesAt(survey, printAddress(hold.address)) }))

const servicesAt = ({ settled }: Survey, address: string): readonly ServiceName[] =>
  [...settled.decisions.elections.values()]
    .filter(({ group }) => group.addresses.some((one) => printAddress(one) === address))
    .flatMap(({ group }) => group.services)

const standing = (
  { settled: { cluster, decisions } }: Survey,
  name: NodeName,
  held: ReadonlySet<string>,
): Pick<NodeExplanation, "places" | "barred"> => {
  const places: { address: string; services: readonly string[]; place: number }[] = []
  const barred = new Map<string, { addresses: string[]; reasons: readonly Told[] }>()
  for (const election of decisions.elections.values()) {
    const address = election.group.key
    const place =
      election.outcome.kind === "ordered" ? election.outcome.order.findIndex(({ node }) => node === name) : -1
    if (place >= 0 && place < 2 && !held.has(address))
      places.push({ address, services: election.group.services, place: place + 1 })
    const why = place >= 0 ? undefined : whyNot(cluster, election, name)
    if (why?.kind !== "barred") continue
    const reasons = tellAll(why.bars, barSentence)
    const key = reasons.map(({ says }) => says).join("; ")
    const same = barred.get(key)
    if (same === undefined) barred.set(key, { addresses: [address], reasons })
    else same.addresses.push(address)
  }
  return { places, barred: [...barred.values()] }
}
