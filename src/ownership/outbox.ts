import type { At } from "../time/instant.ts"
import type { Beat, ClaimChange, EstateClaim, Offer, SpeakerState } from "./beat.ts"
import type { Entry } from "./entry.ts"
import { beatBytes, entryBytes, pageAfter, tidyLog } from "./log.ts"
import { lifeOf, never, type Peer } from "./peer.ts"
import { type SegmentState, tell } from "./state.ts"
import { timing } from "./timing.ts"

/** So many living peers tell a returning node what it held, where that needs more than one beat. */
const estateTellers = 3

type Heard = Beat["heard"]

/**
 * Sends a beat to each peer for which one is due: as many pages as it lacks, one page to a peer that is silent. A beat
 * between two regular ones tells what is new since the last: a thousand addresses that go one by one are not told a
 * thousand times. What is lost of it the next regular beat repeats, which begins where the acknowledgement ends.
 */
export const flushBeats = (state: SegmentState, at: At): void => {
  if (state.beatDue.size === 0) return
  const due = [...state.beatDue]
  state.beatDue.clear()
  if (state.beatsAreRegular) for (const peer of due) peer.toldVersion = 0
  if (!state.bound || state.phase.is === "exited") return
  const heard = heardNow(state, at)
  const before = state.sequence
  for (const peer of due) if (canReach(state, peer)) sendBeats(state, peer, heard, before)
  state.newOffers.clear()
  state.beatsAreRegular = false
  tidyLog(state.log, acknowledgedByAll(state))
}

/**
 * What it heard itself, never what it was told: passed on, ages would circle. Of more than fit each beat names others;
 * one witness is enough, and with so many nodes a peer has many.
 */
const heardNow = (state: SegmentState, at: At): Heard => {
  const heard: { node: Peer["node"]; ageMs: number }[] = []
  for (const peer of state.peers.values()) {
    const ageMs = Math.ceil((at.now - Math.max(peer.directAt, peer.echoAt)) / 10) * 10
    if (ageMs <= timing.heardAgeMsMax) heard.push({ node: peer.node, ageMs })
  }
  if (heard.length <= beatBytes.heardMax) return heard
  const first = (state.sequence * beatBytes.heardMax) % heard.length
  return [...heard, ...heard].slice(first, first + beatBytes.heardMax)
}

/** A member with an address here, or one that was heard: the announcer knows where its beats came from. */
const canReach = (state: SegmentState, peer: Peer): boolean =>
  state.members.get(peer.node)?.reachable === true || peer.directAt !== never

/** Beats that leave together share their sequences: counted for each datagram they would run out of 32 bits in weeks. */
const sendBeats = (state: SegmentState, peer: Peer, heard: Heard, before: number): void => {
  let sequence = before
  const offers = offersTo(state, peer)
  const estate = estateFor(state, peer)
  const room = beatBytes.page - beatBytes.fixed - beatBytes.heard * heard.length
  let base = peer.is === "alive" ? Math.max(peer.ackVersion, peer.toldVersion) : peer.ackVersion
  do {
    const { page, bytes } = pageAfter(state.log, base, room)
    const some = takeFitting(offers, room - bytes)
    const left = room - bytes - some.bytes
    tell(state, {
      kind: "beat",
      beat: beatOf(state, peer, heard, ++sequence, {
        ...page,
        offers: some.taken,
        estate: takeFitting(estate, left).taken,
      }),
    })
    base = page.pageEnd
  } while ((base < state.log.version || offers.length > 0 || estate.length > 0) && peer.is === "alive")
  peer.toldVersion = base
  state.sequence = Math.max(state.sequence, sequence)
}

type Content = {
  readonly base: number
  readonly pageEnd: number
  readonly changes: readonly ClaimChange[]
  readonly offers: readonly Offer[]
  readonly estate: readonly EstateClaim[]
}

const beatOf = (state: SegmentState, peer: Peer, heard: Heard, sequence: number, content: Content): Beat => ({
  from: state.config.self,
  to: peer.node,
  boot: state.config.boot,
  sequence,
  state: spokenState(state),
  alone: state.connection.is === "alone",
  hasGateway: state.gateway === "answers",
  intervalMs: state.intervalMs,
  misses: state.config.misses,
  promiseSeconds: state.config.promiseSeconds,
  mac: state.mac,
  toBoot: peer.next?.boot ?? peer.boot,
  toVersion: peer.next === undefined ? peer.version : 0,
  toSequence: peer.next?.sequence ?? peer.sequence,
  total: state.log.version,
  heard,
  ...content,
})

export const spokenState = ({ phase, doubt }: SegmentState): SpeakerState => {
  if (phase.is === "active") return doubt === undefined ? "active" : "doubting"
  return phase.is === "exited" ? phase.how : phase.is
}

const none: never[] = []

const offersTo = (state: SegmentState, peer: Peer): Offer[] => {
  const entries = state.offers.get(peer.node)
  if (entries === undefined || entries.size === 0) return none
  const due = state.beatsAreRegular ? [...entries] : [...state.newOffers].filter((entry) => entries.has(entry))
  return due.map(offerOf)
}

const offerOf = ({ key, group, state }: Entry): Offer =>
  state.is === "holding"
    ? { address: key, grant: state.grant, epoch: state.epoch }
    : { address: key, grant: group!.grant, epoch: 0 }

/** Until it is active a peer is told what its former process held, and nobody took since. */
const estateFor = (state: SegmentState, peer: Peer): EstateClaim[] => {
  if (peer.estate === undefined) return none
  const claims: EstateClaim[] = []
  let bytes = 0
  for (const entry of peer.estate.entries) {
    const { grant, epoch } = entry.estates.get(peer.node)!
    if (entry.top?.node !== peer.node) continue
    claims.push({ address: entry.key, grant, epoch })
    bytes += entryBytes(entry.key)
  }
  return bytes <= beatBytes.page / 2 || isTeller(state, peer) ? claims : none
}

const isTeller = (state: SegmentState, about: Peer): boolean => {
  let before = 0
  for (const { node, is } of state.peers.values())
    if (is === "alive" && node !== about.node && node < state.config.self) before++
  return before < estateTellers
}

/** Takes from the front of the list what fits. */
const takeFitting = <T extends Offer>(
  list: T[],
  bytes: number,
): { readonly taken: readonly T[]; readonly bytes: number } => {
  if (list.length === 0) return { taken: none, bytes: 0 }
  let used = 0
  let count = 0
  while (count < list.length && count < beatBytes.listMax && used + entryBytes(list[count]!.address) <= bytes)
    used += entryBytes(list[count++]!.address)
  return { taken: list.splice(0, count), bytes: used }
}

const acknowledgedByAll = (state: SegmentState): number => {
  let least = state.log.version
  for (const peer of state.peers.values()) if (lifeOf(peer) !== never) least = Math.min(least, peer.ackVersion)
  return least
}
