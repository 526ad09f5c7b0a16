import type { Address, Ipv6 } from "../../net/address.ts"
import type { Boot, Epoch, Grant, NodeId } from "../../ownership/beat.ts"
import { type Finding as SegmentFinding, nodesOf } from "../../ownership/finding.ts"
import type { InheritedClaim, SegmentInput } from "../../ownership/input.ts"
import type { SegmentOutput } from "../../ownership/output.ts"
import type { SegmentPicture } from "../../ownership/picture.ts"
import { createSegment, type Segment } from "../../ownership/segment.ts"
import { type BeatScope, beatPort, beatScope } from "../../protocol/beat/datagram.ts"
import { decodeBeat } from "../../protocol/beat/decode-beat.ts"
import { solicitedNodeGroup } from "../../protocol/ndp/solicited-node.ts"
import type { SharedKeys } from "../../protocol/shared-key.ts"
import { after, type At, earliest, type Instant } from "../../time/instant.ts"
import type { Intent, Surroundings } from "../intent.ts"
import type { AnswerTable } from "./answer-table.ts"
import type { BeatProfile } from "./beat-profile.ts"
import type { Finding } from "./finding.ts"
import type { ForeignAnswer } from "./foreign-answers.ts"
import { GatewayWatchdog } from "./gateway-watchdog.ts"
import { hear, type Heard } from "./hearing.ts"
import { foreignFinding, Impostors } from "./impostors.ts"
import { carries, type Link } from "./link.ts"
import { MemberDirectory, nodeIdOf } from "./member-directory.ts"
import { Namesakes } from "./namesakes.ts"
import type { AnnouncerOutput } from "./output.ts"
import { SegmentView } from "./segment-view.ts"
import { sightingOf } from "./sighting.ts"
import { heardByOthers } from "./heard-by-others.ts"
import type { Tally } from "./tally.ts"
import { Voice } from "./voice.ts"

/** What all segments of one process share. */
export type LanSetup = {
  readonly node: string
  readonly boot: Boot
  readonly profile: BeatProfile
  readonly promiseSeconds: number
  readonly arpPerSecondMax: number | undefined
  readonly table: AnswerTable
  readonly tally: Tally
  readonly keys: () => SharedKeys
}

/** A group this node answers for here. `since`: seconds since 1970. */
export type HeldGroup = {
  readonly key: Address
  readonly addresses: readonly Address[]
  readonly grant: Grant
  readonly epoch: Epoch
  readonly since: number
}

/** A thousand addresses are let go one by one as others say that they have them; their groups are left together. */
const groupsLeaveMs = 500
/** Beats come from this segment or not at all: a router would have lowered it. */
const ttlOnLink = 255

type Outputs = readonly AnnouncerOutput[]

/**
 * One layer-2 segment as this node sees it: what its link hears becomes inputs of the machine that decides who answers,
 * what the machine says becomes frames and datagrams. It outlives its link: a cable out for a moment, or a replaced card,
 * is the same segment.
 */
export class Lan {
  /** The text of the network that names the segment: `192.168.40.0/24`. */
  readonly name: string
  readonly directory: MemberDirectory
  readonly voice: Voice
  readonly #setup: LanSetup
  readonly #scope: BeatScope
  readonly #segment: Segment
  readonly #view: SegmentView
  readonly #impostors: Impostors
  readonly #gateway = new GatewayWatchdog()
  readonly #namesakes = new Namesakes()
  readonly #held = new Map<Address, HeldGroup>()
  #link: Link
  #silent = false
  /** Nobody is heard: others may have taken what is held here. */
  #alone = false
  #hasPeers = false
  #exited = false
  #changed = true
  #groupsAt: Instant | undefined

  constructor(name: string, link: Link, cluster: string, setup: LanSetup) {
    this.name = name
    this.#setup = setup
    this.#link = link
    this.#scope = beatScope(cluster, name)
    this.directory = new MemberDirectory(setup.node)
    this.#view = new SegmentView(setup.node, this.directory)
    this.voice = new Voice({ ...setup, directory: this.directory, scope: this.#scope, isHeld: this.#isHeld })
    this.voice.link = link
    this.#impostors = new Impostors({
      voice: this.voice,
      directory: this.directory,
      windowMs: setup.profile.intervalMs * setup.profile.misses,
      arpPerSecondMax: setup.arpPerSecondMax,
      isHeld: this.#isHeld,
    })
    this.#segment = createSegment({
      self: nodeIdOf(setup.node),
      boot: setup.boot,
      mac: link.mac,
      intervalMs: setup.profile.intervalMs,
      misses: setup.profile.misses,
      promiseSeconds: setup.promiseSeconds,
      beatPort,
    })
  }

  /** The link it has, or the last it had. */
  get link(): Link {
    return this.#link
  }

  get exited(): boolean {
    return this.#exited
  }

  get held(): readonly HeldGroup[] {
    return [...this.#held.values()]
  }

  get contested(): readonly ForeignAnswer[] {
    return this.#impostors.list()
  }

  /** The link as it is now; undefined: gone or down. Its index changes when the card is replaced, its MAC when a bond's first member is. */
  relink(link: Link | undefined, at: At): Outputs {
    const before = this.voice.link
    this.voice.link = link
    this.#setup.table.dropLink(this.#link.index)
    if (link === undefined) return []
    this.#link = link
    for (const { addresses, grant } of this.#held.values()) this.#answer(addresses, grant)
    if (before !== undefined && soundsTheSame(before, link)) return []
    for (const { addresses } of this.#held.values()) for (const address of addresses) this.voice.forget(address)
    this.#groupsAt = at.now
    if (before?.mac === link.mac && !this.#silent)
      return [...this.#held.values()].flatMap((group) => this.voice.announce(group, at.now))
    return this.#step({ kind: "mac", mac: link.mac }, at)
  }

  /** Also after each change of the link: who is within reach depends on its addresses. */
  members({ members, controls, dhcp = [] }: Surroundings, viewComplete: boolean, at: At): Outputs {
    const listed = this.directory.list(members, this.#link)
    this.#hasPeers = listed.length > 0
    this.#gateway.use(this.voice.gateway, at.now)
    this.#impostors.surround({ speakers: listed.length + 1, controls, dhcp })
    const outputs = this.#step({ kind: "members", members: listed }, at)
    return [...outputs, ...this.#step(this.#view.again(this.#link.name, viewComplete), at)]
  }

  view(page: readonly Intent[], complete: boolean, at: At): Outputs {
    return this.#step(this.#view.page(page, this.#link.name, complete), at)
  }

  inherited(claims: readonly InheritedClaim[], at: At): Outputs {
    const outputs = this.#step({ kind: "inherited", claims }, at)
    for (const claim of claims) if (this.#held.has(claim.key)) this.#hold(claim.key, claim.addresses, claim, at)
    return outputs
  }

  give(key: Address, to: string, at: At): Outputs {
    return this.#step({ kind: "give", key, to: this.directory.idOf(to) }, at)
  }

  tell(input: SegmentInput & { readonly kind: "bound" | "stop" }, at: At): Outputs {
    return this.#step(input, at)
  }

  wake(at: At): Outputs {
    const outputs = this.#step({ kind: "wake" }, at)
    const due = this.#maySpeak() ? [...this.voice.askDue(at.now), ...this.#impostors.ask(at.now)] : []
    const told = this.#impostors.tell(this.#link.name, at.now)
    if (told.length > 0) this.#changed = true
    return [...outputs, ...this.voice.sayDue(at.now), ...due, ...told, ...this.#watchGateway(at)]
  }

  wakeAt(): Instant | undefined {
    const speaking = this.voice.link === undefined ? undefined : this.voice.wakeAt(this.#maySpeak())
    const asking = this.#asksGateway() ? this.#gateway.wakeAt() : undefined
    return earliest(this.#segment.wakeAt(), speaking, asking, this.#groupsAt, this.#impostors.wakeAt(this.#maySpeak()))
  }

  datagram(from: Address, ttl: number, bytes: Uint8Array, at: At): Outputs {
    if (ttl !== ttlOnLink) return this.#drop("beat-from-beyond-a-router")
    const receiver = { self: nodeIdOf(this.#setup.node), scope: this.#scope, keys: this.#setup.keys() }
    const read = decodeBeat(bytes, receiver)
    if (read.kind === "refused") return this.#drop(`beat-${read.because}`)
    this.#setup.tally.beatsReceived++
    this.#namesakes.hear(read.beat, at.now)
    this.directory.hear(read.beat.from, from, read.beat.mac, at.now)
    return this.#step({ kind: "beat", beat: read.beat }, at)
  }

  /**
   * A frame of ARP or neighbour discovery that was sent to this station, to all or to a group. The machine hears of it
   * before the answer table is looked into: what it hears may silence an answer.
   */
  frame(bytes: Uint8Array, at: At): Outputs {
    const heard = hear(bytes, this.#link, this.#setup.keys())
    if (heard.kind === "malformed") return this.#drop(`frame-${heard.because}`)
    if (heard.mac === this.#link.mac || heard.packet.source === this.#link.mac) return []
    const { directory, voice } = this
    const isHeld = this.#isHeld
    const around = { link: this.#link, directory, view: this.#view, questions: voice.questions, isHeld }
    const sighting = sightingOf(heard, around, at.now)
    const outputs = [...this.#step(sighting, at, heard)]
    const { asksFor } = heard
    if (voice.hear(heard, asksFor !== undefined && isHeld(asksFor), at.now)) this.#changed = true
    const isAnswer = heard.addressed && heard.answers !== undefined && heard.speaksFor === voice.gateway
    if (isAnswer) outputs.push(...this.#gatewayAnswered(at))
    const shown = this.#impostors.hear(heard, at.now)
    if (sighting.kind === "foreign" && isHeld(sighting.address))
      return [...outputs, ...shown, ...this.#impostors.sight(sighting.address, sighting.mac, at.now)]
    if (sighting.kind !== "request") return [...outputs, ...shown]
    return [...outputs, ...shown, ...voice.answer(heard, sighting.address, this.#grantOf, at.now)]
  }

  /** Whether something came up since the last time that is worth telling the API. */
  takeChanged(): boolean {
    const changed = this.#changed
    this.#changed = false
    return changed
  }

  /** The groups to be in, where they may have changed: once a step, however many addresses moved in it. */
  takeGroups(now: Instant): Outputs {
    if (this.#groupsAt === undefined || now < this.#groupsAt) return []
    this.#groupsAt = undefined
    const groups = new Set<Ipv6>()
    for (const { addresses } of this.#held.values())
      for (const address of addresses)
        if (typeof address === "bigint" && carries(this.#link, address)) groups.add(solicitedNodeGroup(address))
    return [{ kind: "groups", linkIndex: this.#link.index, groups: [...groups] }]
  }

  picture(now: Instant): SegmentPicture {
    return this.#segment.inspect(now)
  }

  findings(now: Instant): readonly Finding[] {
    const link = this.#link.name
    const picture = this.#segment.inspect(now)
    return [
      ...picture.findings.filter(({ code }) => !strangerCodes.has(code)).map((finding) => this.#told(finding)),
      ...heardByOthers(picture).map((peer): Finding => ({
        code: "heard-by-others",
        link,
        node: this.directory.nameOf(peer),
      })),
      ...this.#namesakes
        .list(now)
        .map(({ node, macs }): Finding => ({ code: "duplicate-node", link, node: this.directory.nameOf(node), macs })),
      ...this.#impostors.list().map((answer) => foreignFinding(link, answer)),
      ...this.voice
        .unanswered()
        .map(({ address, gateway }): Finding => ({ code: "gateway-silent", link, address, gateway })),
    ]
  }

  readonly #grantOf = (address: Address): Grant | undefined =>
    this.#silent ? undefined : this.#setup.table.get(this.#link.index, address)?.grant

  readonly #isHeld = (address: Address): boolean => this.#grantOf(address) !== undefined

  #asksGateway(): boolean {
    return this.#hasPeers && this.voice.link !== undefined
  }

  #watchGateway(at: At): Outputs {
    if (!this.#asksGateway()) return []
    const whom = this.#gateway.ask(at.now)
    const asked = whom === "no" ? [] : this.voice.askGateway(at.now, whom)
    return [...asked, ...this.#tellGateway(at)]
  }

  #gatewayAnswered(at: At): Outputs {
    this.#gateway.answered(at.now)
    return this.#tellGateway(at)
  }

  #tellGateway(at: At): Outputs {
    const is = this.#gateway.news(at.now)
    return is === undefined ? [] : this.#step({ kind: "gateway-life", is }, at)
  }

  /** Unasked, in the name of what is held. */
  #maySpeak(): boolean {
    return !this.#silent && !this.#alone && this.voice.link !== undefined
  }

  #step(input: SegmentInput, at: At, asked?: Heard): Outputs {
    return this.#segment.step(input, at).flatMap((output) => this.#perform(output, at, asked))
  }

  #perform(output: SegmentOutput, at: At, asked: Heard | undefined): Outputs {
    switch (output.kind) {
      case "beat":
        return this.voice.beat(output.beat)
      case "ask":
        return this.voice.ask(output.whom, output.address, output.nonce, at.now)
      case "ask-gateway":
        return this.voice.askGateway(at.now)
      case "reply":
        return asked === undefined
          ? []
          : this.voice.answerToken(asked, output.address, output.nonce, output.holds, at.now)
      case "announce":
        this.#hold(output.key, output.addresses, output, at)
        this.#impostors.watch(output.addresses, at.now)
        return this.voice.announce(output, at.now)
      case "answering":
        return this.#answering(output, at)
      case "silence":
        this.#silent = output.on
        return []
      case "moved":
        return this.#moved(output, at)
      case "finding":
        return this.#found(output, at)
      case "exit":
        this.#exited = true
        return []
    }
  }

  #answering({ key, addresses, grant }: SegmentOutput & { kind: "answering" }, at: At): Outputs {
    const before = this.#held.get(key)?.addresses ?? []
    const isMore = addresses.some((address) => !before.includes(address))
    for (const address of before) {
      if (addresses.includes(address)) continue
      this.#setup.table.delete(this.#link.index, address)
      this.voice.forget(address)
      this.#impostors.release(address)
    }
    if (this.voice.link !== undefined) this.#answer(addresses, grant)
    if (addresses.length === 0) this.#held.delete(key)
    else this.#hold(key, addresses, { grant, epoch: this.#held.get(key)?.epoch ?? 0 }, at)
    this.#changed = true
    this.#groupsAt = earliest(this.#groupsAt, isMore ? at.now : after(at.now, groupsLeaveMs))
    return []
  }

  /** IPv6 needs a link-local address, ARP a broadcast link: what cannot be announced is not answered. */
  #answer(addresses: readonly Address[], grant: Grant): void {
    for (const address of addresses)
      if (carries(this.#link, address)) this.#setup.table.set(this.#link.index, address, { grant })
  }

  #hold(key: Address, addresses: readonly Address[], claim: { grant: Grant; epoch: Epoch }, at: At): void {
    const since = this.#held.get(key)?.since ?? at.wallSeconds
    this.#held.set(key, { key, addresses, grant: claim.grant, epoch: claim.epoch, since })
  }

  #moved({ key, from, to, because }: SegmentOutput & { kind: "moved" }, at: At): Outputs {
    const name = (node: NodeId | undefined): string | undefined =>
      node === undefined ? undefined : this.directory.nameOf(node)
    const move = { at: at.wallSeconds, link: this.#link.name, key, from: name(from), to: name(to), because }
    return [{ kind: "moved", move }]
  }

  /** Who answers for ours is told of with what it is; the rest as it was found. */
  #found({ finding, on }: SegmentOutput & { kind: "finding" }, at: At): Outputs {
    this.#changed = true
    if (finding.code === "hears-nothing") this.#alone = on
    if (finding.code !== "stranger-answers" && finding.code !== "answered-without-token")
      return [{ kind: "finding", finding: this.#told(finding), on }]
    return on
      ? this.#impostors.sight(finding.address, finding.mac, at.now)
      : this.#impostors.clear(finding.address, this.#link.name)
  }

  #told(finding: SegmentFinding): Finding {
    const nodes = nodesOf(finding).map((node) => this.directory.nameOf(node))
    return { code: "segment", link: this.#link.name, finding, nodes }
  }

  #drop(reason: string): Outputs {
    this.#setup.tally.drop(reason)
    return []
  }
}

/** Nothing that others know of this card has changed. */
const soundsTheSame = (before: Link, link: Link): boolean =>
  before.index === link.index &&
  before.mac === link.mac &&
  before.arp === link.arp &&
  before.linkLocal === link.linkLocal

const strangerCodes: ReadonlySet<string> = new Set(["stranger-answers", "answered-without-token"])
