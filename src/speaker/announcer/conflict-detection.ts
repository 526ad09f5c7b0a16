import type { Address } from "../../net/address.ts"
import { Deadlines } from "../../time/deadlines.ts"
import { after, earliest, type Instant } from "../../time/instant.ts"

/** Without a cause an address is asked for so often, while few are held. */
const addressIntervalMs = 1000
/** Two questions a second and node keep an idle LAN quiet; up to two addresses of a node are then asked for each second. */
const roundGapMs = 500
/** And ten a second on a segment, however many nodes it has: a broadcast wakes every machine on it. */
const segmentRoundGapMs = 100
/** With a cause: ten a second, which a switch that shuts a port at 15 ARP frames a second still takes. */
const urgentGapMs = 100
/** A client's question is followed by ours no sooner than this after the last one. */
const heardIntervalMs = 500
/** Where somebody else was seen answering: still there? */
export const contestedIntervalMs = 10_000
/** Of a limit on all frames of a link, one in so many may be such a question. */
const shareOfLimit = 5

/**
 * When to ask the LAN whether anybody else answers for an address held here. RFC 5227 section 2.4 wants conflicts
 * noticed for as long as an address is used, but a machine that only answers sends its answer to who asked. So the
 * holder asks too: at its claim; after each client's broadcast, for who answers the client answers the holder as well;
 * and each address in turn where nobody asks. The question speaks for the node itself, so it changes no cache (RFC 826)
 * and is no probe that makes others defend.
 *
 * Cost, measured on a segment of three nodes (`impostor-questions.test.ts`): 1 frame a second for one address held, 2
 * for 50 and for 1,000 where no client asks; at most 10 however many do. So an impostor is noticed 0.5 s after the
 * first client's broadcast that it may answer, for up to 5 addresses asked for in that time and 0.1 s later for each
 * more; where no client asks, within 1 s for 2 addresses a node, 25 s for 50, 500 s for 1,000.
 */
export class ConflictDetection {
  /** When each held address was asked for last. */
  readonly #askedAt = new Map<Address, Instant | undefined>()
  readonly #urgent = new Deadlines<Address>()
  readonly #round = new Deadlines<Address>()
  readonly #limitGapMs: number
  #nodes = 1
  #lastAt = -Infinity as Instant

  constructor(arpPerSecondMax: number | undefined) {
    this.#limitGapMs = arpPerSecondMax === undefined ? 0 : (shareOfLimit * 1000) / arpPerSecondMax
  }

  /** How many speakers share the segment. */
  set nodes(count: number) {
    this.#nodes = count
  }

  /** Announced here. */
  begin(address: Address, now: Instant): void {
    if (this.#askedAt.has(address)) return
    this.#askedAt.set(address, undefined)
    this.#round.set(address, after(now, heardIntervalMs))
  }

  end(address: Address): void {
    this.#askedAt.delete(address)
    this.#urgent.clear(address)
    this.#round.clear(address)
  }

  /** A client asked everybody for it. */
  heard(address: Address, now: Instant): void {
    if (!this.#askedAt.has(address)) return
    const last = this.#askedAt.get(address)
    const soonest = last === undefined ? now : after(last, heardIntervalMs)
    this.#hurry(address, soonest > now ? soonest : now)
  }

  /** Somebody else answers for it: it is asked for until nobody does. */
  contested(address: Address, now: Instant): void {
    if (this.#askedAt.has(address)) this.#hurry(address, after(now, contestedIntervalMs))
  }

  /** The address to ask for now, if any: one at a time. */
  due(now: Instant): Address | undefined {
    const address = this.#nextOf(this.#urgent, urgentGapMs, now) ?? this.#nextOf(this.#round, this.#roundGapMs(), now)
    if (address === undefined) return undefined
    this.#lastAt = now
    this.#askedAt.set(address, now)
    this.#urgent.clear(address)
    this.#round.set(address, after(now, addressIntervalMs))
    return address
  }

  wakeAt(): Instant | undefined {
    return earliest(this.#turnOf(this.#urgent, urgentGapMs), this.#turnOf(this.#round, this.#roundGapMs()))
  }

  #hurry(address: Address, at: Instant): void {
    const planned = this.#urgent.of(address)
    if (planned === undefined || planned > at) this.#urgent.set(address, at)
  }

  #roundGapMs(): number {
    return Math.max(roundGapMs, segmentRoundGapMs * this.#nodes)
  }

  #turnOf(queue: Deadlines<Address>, gapMs: number): Instant | undefined {
    const next = queue.next()
    const turn = after(this.#lastAt, Math.max(gapMs, this.#limitGapMs))
    return next === undefined || next > turn ? next : turn
  }

  #nextOf(queue: Deadlines<Address>, gapMs: number, now: Instant): Address | undefined {
    const turn = this.#turnOf(queue, gapMs)
    return turn === undefined || turn > now ? undefined : queue.first()
  }
}
