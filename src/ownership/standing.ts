import type { NodeId } from "./beat.ts"
import { type Claim, compareClaims } from "./claim.ts"
import type { Entry } from "./entry.ts"
import type { Peer } from "./peer.ts"
import type { SegmentState } from "./state.ts"

/** The best claim of a peer that somebody stands behind: a living or promised peer, or an estate that still counts. */
export const holderOf = (state: SegmentState, entry: Entry): Claim | undefined => {
  let best: Claim | undefined
  for (const claim of entry.claims.values())
    if (state.peers.get(claim.node)!.standing) best = better(state, entry, best, claim)
  for (const claim of entry.estates.values())
    if (state.peers.get(claim.node)!.estate?.over === false) best = better(state, entry, best, claim)
  return best
}

/** The last claimant whose claim nobody stands behind, if its claim is the best ever seen: it died with it. */
export const orphanedBy = (state: SegmentState, entry: Entry): Peer | undefined => {
  const top = entry.top
  if (top === undefined) return undefined
  const claim = entry.claims.get(top.node) ?? entry.estates.get(top.node)
  return claim?.grant === top.grant && claim.epoch === top.epoch ? state.peers.get(top.node) : undefined
}

/** Compares two claims of one address as this node judges them. */
export const compareHere = (state: SegmentState, entry: Entry, a: Claim, b: Claim): number => {
  if (state.rules["tie-by-node-id"] || a.grant !== b.grant || a.epoch !== b.epoch) return compareClaims(a, b)
  return placeOf(entry, b.node) - placeOf(entry, a.node)
}

const better = (state: SegmentState, entry: Entry, a: Claim | undefined, b: Claim): Claim =>
  a !== undefined && compareHere(state, entry, a, b) > 0 ? a : b

/** The place in the order of this node's view, from 0; infinite where the node is not in it. */
export const placeOf = (entry: Entry, node: NodeId): number => {
  const place = entry.group?.order.findIndex((candidate) => candidate.node === node) ?? -1
  return place < 0 ? Infinity : place
}

/** How many living peers stand before this node in its order, warming ones too; infinite where it is not in the order. */
export const rankOf = (state: SegmentState, entry: Entry, except?: NodeId): number => {
  let rank = 0
  for (const { node } of entry.group?.order ?? []) {
    if (node === state.config.self) return rank
    if (node !== except && state.peers.get(node)?.is === "alive") rank++
  }
  return Infinity
}

export const isInOrder = (state: SegmentState, entry: Entry, node: NodeId = state.config.self): boolean =>
  placeOf(entry, node) !== Infinity
