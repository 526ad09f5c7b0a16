import type { Address } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import type { Boot } from "../../ownership/beat.ts"
import { type SharedKeys, sharedKey } from "../../protocol/shared-key.ts"
import { after, type At, earliest, type Instant, type Program } from "../../time/instant.ts"
import type { Hold, Intent, Surroundings } from "../intent.ts"
import { type AnswerTable, createAnswerTable } from "./answer-table.ts"
import type { BeatProfile } from "./beat-profile.ts"
import type { Finding } from "./finding.ts"
import type { AnnouncerInput, BeatSecrets, InheritedHold } from "./input.ts"
import { Lan, type LanSetup } from "./lan.ts"
import { assignLinks, type LinkAssignment } from "./link-assignment.ts"
import type { Link } from "./link.ts"
import { collidingNodes } from "./member-directory.ts"
import type { AnnouncerOutput, Listening } from "./output.ts"
import { type AnnouncerReport, type Move, movesKept, type ReportedHold, type ReportedSegment } from "./report.ts"
import { Tally } from "./tally.ts"

export type AnnouncerOptions = {
  readonly node: string
  /** Drawn at random when the process starts. */
  readonly boot: Boot
  readonly secrets: BeatSecrets
  readonly profile: BeatProfile
  /** How long peers keep this node's addresses while it restarts. */
  readonly promiseSeconds: number
  /** Over every frame of a link. Undefined: no limit. */
  readonly arpPerSecondMax: number | undefined
}

/** The first change is told at once, what follows at most so often: a thousand moves are one report. */
const reportIntervalMs = 1000
/** And so often without any: who hears whom changes without a word. */
const reportIdleMs = 5000
/** A segment whose link is gone for so long is another one when it comes back. */
const forgetLanMs = 60_000

type Outputs = readonly AnnouncerOutput[]

/** Speaks on the wire for one node: on each usable link it hears, answers and announces as ownership decides. */
export class Announcer implements Program<AnnouncerInput, AnnouncerOutput> {
  readonly node: string
  readonly table: AnswerTable = createAnswerTable()
  readonly tally: Tally = new Tally()
  readonly #setup: LanSetup
  readonly #lans = new Map<string, Lan>()
  readonly #lanOfLink = new Map<number, Lan>()
  readonly #goneSince = new Map<Lan, Instant>()
  readonly #holds = new Map<Address, Hold>()
  readonly #movesTold = new Map<Address, string>()
  readonly #moves: Move[] = []
  #keys: SharedKeys
  #interfaces: readonly Interface[] = []
  #assignment: LinkAssignment = { speaking: new Map(), judged: [] }
  #surroundings: Surroundings | undefined
  #inherited: readonly InheritedHold[] = []
  #viewComplete = false
  #bound = false
  #stopping: "restarting" | "leaving" | undefined
  #exitSaid = false
  #reportAt: Instant | undefined
  /** Something changed that is not reported yet. */
  #isNews = false
  /** When a change was reported last. */
  #newsAt: Instant | undefined

  constructor(options: AnnouncerOptions) {
    this.node = options.node
    this.#keys = keysOf(options.secrets)
    this.#setup = { ...options, table: this.table, tally: this.tally, keys: () => this.#keys }
  }

  step(input: AnnouncerInput, at: At): Outputs {
    const outputs = this.#take(input, at)
    for (const output of outputs) if (output.kind === "moved") this.#journal(output.move)
    return [...outputs, ...this.#close(at)]
  }

  wakeAt(): Instant | undefined {
    const forgetting = [...this.#goneSince.values()].map((since) => after(since, forgetLanMs))
    return earliest(this.#reportAt, ...forgetting, ...[...this.#lans.values()].map((lan) => lan.wakeAt()))
  }

  /** What the Speaker object and `inspect` say. */
  report(at: At): AnnouncerReport {
    const lans = [...this.#lans.values()]
    return {
      links: this.#assignment.judged,
      segments: lans.map((lan) => segmentOf(lan, at)),
      holds: lans.flatMap((lan) => holdsOf(lan, at)),
      contested: lans.flatMap((lan) => lan.contested.map((answer) => ({ ...answer, link: lan.link.name }))),
      findings: [...this.#findings(), ...lans.flatMap((lan) => lan.findings(at.now))],
      moves: [...this.#moves],
    }
  }

  get lans(): readonly Lan[] {
    return [...this.#lans.values()]
  }

  linkName(index: number): string {
    return this.#interfaces.find((device) => device.index === index)?.name ?? `link ${index}`
  }

  get stopping(): "restarting" | "leaving" | undefined {
    return this.#stopping
  }

  get bound(): boolean {
    return this.#bound
  }

  #take(input: AnnouncerInput, at: At): Outputs {
    switch (input.kind) {
      case "frame":
        return this.#lanOfLink.get(input.linkIndex)?.frame(input.bytes, at) ?? []
      case "datagram":
        return this.#lanOfLink.get(input.linkIndex)?.datagram(input.from, input.ttl, input.bytes, at) ?? []
      case "wake":
        return this.#wake(at)
      case "intents":
        return this.#intents(input.page, input.complete, at)
      case "links":
        this.#interfaces = input.interfaces
        return this.#assign(at)
      case "surroundings":
        return this.#surround(input.surroundings, at)
      case "secrets":
        this.#keys = keysOf(input.secrets)
        return []
      case "bound":
        this.#bound = true
        return this.#everyLan((lan) => lan.tell({ kind: "bound" }, at))
      case "inherited":
        this.#inherited = input.holds
        return this.#everyLan((lan) => this.#inherit(lan, at))
      case "failed":
        this.tally.drop(`send-${input.code}`)
        return []
      case "stop":
        this.#stopping = input.how
        return this.#everyLan((lan) => lan.tell({ kind: "stop", how: input.how }, at))
    }
  }

  #wake(at: At): Outputs {
    for (const [lan, since] of this.#goneSince)
      if (at.now >= after(since, forgetLanMs)) {
        this.#goneSince.delete(lan)
        this.#lans.delete(lan.name)
      }
    return this.#everyLan((lan) => lan.wake(at))
  }

  #everyLan(act: (lan: Lan) => Outputs): Outputs {
    return [...this.#lans.values()].flatMap(act)
  }

  #intents(page: readonly Intent[], complete: boolean, at: At): Outputs {
    this.#viewComplete = complete
    for (const intent of page) {
      if (intent.kind === "hold") this.#holds.set(intent.hold.key, intent.hold)
      else this.#forgetHold(intent.key)
    }
    const outputs = this.#everyLan((lan) => lan.view(page, complete, at))
    return [...outputs, ...page.flatMap((intent) => this.#give(intent, at)), { kind: "acknowledged" }]
  }

  #forgetHold(key: Address): void {
    this.#holds.delete(key)
    this.#movesTold.delete(key)
  }

  /** Told once a value: what the holder did about it is done, also if the address moves on. */
  #give(intent: Intent, at: At): Outputs {
    if (intent.kind !== "hold") return []
    const { key, moveTo } = intent.hold
    if (moveTo === this.#movesTold.get(key)) return []
    if (moveTo === undefined) this.#movesTold.delete(key)
    else this.#movesTold.set(key, moveTo)
    const node = moveTo?.split(" ")[0]
    return node === undefined || node === this.node ? [] : this.#everyLan((lan) => lan.give(key, node, at))
  }

  #surround(surroundings: Surroundings, at: At): Outputs {
    const nodes = [this.node, ...surroundings.members.map(({ node }) => node)]
    const collision = collidingNodes(nodes)
    if (collision?.includes(this.node))
      return [{ kind: "refuse", because: { code: "node-id-collision", nodes: collision } }]
    this.#surroundings = surroundings
    const known = [...this.#lans.values()]
    const outputs = known.flatMap((lan) => lan.members(surroundings, this.#viewComplete, at))
    return [...outputs, ...this.#assign(at)]
  }

  /** Interfaces have come, gone or changed, or it changed which of them may be used. */
  #assign(at: At): Outputs {
    const surroundings = this.#surroundings
    if (surroundings === undefined) return []
    this.#assignment = assignLinks(this.#interfaces, surroundings.links)
    this.#lanOfLink.clear()
    const outputs: AnnouncerOutput[] = []
    for (const [segment, link] of this.#assignment.speaking) {
      const lan = this.#lans.get(segment)
      if (lan === undefined) outputs.push(...this.#begin(segment, link, surroundings, at))
      else outputs.push(...this.#relink(lan, link, surroundings, at))
      this.#goneSince.delete(this.#lans.get(segment)!)
      this.#lanOfLink.set(link.index, this.#lans.get(segment)!)
    }
    for (const lan of this.#lans.values()) {
      if (this.#assignment.speaking.has(lan.name) || this.#goneSince.has(lan)) continue
      this.#goneSince.set(lan, at.now)
      outputs.push(...lan.relink(undefined, at))
    }
    this.#reportSoon(at)
    return [this.#listen(surroundings), ...outputs]
  }

  /** Groups that no advertisement allowed on the link under its former name were never told there. */
  #relink(lan: Lan, link: Link, surroundings: Surroundings, at: At): Outputs {
    const isRenamed = lan.link.name !== link.name
    const outputs = [...lan.relink(link, at), ...lan.members(surroundings, this.#viewComplete, at)]
    return isRenamed ? [...outputs, ...lan.view(this.#wholeView(), this.#viewComplete, at)] : outputs
  }

  #wholeView(): readonly Intent[] {
    return [...this.#holds.values()].map((hold) => ({ kind: "hold", hold }))
  }

  #begin(segment: string, link: Link, surroundings: Surroundings, at: At): Outputs {
    const lan = new Lan(segment, link, surroundings.cluster, this.#setup)
    this.#lans.set(segment, lan)
    return [
      ...lan.members(surroundings, false, at),
      ...this.#inherit(lan, at),
      ...(this.#bound ? lan.tell({ kind: "bound" }, at) : []),
      ...lan.view(this.#wholeView(), this.#viewComplete, at),
      ...(this.#stopping === undefined ? [] : lan.tell({ kind: "stop", how: this.#stopping }, at)),
    ]
  }

  #inherit(lan: Lan, at: At): Outputs {
    const claims = this.#inherited.filter(({ segment }) => segment === lan.name)
    return claims.length === 0 ? [] : lan.inherited(claims, at)
  }

  #listen(surroundings: Surroundings): AnnouncerOutput {
    const on = [...this.#assignment.speaking.values()].map((link): Listening => ({
      linkIndex: link.index,
      link: link.name,
      arp: link.arp,
      ndp: link.linkLocal !== undefined,
    }))
    return { kind: "listen", on, ranges: surroundings.ranges }
  }

  /** What each step may owe: groups, the report, the word that everything is handed over. */
  #close(at: At): Outputs {
    const outputs: AnnouncerOutput[] = []
    for (const lan of this.#lans.values()) {
      outputs.push(...lan.takeGroups(at.now))
      if (lan.takeChanged()) this.#reportSoon(at)
    }
    if (this.#reportAt !== undefined && at.now >= this.#reportAt) {
      this.#reportAt = after(at.now, reportIdleMs)
      if (this.#isNews) this.#newsAt = at.now
      this.#isNews = false
      outputs.push({ kind: "report", report: this.report(at) })
    }
    if (this.#stopping !== undefined && !this.#exitSaid && this.lans.every((lan) => lan.exited)) {
      this.#exitSaid = true
      outputs.push({ kind: "exit" })
    }
    return outputs
  }

  #reportSoon(at: At): void {
    this.#isNews = true
    const soonest = this.#newsAt === undefined ? at.now : after(this.#newsAt, reportIntervalMs)
    const due = soonest > at.now ? soonest : at.now
    if (this.#reportAt === undefined || due < this.#reportAt) this.#reportAt = due
  }

  #journal(move: Move): void {
    this.tally.move(move.because.code)
    this.#moves.push(move)
    if (this.#moves.length > movesKept) this.#moves.shift()
  }

  #findings(): readonly Finding[] {
    const { judged } = this.#assignment
    const findings: Finding[] = []
    for (const { device, use } of judged) {
      if (use === "no-address") findings.push({ code: "link-without-address", link: device.name })
      if (use === "same-network") findings.push({ code: "same-network", link: device.name })
    }
    const speaking = new Set([...this.#assignment.speaking.values()].map(({ name }) => name))
    for (const { key, links, order } of this.#holds.values()) {
      if (links === undefined || links.some((name) => speaking.has(name))) continue
      if (order.some(({ node }) => node === this.node)) findings.push({ code: "no-interface", key, wanted: links })
    }
    return findings
  }
}

const keysOf = ({ current, next }: BeatSecrets): SharedKeys => ({
  current: sharedKey(current),
  next: next === undefined ? undefined : sharedKey(next),
})

const segmentOf = (lan: Lan, at: At): ReportedSegment => {
  const { state, connection, peers } = lan.picture(at.now)
  const alive = peers.filter(({ is }) => is === "alive").map(({ node }) => lan.directory.nameOf(node))
  return { segment: lan.name, link: lan.link.name, state, connection, hears: alive.sort() }
}

const holdsOf = (lan: Lan, at: At): readonly ReportedHold[] =>
  lan.held.map((group) => {
    const confirmedAt = lan.voice.confirmedAt(group.key)
    const gatewayConfirmedAt =
      confirmedAt === undefined ? undefined : at.wallSeconds - Math.round((at.now - confirmedAt) / 1000)
    return { ...group, link: lan.link.name, gatewayConfirmedAt }
  })
