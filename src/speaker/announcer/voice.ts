import type { Address } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import type { Beat, Epoch, Grant, NodeId } from "../../ownership/beat.ts"
import type { BeatScope } from "../../protocol/beat/datagram.ts"
import { encodeBeat } from "../../protocol/beat/encode-beat.ts"
import type { SharedKeys } from "../../protocol/shared-key.ts"
import type { Token } from "../../protocol/token.ts"
import type { Instant } from "../../time/instant.ts"
import { createGatewayWatch, type GatewayWatch } from "./gateway-watch.ts"
import { answerTo, type Heard } from "./hearing.ts"
import { carries, type Link } from "./link.ts"
import type { MemberDirectory } from "./member-directory.ts"
import type { AnnouncerOutput } from "./output.ts"
import { createPacer, type Pacer, type Turn } from "./pacer.ts"
import { createRecentAskers, type RecentAskers } from "./recent-askers.ts"
import { announcement, directedRequest, question, standingQuestion, type Station, tokenAnswer } from "./speaking.ts"
import type { Tally } from "./tally.ts"

/** A claim to be told to the whole segment. */
export type Claimed = { readonly addresses: readonly Address[]; readonly grant: Grant; readonly epoch: Epoch }

export type VoiceSetup = {
  readonly directory: MemberDirectory
  readonly scope: BeatScope
  readonly keys: () => SharedKeys
  readonly tally: Tally
  /** Answered for here, now: not let go, and not in doubt. */
  readonly isHeld: (address: Address) => boolean
  /**
   * Counts every frame of ARP and neighbour discovery that leaves this link: answers to clients and members, questions
   * (first use, silent members, the gateway, who else answers), defences, announcements in each form, directed requests.
   * Beats are no such frames. Undefined: no limit.
   */
  readonly arpPerSecondMax: number | undefined
}

/** What was asked, and when. */
export type OpenQuestion = { readonly address: Address; readonly askedAt: Instant }

/** Each holder is asked about one address each beat interval, so open questions are few; who does not answer is forgotten. */
const openQuestionsMax = 256

type Say = readonly AnnouncerOutput[]
type Make = (link: Link, keys: SharedKeys) => Uint8Array | undefined

/**
 * All that is said on one segment. When to announce comes from ownership; the first time, each address is also asked
 * from, of the gateway and of those who asked for it lately: that makes an entry where an announcement makes none.
 *
 * Under a limit the first form of each address' first announcement goes before all that repeats one. What waits is made
 * when its turn comes and taken back when its address is let go. Ownership does not wait for it: of many addresses used
 * for the first time at once most are claimed before their questions could leave; whoever else has one is found by the
 * standing questions.
 */
export class Voice {
  /** By nonce: who does not hold the address answers in its own name. */
  readonly questions: Map<number, OpenQuestion> = new Map()
  /** Undefined while the link is gone or down: nothing is said. */
  link: Link | undefined
  readonly #setup: VoiceSetup
  readonly #pacer: Pacer<Uint8Array>
  readonly #watch: GatewayWatch = createGatewayWatch()
  readonly #askers: RecentAskers = createRecentAskers()
  readonly #gatewayMacs = new Map<Address, Mac>()
  /** The claim behind each address announced here: it stands in every frame that speaks for the address unasked. */
  readonly #claims = new Map<Address, Token>()

  constructor(setup: VoiceSetup) {
    this.#setup = setup
    this.#pacer = createPacer(setup.arpPerSecondMax, (turn) => setup.tally.drop(`${turn}-over-limit`))
  }

  beat(beat: Beat): Say {
    const to = this.#setup.directory.addressOf(beat.to)
    const from = this.link?.addresses.find((address) => typeof address === typeof to)
    if (this.link === undefined || to === undefined || from === undefined) return []
    this.#setup.tally.beatsSent++
    const bytes = encodeBeat(beat, this.#setup.scope, this.#setup.keys().current)
    return [{ kind: "datagram", linkIndex: this.link.index, from, to, bytes }]
  }

  /** To a member whose MAC is not known yet the question goes to all: it answers for what it holds. */
  ask(whom: NodeId | "everybody", address: Address, nonce: number, now: Instant): Say {
    const mac = whom === "everybody" ? undefined : this.#setup.directory.macOf(whom)
    const oldest = this.questions.size < openQuestionsMax ? undefined : this.questions.keys().next().value
    if (oldest !== undefined) this.questions.delete(oldest)
    this.questions.set(nonce, { address, askedAt: now })
    return this.#say(now, "question", `${whom} about ${whom === "everybody" ? address : "life"}`, (link, keys) =>
      question(link, { address, mac }, keys, { kind: "question", nonce }),
    )
  }

  /** In this node's own name, without a token: is the gateway there, and am I? Who has an address that nobody has? */
  askPlainly(address: Address, now: Instant, whom: "its-mac" | "everybody" = "its-mac"): Say {
    const mac = whom === "everybody" ? undefined : this.#gatewayMacs.get(address)
    return this.#say(now, "question", `plainly ${address}`, (link, keys) =>
      question(link, { address, mac }, keys, undefined),
    )
  }

  /** The gateway that is asked whether this node is connected. */
  get gateway(): Address | undefined {
    const { link } = this
    return link?.ipv4 === undefined ? (link?.gateway6 ?? link?.gateway4) : (link.gateway4 ?? link.gateway6)
  }

  askGateway(now: Instant, whom: "its-mac" | "everybody" = "its-mac"): Say {
    return this.gateway === undefined ? [] : this.askPlainly(this.gateway, now, whom)
  }

  answerToken(asked: Heard, address: Address, nonce: number, holds: Grant | undefined, now: Instant): Say {
    const isOver = (): boolean => holds !== undefined && !this.#setup.isHeld(address)
    return this.#say(now, "answer", `member ${asked.mac} about ${address}`, (link, keys) =>
      isOver() ? undefined : tokenAnswer(asked, link, keys, { address, nonce, holds }),
    )
  }

  answer(asked: Heard, address: Address, grantOf: (address: Address) => Grant | undefined, now: Instant): Say {
    if (grantOf(address) === undefined) return []
    const tally = this.#setup.tally.of(address)
    tally.requestsReceived++
    return this.#say(now, "answer", `${asked.mac} about ${address}`, (link) => {
      const frame = answerTo(asked, link, grantOf)
      if (frame !== undefined) tally.responsesSent++
      return frame
    })
  }

  announce({ addresses, grant, epoch }: Claimed, now: Instant): Say {
    const said = addresses.flatMap((address) => {
      const isFirst = !this.#claims.has(address)
      this.#claims.set(address, { kind: "announcement", grant, epoch })
      return [
        ...this.#gratuitous(address, 0, isFirst ? "first" : "again", now),
        ...this.#gratuitous(address, 1, "again", now),
        ...this.#beginWatch(address, now),
      ]
    })
    return [...said, ...this.askDue(now)]
  }

  /**
   * Says once more, to all, that an address is ours: the single announcement of RFC 5227 section 2.4, a request, which
   * Linux takes for an entry younger than a second too. Its pace is the caller's.
   */
  defend(address: Address, now: Instant): Say {
    return this.#gratuitous(address, 0, "answer", now)
  }

  /**
   * Does anybody else answer for an address held here? A question that would have to wait for its turn is left out:
   * announcements and answers go first.
   */
  askOthers(address: Address, now: Instant): Say {
    if (!this.#pacer.isFree(now)) return []
    return this.#say(now, "question", `others about ${address}`, (link, keys) => standingQuestion(link, address, keys))
  }

  /** An address is no longer ours, or the MAC it was announced with is no longer the link's. */
  forget(address: Address): void {
    this.#watch.end(address)
    this.#claims.delete(address)
    for (const form of forms) this.#pacer.withdraw(announcementKey(address, form))
  }

  /** Notes which clients ask, and what the gateway shows that it knows. True where its knowledge of an address grew younger by much. */
  hear(heard: Heard, isAnswered: boolean, now: Instant): boolean {
    const { packet, speaksFor, asksFor, mac, token } = heard
    if (packet.kind === "arp" && asksFor !== undefined && packet.senderAddress !== 0 && token.kind === "no-token")
      this.#askers.note({ address: packet.senderAddress, mac, askedFor: packet.targetAddress })
    if (speaksFor === undefined || (speaksFor !== this.link?.gateway4 && speaksFor !== this.link?.gateway6))
      return false
    this.#gatewayMacs.set(speaksFor, mac)
    const about = heard.answers ?? (isAnswered ? asksFor : undefined)
    return about !== undefined && this.#watch.confirm(about, now)
  }

  isGatewayMac(mac: Mac): boolean {
    return [...this.#gatewayMacs.values()].includes(mac)
  }

  confirmedAt(address: Address): Instant | undefined {
    return this.#watch.confirmedAt(address)
  }

  /** Addresses about which the gateway is silent, with the gateway that should know. */
  unanswered(): readonly { readonly address: Address; readonly gateway: Address }[] {
    return this.#watch.unanswered().flatMap((address) => {
      const gateway = this.#gatewayFor(address)
      return gateway === undefined ? [] : [{ address, gateway }]
    })
  }

  /** Questions to the gateway whose time has come. Under a limit they are asked when nothing else waits. */
  askDue(now: Instant): Say {
    if (!this.#pacer.isFree(now)) return []
    return this.#watch.due(now).flatMap((address) => {
      const gateway = this.#gatewayFor(address)
      if (gateway === undefined) return []
      return this.#direct(address, { address: gateway, mac: this.#gatewayMacs.get(gateway) }, now)
    })
  }

  /** Frames that had to wait for their turn. */
  sayDue(now: Instant): Say {
    return this.#out(this.#pacer.due(now))
  }

  /** `maySpeak`: for addresses held here. */
  wakeAt(maySpeak: boolean): Instant | undefined {
    const waiting = this.#pacer.wakeAt()
    if (waiting !== undefined || !maySpeak) return waiting
    const asking = this.#watch.wakeAt()
    const freeAt = this.#pacer.freeAt()
    return asking === undefined || freeAt === undefined || asking > freeAt ? asking : freeAt
  }

  #gatewayFor(address: Address): Address | undefined {
    return typeof address === "number" ? this.link?.gateway4 : this.link?.gateway6
  }

  /** One of an announcement's forms; IPv6 has only the first. */
  #gratuitous(address: Address, form: Form, turn: Turn, now: Instant): Say {
    if (typeof address === "bigint" && form > 0) return []
    return this.#say(now, turn, announcementKey(address, form), (link, keys) => {
      const claim = this.#claims.get(address)
      if (claim === undefined || !this.#setup.isHeld(address)) return undefined
      this.#setup.tally.of(address).gratuitousSent++
      return announcement(link, address, keys, claim)[form]
    })
  }

  #direct(address: Address, to: Station, now: Instant): Say {
    return this.#say(now, "again", `${address} to ${to.address}`, (link, keys) => {
      const claim = this.#claims.get(address)
      const isOver = claim === undefined || !this.#setup.isHeld(address)
      return isOver ? undefined : directedRequest(link, address, to, keys, claim)
    })
  }

  #beginWatch(address: Address, now: Instant): Say {
    const { link } = this
    if (link === undefined || this.#watch.isWatching(address) || !carries(link, address)) return []
    this.#watch.begin(address, now)
    if (typeof address === "bigint") return []
    const askers = this.#askers.of(address).filter((asker) => asker.address !== link.gateway4)
    return askers.flatMap((asker) => this.#direct(address, asker, now))
  }

  #say(now: Instant, turn: Turn, key: string, make: Make): Say {
    if (this.link === undefined) return []
    const saying = {
      turn,
      key,
      make: () => (this.link === undefined ? undefined : make(this.link, this.#setup.keys())),
    }
    return this.#out(this.#pacer.send(saying, now))
  }

  #out(frames: readonly Uint8Array[]): Say {
    const { link } = this
    return link === undefined ? [] : frames.map((bytes) => ({ kind: "frame", linkIndex: link.index, bytes }))
  }
}

/** An announcement's forms in the order they leave: as a request, as a reply. */
const forms = [0, 1] as const
type Form = (typeof forms)[number]

const announcementKey = (address: Address, form: Form): string => `${address} announced ${form}`
