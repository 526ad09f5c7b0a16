import type { Address } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { type AddressRange, rangeHolds } from "../../net/range.ts"
import type { NodeId } from "../../ownership/beat.ts"
import { after, earliest, type Instant } from "../../time/instant.ts"
import { ConflictDetection } from "./conflict-detection.ts"
import type { Finding } from "./finding.ts"
import { type ForeignAnswer, ForeignAnswers, type Sighting, type Stranger } from "./foreign-answers.ts"
import type { Heard } from "./hearing.ts"
import type { MemberDirectory } from "./member-directory.ts"
import type { AnnouncerOutput } from "./output.ts"
import type { Voice } from "./voice.ts"

/** What is told of a stranger waits so long for the control question's answer, which says what it is. */
const settleMs = 150
/** Machines remembered for what they showed before anything is contested; anybody can send such frames from any MAC. */
const shownMax = 256

export type ImpostorsSetup = {
  readonly voice: Voice
  readonly directory: MemberDirectory
  /** A member not heard for so long is silent. */
  readonly windowMs: number
  readonly arpPerSecondMax: number | undefined
  readonly isHeld: (address: Address) => boolean
}

type Outputs = readonly AnnouncerOutput[]

/**
 * Others who answer on one segment for addresses of ours: noticed, named, told, and answered at RFC 5227's pace. Nothing
 * here decides who holds an address, so no stranger can take one away or keep another node from taking it over.
 */
export class Impostors {
  readonly #setup: ImpostorsSetup
  readonly #foreign = new ForeignAnswers()
  readonly #detection: ConflictDetection
  /** What a machine's frames showed it to be, and which address it probed for. The oldest are forgotten. */
  readonly #shown = new Map<Mac, Stranger>()
  readonly #probers = new Map<Mac, Address>()
  readonly #untold = new Map<Address, Set<Mac>>()
  #controls: readonly Address[] = []
  #dhcp: readonly AddressRange[] = []
  #tellAt: Instant | undefined

  constructor(setup: ImpostorsSetup) {
    this.#setup = setup
    this.#detection = new ConflictDetection(setup.arpPerSecondMax)
  }

  /** `controls`: nobody has them. `dhcp`: given by DHCP, as the facts of the network say. */
  surround(around: {
    readonly speakers: number
    readonly controls: readonly Address[]
    readonly dhcp: readonly AddressRange[]
  }): void {
    this.#detection.nodes = around.speakers
    this.#controls = around.controls
    this.#dhcp = around.dhcp
  }

  /** Announced here: the others are asked about it from now on. */
  watch(addresses: readonly Address[], now: Instant): void {
    for (const address of addresses) this.#detection.begin(address, now)
  }

  release(address: Address): void {
    this.#detection.end(address)
  }

  /** What any frame shows of its sender, and whom it may have made answer. */
  hear(heard: Heard, now: Instant): Outputs {
    const { mac, asksFor, speaksFor, token } = heard
    if (this.#setup.directory.ownerOf(mac) === undefined) this.#noteProbe(heard)
    if (token.kind !== "no-token") {
      // Our key, and no node of ours: a second cluster was given it. Its beats do not fit, so nobody takes it for a member.
      if (this.#setup.directory.ownerOf(mac) === undefined) this.#show(mac, otherCluster, now)
      return []
    }
    if (speaksFor !== undefined && this.#controls.includes(speaksFor)) this.#show(mac, answersForEverything, now)
    if (heard.sealedElsewhere) return this.#hearOtherSpeaker(heard, now)
    if (asksFor !== undefined && !heard.addressed) this.#detection.heard(asksFor, now)
    return []
  }

  /** Somebody who is no holder of ours answers for an address, or announces it. */
  sight(address: Address, mac: Mac, now: Instant): Outputs {
    const sighting = {
      address,
      mac,
      stranger: this.#recognise(address, mac, now),
      conflicts: this.#setup.isHeld(address),
    }
    return this.#sight(sighting, now)
  }

  clear(address: Address, link: string): Outputs {
    return this.#foreign.clear(address).map((answer) => raised(link, answer, false))
  }

  /** The question to all whose turn it is. */
  ask(now: Instant): Outputs {
    const address = this.#detection.due(now)
    if (address === undefined) return []
    if (this.#foreign.asked(address)) this.#detection.contested(address, now)
    return this.#setup.voice.askOthers(address, now)
  }

  /** Strangers that are new, have become known for what they are, or are gone. */
  tell(link: string, now: Instant): Outputs {
    const gone = this.#foreign.forget(this.#setup.isHeld, now)
    for (const { mac } of gone) if (!this.#foreign.isStranger(mac)) this.#shown.delete(mac)
    return [
      ...this.#news(now).map((answer) => raised(link, answer, true)),
      ...gone.map((answer) => raised(link, answer, false)),
    ]
  }

  /** `maySpeak`: frames may leave. */
  wakeAt(maySpeak: boolean): Instant | undefined {
    return earliest(this.#tellAt, this.#foreign.wakeAt(), maySpeak ? this.#detection.wakeAt() : undefined)
  }

  list(): readonly ForeignAnswer[] {
    return this.#foreign.list()
  }

  #news(now: Instant): readonly ForeignAnswer[] {
    if (this.#tellAt === undefined || now < this.#tellAt) return []
    this.#tellAt = undefined
    const news = [...this.#untold].flatMap(([address, macs]) =>
      this.#foreign.of(address).filter(({ mac }) => macs.has(mac)),
    )
    this.#untold.clear()
    return news
  }

  #sight(sighting: Sighting, now: Instant): Outputs {
    const { voice } = this.#setup
    const { address, mac } = sighting
    const reaction = this.#foreign.sight(sighting, now)
    if (reaction.changed) this.#tellSoon(address, mac, now)
    this.#detection.contested(address, now)
    const control = reaction.askControl ? this.#controls.find((one) => typeof one === typeof address) : undefined
    return [
      ...(reaction.defend ? voice.defend(address, now) : []),
      ...(control === undefined ? [] : voice.askPlainly(control, now)),
    ]
  }

  /** Not sealed with our key, and from a station that is none of our nodes. What asks for our address wants it too. */
  #hearOtherSpeaker({ mac, asksFor }: Heard, now: Instant): Outputs {
    if (this.#setup.directory.ownerOf(mac) !== undefined) return []
    const wanted = asksFor !== undefined && this.#setup.isHeld(asksFor) ? asksFor : undefined
    const outputs =
      wanted === undefined ? [] : this.#sight({ address: wanted, mac, stranger: otherCluster, conflicts: false }, now)
    this.#show(mac, otherCluster, now)
    return outputs
  }

  /** Of a node of ours, of the gateway and of another cluster's speaker more is known than that. */
  #show(mac: Mac, stranger: Stranger, now: Instant): void {
    const shown = this.#shown.get(mac)?.is
    if (shown === stranger.is || shown === "other-cluster") return
    if (this.#setup.directory.ownerOf(mac) !== undefined || this.#setup.voice.isGatewayMac(mac)) return
    keep(this.#shown, mac, stranger)
    for (const { address } of this.#foreign.recognise(mac, stranger)) this.#tellSoon(address, mac, now)
  }

  #tellSoon(address: Address, mac: Mac, now: Instant): void {
    this.#untold.set(address, (this.#untold.get(address) ?? new Set()).add(mac))
    this.#tellAt ??= after(now, settleMs)
  }

  /** RFC 5227 section 2.1.1: what asks for an address without having one is about to take it. */
  #noteProbe({ packet, mac, asksFor, token }: Heard): void {
    if (packet.kind !== "arp" || packet.senderAddress !== 0 || asksFor === undefined || token.kind !== "no-token")
      return
    keep(this.#probers, mac, asksFor)
  }

  #recognise(address: Address, mac: Mac, now: Instant): Stranger {
    const { directory, voice } = this.#setup
    const member = directory.ownerOf(mac)
    if (member !== undefined) return this.#memberAs(member, now)
    if (voice.isGatewayMac(mac)) return { is: "gateway" }
    const shown = this.#shown.get(mac)
    if (shown !== undefined) return shown
    const isLease = this.#probers.get(mac) === address || this.#dhcp.some((range) => rangeHolds(range, address))
    return { is: isLease ? "dhcp-client" : "unknown" }
  }

  #memberAs(member: NodeId, now: Instant): Stranger {
    const { directory, windowMs } = this.#setup
    const node = directory.nameOf(member)
    const heardAt = directory.isSelf(member) ? now : directory.heardAt(member)
    return { is: heardAt !== undefined && now < after(heardAt, windowMs) ? "member" : "silent-member", node }
  }
}

const keep = <Value>(known: Map<Mac, Value>, mac: Mac, value: Value): void => {
  known.delete(mac)
  known.set(mac, value)
  const oldest = known.size > shownMax ? known.keys().next().value : undefined
  if (oldest !== undefined) known.delete(oldest)
}

const answersForEverything: Stranger = { is: "answers-for-everything" }
const otherCluster: Stranger = { is: "other-cluster" }

export const foreignFinding = (link: string, { address, mac, stranger }: ForeignAnswer): Finding => ({
  code: "foreign-answer",
  link,
  address,
  mac,
  stranger,
})

const raised = (link: string, answer: ForeignAnswer, on: boolean): AnnouncerOutput => ({
  kind: "finding",
  finding: foreignFinding(link, answer),
  on,
})
