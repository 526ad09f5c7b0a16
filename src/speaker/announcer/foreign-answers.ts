import type { Address } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { after, type Instant } from "../../time/instant.ts"

/** RFC 5227 section 1.1, DEFEND_INTERVAL: an address is defended at most once in that time. */
export const defendIntervalMs = 10_000
/** A stranger not seen for so long is gone. A contested address is asked for every 10 s, so it is seen while it stays. */
export const forgetStrangerMs = 60_000
/** Contested addresses remembered a link; a hostile host may claim them all. */
export const contestedMax = 1024
/** The control question goes out again no sooner than this, however many addresses are contested. */
const controlIntervalMs = 10_000

/** What answers for an address of ours is, as far as one link shows. */
export type Stranger =
  | { readonly is: "member"; readonly node: string }
  | { readonly is: "gateway" }
  /** It also answered for an address that nobody has: a proxy, or a fabric that answers for others. */
  | { readonly is: "answers-for-everything" }
  | { readonly is: "unknown" }

export type ForeignAnswer = {
  readonly address: Address
  readonly mac: Mac
  readonly stranger: Stranger
  readonly firstAt: Instant
  readonly lastAt: Instant
}

/** What to do about one sighting. */
export type Reaction = { readonly defend: boolean; readonly askControl: boolean; readonly changed: boolean }

/** How a MAC is known on a link before any control question. */
export type Recognise = (mac: Mac) => Stranger

type Contested = { answer: ForeignAnswer; defendedAt: Instant | undefined }

/** Who else answers for our addresses on one link. It never decides who holds: it names the stranger and paces defence. */
export class ForeignAnswers {
  readonly #contested = new Map<Address, Contested>()
  readonly #answersAll = new Set<Mac>()
  #controlAt: Instant | undefined

  /** Somebody who is no holder of ours was seen answering for `address`; `held` where this speaker answers for it. */
  sight(address: Address, mac: Mac, held: boolean, recognise: Recognise, now: Instant): Reaction {
    const known = this.#contested.get(address)
    if (known === undefined && this.#contested.size >= contestedMax)
      return { defend: false, askControl: false, changed: false }
    const stranger = this.#answersAll.has(mac) ? { is: "answers-for-everything" as const } : recognise(mac)
    const changed = known?.answer.mac !== mac || known.answer.stranger.is !== stranger.is
    const firstAt = known?.answer.mac === mac ? known.answer.firstAt : now
    const defend = held && (known?.defendedAt === undefined || now >= after(known.defendedAt, defendIntervalMs))
    this.#contested.set(address, {
      answer: { address, mac, stranger, firstAt, lastAt: now },
      defendedAt: defend ? now : known?.defendedAt,
    })
    return { defend, askControl: stranger.is === "unknown" && this.#mayAskControl(now), changed }
  }

  /** The control address was answered: a stranger that did answers for everything. True where that changes a finding. */
  controlAnswered(mac: Mac): boolean {
    if (this.#answersAll.has(mac)) return false
    const its = [...this.#contested.values()].filter(({ answer }) => answer.mac === mac)
    // Anybody can send such a frame, from any number of MACs: only a stranger's tells something.
    if (its.length === 0) return false
    if (this.#answersAll.size >= contestedMax) this.#answersAll.clear()
    this.#answersAll.add(mac)
    const unknown = its.filter(({ answer }) => answer.stranger.is === "unknown")
    for (const contested of unknown)
      contested.answer = { ...contested.answer, stranger: { is: "answers-for-everything" } }
    return unknown.length > 0
  }

  /** How many MACs are known to answer for everything. */
  get answeringForAll(): number {
    return this.#answersAll.size
  }

  /** Drops strangers not seen for a minute. True where any was. */
  forget(now: Instant): boolean {
    let changed = false
    for (const [address, { answer }] of this.#contested)
      if (now >= after(answer.lastAt, forgetStrangerMs)) changed = this.#contested.delete(address) || changed
    if (changed && this.#contested.size === 0) this.#answersAll.clear()
    return changed
  }

  clear(address: Address): boolean {
    return this.#contested.delete(address)
  }

  /** When the next stranger would be forgotten. Contested addresses are few, so they are looked through. */
  wakeAt(): Instant | undefined {
    let first: Instant | undefined
    for (const { answer } of this.#contested.values()) {
      const at = after(answer.lastAt, forgetStrangerMs)
      if (first === undefined || at < first) first = at
    }
    return first
  }

  of(address: Address): ForeignAnswer | undefined {
    return this.#contested.get(address)?.answer
  }

  list(): readonly ForeignAnswer[] {
    return [...this.#contested.values()].map(({ answer }) => answer)
  }

  #mayAskControl(now: Instant): boolean {
    if (this.#controlAt !== undefined && now < after(this.#controlAt, controlIntervalMs)) return false
    this.#controlAt = now
    return true
  }
}
