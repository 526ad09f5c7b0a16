import type { Address } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { after, type Instant } from "../../time/instant.ts"

/** RFC 5227 section 1.1, DEFEND_INTERVAL: an address is defended at most once in that time. */
export const defendIntervalMs = 10_000
/** And so many addresses of a link a second: who takes a whole pool is no reason for a storm. */
export const defencesPerSecondMax = 10
/** A stranger not seen for so long is gone, if our own questions about the address went unanswered too. */
export const forgetStrangerMs = 60_000
/** Questions about a held address that must go unanswered: one may be lost, and many addresses are asked for in turn. */
const unansweredMin = 3
/** Contested addresses remembered a link; a hostile host may claim them all. */
export const contestedMax = 1024
/** Remembered an address: every node's kernel may answer for it. */
export const strangersMax = 8
/** The control question goes out again no sooner than this, however many addresses are contested. */
const controlIntervalMs = 10_000

/** What answers for an address of ours is, as far as one link shows. */
export type Stranger =
  /** A node of this cluster, whose kernel answers by itself. */
  | { readonly is: "member"; readonly node: string }
  /** Its speaker is not heard: a switch answers with what it remembers, or the node's kernel does. */
  | { readonly is: "silent-member"; readonly node: string }
  | { readonly is: "gateway" }
  /** A speaker whose key is not ours: pools overlap. It also counts when it only asks whether the address is free. */
  | { readonly is: "other-cluster" }
  /** It probed for the address before it took it (RFC 5227), or the facts say that DHCP gives the address. */
  | { readonly is: "dhcp-client" }
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

/** What to do about one sighting. `changed`: there is something to tell. */
export type Reaction = { readonly defend: boolean; readonly askControl: boolean; readonly changed: boolean }

/** `conflicts`: it speaks for an address that is answered here, so RFC 5227 lets us defend it. */
export type Sighting = {
  readonly address: Address
  readonly mac: Mac
  readonly stranger: Stranger
  readonly conflicts: boolean
}

type Contested = { readonly answers: Map<Mac, ForeignAnswer>; defendedAt: Instant | undefined; unanswered: number }

/** Who else answers for our addresses on one link. It never decides who holds: it remembers the strangers and paces defence. */
export class ForeignAnswers {
  readonly #contested = new Map<Address, Contested>()
  /** How many addresses each stranger contests. */
  readonly #strangers = new Map<Mac, number>()
  #controlAt: Instant | undefined
  #forgetAt: Instant | undefined
  #second: { readonly since: Instant; defences: number } = { since: -Infinity as Instant, defences: 0 }

  /** Somebody who is no holder of ours was seen to answer for an address, or to want it. */
  sight({ address, mac, stranger, conflicts }: Sighting, now: Instant): Reaction {
    const contested = this.#contested.get(address) ?? this.#begin(address)
    const known = contested?.answers.get(mac)
    if (contested === undefined || (known === undefined && contested.answers.size >= strangersMax)) return nothing
    if (known === undefined) this.#strangers.set(mac, (this.#strangers.get(mac) ?? 0) + 1)
    contested.answers.set(mac, { address, mac, stranger, firstAt: known?.firstAt ?? now, lastAt: now })
    contested.unanswered = 0
    this.#forgetAt ??= after(now, forgetStrangerMs)
    return {
      defend: conflicts && this.#mayDefend(contested, now),
      askControl: (stranger.is === "unknown" || stranger.is === "dhcp-client") && this.#mayAskControl(now),
      changed: known === undefined || known.stranger.is !== stranger.is,
    }
  }

  /** More became known of a station. The answers of it that this changes. */
  recognise(mac: Mac, stranger: Stranger): readonly ForeignAnswer[] {
    if (!this.#strangers.has(mac)) return []
    const changed: ForeignAnswer[] = []
    for (const { answers } of this.#contested.values()) {
      const known = answers.get(mac)
      if (known === undefined || known.stranger.is === stranger.is) continue
      answers.set(mac, { ...known, stranger })
      changed.push(answers.get(mac)!)
    }
    return changed
  }

  /** All were asked who answers for it. True where somebody is known to. */
  asked(address: Address): boolean {
    const contested = this.#contested.get(address)
    if (contested !== undefined) contested.unanswered++
    return contested !== undefined
  }

  /** Drops strangers that are gone, and returns them. */
  forget(isHeld: (address: Address) => boolean, now: Instant): readonly ForeignAnswer[] {
    if (this.#forgetAt === undefined || now < this.#forgetAt) return []
    const gone: ForeignAnswer[] = []
    let next: Instant | undefined
    for (const [address, { answers, unanswered }] of this.#contested) {
      const isSure = !isHeld(address) || unanswered >= unansweredMin
      for (const answer of answers.values()) {
        const at = after(answer.lastAt, forgetStrangerMs)
        if (now >= at && isSure) gone.push(answer)
        else next = Math.min(next ?? Infinity, Math.max(at, after(now, defendIntervalMs))) as Instant
      }
    }
    for (const { address, mac } of gone) this.#drop(address, mac)
    this.#forgetAt = next
    return gone
  }

  /** The address is no longer contested, whoever did. */
  clear(address: Address): readonly ForeignAnswer[] {
    const gone = this.of(address)
    for (const { mac } of gone) this.#drop(address, mac)
    return gone
  }

  /** When strangers may be gone. */
  wakeAt(): Instant | undefined {
    return this.#forgetAt
  }

  of(address: Address): readonly ForeignAnswer[] {
    return [...(this.#contested.get(address)?.answers.values() ?? [])]
  }

  isStranger(mac: Mac): boolean {
    return this.#strangers.has(mac)
  }

  list(): readonly ForeignAnswer[] {
    return [...this.#contested.values()].flatMap(({ answers }) => [...answers.values()])
  }

  #begin(address: Address): Contested | undefined {
    if (this.#contested.size >= contestedMax) return undefined
    const contested: Contested = { answers: new Map(), defendedAt: undefined, unanswered: 0 }
    this.#contested.set(address, contested)
    return contested
  }

  #drop(address: Address, mac: Mac): void {
    const contested = this.#contested.get(address)
    if (contested?.answers.delete(mac) !== true) return
    if (contested.answers.size === 0) this.#contested.delete(address)
    const left = this.#strangers.get(mac)! - 1
    if (left === 0) this.#strangers.delete(mac)
    else this.#strangers.set(mac, left)
  }

  #mayDefend(contested: Contested, now: Instant): boolean {
    if (contested.defendedAt !== undefined && now < after(contested.defendedAt, defendIntervalMs)) return false
    if (now >= after(this.#second.since, 1000)) this.#second = { since: now, defences: 0 }
    if (this.#second.defences >= defencesPerSecondMax) return false
    this.#second.defences++
    contested.defendedAt = now
    return true
  }

  #mayAskControl(now: Instant): boolean {
    if (this.#controlAt !== undefined && now < after(this.#controlAt, controlIntervalMs)) return false
    this.#controlAt = now
    return true
  }
}

const nothing: Reaction = { defend: false, askControl: false, changed: false }
