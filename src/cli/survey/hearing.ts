import type { NodeName } from "../../cluster/name.ts"
import type { Move, SpeakerView } from "./speaker-view.ts"

/** What is heard is written without haste, every 10 s where nothing else changes, and looked at every 5 s before that. */
const hearingLagSeconds = 20

/** Which speakers are there by the word of the others: a Speaker object outlives the node that wrote it. */
export type Hearing = {
  /** Heard by none of those who hear each other: their own reports are not believed. */
  readonly unheard: ReadonlySet<NodeName>
  /** Groups of speakers in one network of which none hears another group, and none is the largest. */
  readonly split: readonly (readonly NodeName[])[]
}

/** What one speaker says of one network. */
type Voice = { readonly node: NodeName; readonly hears: ReadonlySet<string>; readonly warming: boolean }

/**
 * Judged per network by the largest group that hears each other; a speaker it hears is there, also a deaf one. With no
 * largest group everybody is believed who is heard by anybody. Speakers alone in their network are not judged. Whoever
 * took an address from a silent one a moment ago and does not hear it knows more than older reports.
 */
export const hearingOf = (speakers: Iterable<SpeakerView>, readAt: number): Hearing => {
  const networks = new Map<string, Voice[]>()
  const views = [...speakers]
  const fallen = new Set<string | undefined>(
    views
      .flatMap((view) => silentFor(view, readAt))
      .filter((lost) => !hasReturned(lost, views))
      .map(({ from }) => from),
  )
  for (const view of views)
    for (const { name, hears } of view.segments) {
      const voice = {
        node: view.node,
        hears: new Set([...hears, ...view.beatsBlocked]),
        warming: view.state === "warming",
      }
      networks.set(name, [...(networks.get(name) ?? []), voice])
    }
  const heard = new Set<NodeName>()
  const judged = new Set<NodeName>()
  const split: (readonly NodeName[])[] = []
  for (const voices of networks.values()) {
    if (voices.length < 2) continue
    const groups = groupsOf(voices)
    const [largest = [], second = []] = groups
    const isSplit = largest.length === second.length
    if (isSplit && largest.length > 1) split.push(...groups.map((group) => group.map(({ node }) => node)))
    const believed = isSplit ? voices : largest
    for (const { node, warming } of voices) {
      judged.add(node)
      if (warming || believed.some((other) => other.node !== node && other.hears.has(node))) heard.add(node)
    }
  }
  return { unheard: new Set([...judged].filter((node) => !heard.has(node) || fallen.has(node))), split }
}

/** What a speaker took over for silence from somebody it has not heard since. */
const silentFor = ({ node, hears, moves }: SpeakerView, readAt: number): readonly Move[] =>
  moves.filter(
    ({ at, from, to, reason }) =>
      reason === "holder-silent" &&
      to === node &&
      readAt - at < hearingLagSeconds &&
      from !== undefined &&
      hears?.includes(from) === false,
  )

/** A node that is back writes that it lost the address to the taker. */
const hasReturned = ({ at, address, from, to }: Move, views: readonly SpeakerView[]): boolean =>
  views.some(
    ({ node, moves }) =>
      node === from &&
      moves.some((own) => own.from === node && own.to === to && own.address === address && own.at >= at),
  )

/** Voices that hear each other, also by way of others; the largest group first. */
const groupsOf = (voices: readonly Voice[]): readonly (readonly Voice[])[] => {
  const left = new Set(voices)
  const groups: Voice[][] = []
  for (const first of voices) {
    if (!left.delete(first)) continue
    const group = [first]
    for (const one of group)
      for (const other of left)
        if (one.hears.has(other.node) && other.hears.has(one.node)) {
          left.delete(other)
          group.push(other)
        }
    groups.push(group)
  }
  return groups.toSorted((a, b) => b.length - a.length)
}
