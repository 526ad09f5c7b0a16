import type { Address } from "../src/net/address.ts"
import type { Mac } from "../src/net/mac.ts"
import type { MoveReason } from "../src/ownership/move.ts"
import type { Port } from "./packet.ts"

/** One address group on one segment: what every law is about. */
export type Place = { readonly segment: number; readonly group: number }

export type ClaimRecord = Place & {
  readonly grant: number
  readonly epoch: number
  /** Breaks ties. */
  readonly nodeId: number
  readonly at: number
  readonly node: Port
  readonly because: MoveReason
  /** It had another holder before. A claim within 50 ms of another's for the same vacancy is a tie, not a move. */
  readonly isMove: boolean
}

export type LossRecord = Place & { readonly at: number; readonly node: Port; readonly because: MoveReason }

/** A frame in which a node answered for or announced an address that another had claimed meanwhile. */
export type StaleFrame = Place & {
  readonly at: number
  readonly node: Port
  readonly op: "reply" | "announcement"
  readonly claimedAt: number
}

/** A frame in which a node spoke for an address that it did not answer for itself. */
export type UnheldFrame = Omit<StaleFrame, "claimedAt">

/** A host's neighbour cache has another MAC for an address, or none any more. */
export type Pointer = {
  readonly at: number
  readonly segment: number
  readonly host: Port
  readonly address: Address
  readonly mac: Mac | undefined
}

/** From `at` on so many reachable nodes would answer. */
export type Answerers = { readonly at: number; readonly nodes: readonly Port[] }

/** What happened, as an observer who sees everything would write it down. */
export type History = {
  /** By place, the best claim that its claimant has not let go: whose the address is. */
  readonly holders: Map<number, ClaimRecord>
  /** By place, the last claim that made its claimant the holder. */
  readonly last: Map<number, ClaimRecord>
  readonly claims: ClaimRecord[]
  readonly losses: LossRecord[]
  readonly stale: StaleFrame[]
  readonly unheld: UnheldFrame[]
  readonly pointers: Pointer[]
  /** By place, each change of the set of answerers. */
  readonly answerers: Map<number, Answerers[]>
  readonly findings: { readonly at: number; readonly node: Port; readonly code: string; readonly on: boolean }[]
}

export const createHistory = (): History => ({
  holders: new Map(),
  last: new Map(),
  claims: [],
  losses: [],
  stale: [],
  unheld: [],
  pointers: [],
  answerers: new Map(),
  findings: [],
})

const groupsMax = 4096
export const placeIndex = ({ segment, group }: Place): number => segment * groupsMax + group
export const placeAt = (index: number): Place => ({ segment: Math.floor(index / groupsMax), group: index % groupsMax })

export const lastHolder = (history: History, place: Place): ClaimRecord | undefined =>
  history.last.get(placeIndex(place))

const tieMs = 50

export const holderOf = (history: History, place: Place): ClaimRecord | undefined =>
  history.holders.get(placeIndex(place))

export const recordClaim = (history: History, claim: Omit<ClaimRecord, "isMove">): void => {
  const before = holderOf(history, claim)
  const isBest = before === undefined || isBetter(claim, before)
  const last = history.last.get(placeIndex(claim))
  const isMove = last !== undefined && last.node !== claim.node && claim.at - last.at > tieMs
  const record = { ...claim, isMove }
  history.claims.push(record)
  if (!isBest) return
  history.holders.set(placeIndex(claim), record)
  history.last.set(placeIndex(claim), record)
}

/** The node lets go of one place, or with its process of all. */
export const recordEnd = (history: History, node: Port, place?: Place): void => {
  for (const [index, claim] of history.holders)
    if (claim.node === node && (place === undefined || index === placeIndex(place))) history.holders.delete(index)
}

type Rank = Pick<ClaimRecord, "grant" | "epoch" | "nodeId">

const isBetter = (a: Rank, b: Rank): boolean => (a.grant - b.grant || a.epoch - b.epoch || b.nodeId - a.nodeId || 1) > 0

export const recordAnswerers = (history: History, place: Place, at: number, nodes: readonly Port[]): void => {
  const index = placeIndex(place)
  const changes = history.answerers.get(index)
  if (changes === undefined) {
    history.answerers.set(index, [{ at, nodes }])
    return
  }
  if (changes.at(-1)!.at === at) changes.pop()
  changes.push({ at, nodes })
}

/** Milliseconds between `from` and `until` in which the number of answerers satisfies `is`: in all, and the longest. */
export const measure = (
  changes: readonly Answerers[],
  from: number,
  until: number,
  is: (count: number) => boolean,
): { readonly totalMs: number; readonly longestMs: number } => {
  let totalMs = 0
  let longestMs = 0
  let since = is(0) ? from : undefined
  const close = (at: number): void => {
    if (since === undefined) return
    totalMs += at - since
    longestMs = Math.max(longestMs, at - since)
    since = undefined
  }
  for (const { at, nodes } of changes) {
    if (at >= until) break
    const holds = is(nodes.length)
    if (at <= from) since = holds ? from : undefined
    else if (!holds) close(at)
    else since ??= at
  }
  close(until)
  return { totalMs, longestMs }
}
