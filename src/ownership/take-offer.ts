import type { At } from "../time/instant.ts"
import type { Offer } from "./beat.ts"
import type { Entry } from "./entry.ts"
import type { Peer } from "./peer.ts"
import { isReady } from "./readiness.ts"
import { holderOf } from "./standing.ts"
import { entryOf, type SegmentState } from "./state.ts"
import { barOf } from "./takeover.ts"
import { claim } from "./transition.ts"

/** Takes what a peer offers, where this node may and is ready. An offer is repeated in each beat while it is open. */
export const takeOffers = (state: SegmentState, peer: Peer, offers: readonly Offer[], at: At): void => {
  for (const offer of offers) {
    const entry = entryOf(state, offer.address)
    if (entry.state.is === "holding" || barOf(state, entry) !== undefined || !isReady(state, entry)) continue
    if (offer.epoch === 0 ? mayAdopt(state, entry) : isGivers(state, entry, peer, offer))
      claim(state, entry, reasonOf(peer, offer), offer.epoch === 0 ? undefined : peer.node, at)
    state.dirty.add(entry)
  }
}

/** Epoch 0: nobody's claim; a program that is not ours answers on this node. */
const mayAdopt = (state: SegmentState, entry: Entry): boolean => holderOf(state, entry) === undefined

/** It offers what it claims, and nobody has claimed it from the giver: one whom it cannot hear may have, and moving twice helps nobody. */
const isGivers = (state: SegmentState, entry: Entry, giver: Peer, offer: Offer): boolean => {
  const present = entry.claims.get(giver.node)
  const isPresent = present?.grant === offer.grant && present.epoch === offer.epoch
  return isPresent && holderOf(state, entry)?.node === giver.node
}

const reasonOf = (peer: Peer, offer: Offer) =>
  offer.epoch === 0 ? ({ code: "adopted", toldBy: peer.node } as const) : ({ code: "offered", by: peer.node } as const)
