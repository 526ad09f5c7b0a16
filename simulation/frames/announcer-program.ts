import type { Address } from "../../src/net/address.ts"
import { parseRange } from "../../src/net/range.ts"
import { isGroupMac } from "../../src/net/mac.ts"
import type { Boot, Epoch, Grant } from "../../src/ownership/beat.ts"
import type { Group } from "../../src/ownership/group.ts"
import { destinationOf, sourceOf } from "../../src/protocol/ethernet/frame.ts"
import { Announcer } from "../../src/speaker/announcer/announcer.ts"
import type { AnnouncerInput } from "../../src/speaker/announcer/input.ts"
import type { AnnouncerOutput } from "../../src/speaker/announcer/output.ts"
import type { Move } from "../../src/speaker/announcer/report.ts"
import type { Hold, Intent, Surroundings } from "../../src/speaker/intent.ts"
import type { At } from "../../src/time/instant.ts"
import { nodeIdOf } from "../lan.ts"
import type { NodeInput, NodeOutput, NodeProgram } from "../node-program.ts"
import type { Packet } from "../packet.ts"
import type { SpeakerConfig } from "../speaker-program.ts"
import {
  cardAt,
  ipv4At,
  ipv6At,
  linkIndexOf,
  macAt,
  nameBehind,
  nameOf,
  portAt,
  portNamed,
  segmentNamed,
  segmentOfLink,
} from "./machine.ts"

/** What a beat's packet carries: the datagram, and from which address it came. */
export type Datagram = { readonly from: Address; readonly bytes: Uint8Array }

/** A node's program made of a whole announcer: frames and datagrams in, frames and datagrams out. */
export const createAnnouncerProgram = (config: SpeakerConfig): NodeProgram => {
  const node = new AnnouncerNode(config)
  return { step: (input, at) => node.step(input, at), wakeAt: () => node.announcer.wakeAt() }
}

class AnnouncerNode {
  readonly announcer: Announcer
  readonly #config: SpeakerConfig
  readonly #holds = new Map<Address, Hold>()
  /** By link and key, the groups that are answered. */
  #answered = new Map<string, { readonly segment: number; readonly key: Address }>()
  #wishes = 0
  #isBegun = false

  constructor(config: SpeakerConfig) {
    this.#config = config
    this.announcer = new Announcer({
      node: nameOf(config.port),
      boot: config.boot as Boot,
      secrets: { current: new Uint8Array(32).fill(7), next: undefined },
      profile: { intervalMs: config.intervalMs, misses: config.misses },
      promiseSeconds: config.promiseSeconds,
      arpPerSecondMax: undefined,
    })
  }

  step(input: NodeInput, at: At): readonly NodeOutput[] {
    const begun = this.#isBegun ? [] : this.#begin(at)
    const outputs = [...begun, ...this.#take(input, at)]
    return [...this.#answersNow(at), ...outputs.flatMap((output) => this.#perform(output, at))]
  }

  #begin(at: At): AnnouncerOutput[] {
    this.#isBegun = true
    const { lan, port } = this.#config
    const interfaces = segmentsOf(lan.segments).map((segment) => cardAt(segment, port))
    const inputs: readonly AnnouncerInput[] = [
      { kind: "links", interfaces },
      { kind: "surroundings", surroundings: surroundingsOf(this.#config) },
      { kind: "bound" },
    ]
    return inputs.flatMap((input) => this.announcer.step(input, at))
  }

  #take(input: NodeInput, at: At): readonly AnnouncerOutput[] {
    switch (input.kind) {
      case "packet":
        return this.#receive(input.packet, at)
      case "view":
        return this.#view(input.groups, input.gone, at)
      case "give":
        return this.#give(input.key, nameBehind(this.#config.lan, input.to), at)
      case "stop":
      case "wake":
        return this.announcer.step(input, at)
    }
  }

  /** The card takes what is for it, for all or for a group. */
  #receive({ channel, segment, body }: Packet, at: At): readonly AnnouncerOutput[] {
    const linkIndex = linkIndexOf(segment)
    if (channel === "beat") {
      const { from, bytes } = body as Datagram
      return this.announcer.step({ kind: "datagram", linkIndex, from, ttl: 255, bytes }, at)
    }
    const bytes = body as Uint8Array
    const to = destinationOf(bytes)
    if (!isGroupMac(to) && to !== macAt(segment, this.#config.port)) return []
    return this.announcer.step({ kind: "frame", linkIndex, bytes }, at)
  }

  #view(groups: readonly Group[], gone: readonly Address[], at: At): readonly AnnouncerOutput[] {
    const holds = groups.map((group) => this.#holdOf(group))
    for (const hold of holds) this.#holds.set(hold.key, hold)
    for (const key of gone) this.#holds.delete(key)
    const page: readonly Intent[] = [
      ...holds.map((hold): Intent => ({ kind: "hold", hold })),
      ...gone.map((key): Intent => ({ kind: "let-go", key })),
    ]
    return this.announcer.step({ kind: "intents", page, complete: true }, at)
  }

  #holdOf({ key, addresses, grant, order, ready }: Group): Hold {
    const named = order.map(({ node, score }) => ({ node: nameBehind(this.#config.lan, node), score }))
    return { key, addresses, grant, links: undefined, order: named, ready, moveTo: this.#holds.get(key)?.moveTo }
  }

  #give(key: Address, to: string, at: At): readonly AnnouncerOutput[] {
    const known = this.#holds.get(key)
    if (known === undefined) return []
    const hold = { ...known, moveTo: `${to} ${++this.#wishes}` }
    this.#holds.set(key, hold)
    return this.announcer.step({ kind: "intents", page: [{ kind: "hold", hold }], complete: true }, at)
  }

  /** What is answered now and was not before, or the other way round: said before the frames of the same step. */
  #answersNow(at: At): readonly NodeOutput[] {
    const now = new Map<string, { readonly segment: number; readonly key: Address }>()
    for (const lan of this.announcer.lans)
      for (const { key, answered } of lan.picture(at.now).addresses)
        if (answered) now.set(`${lan.name} ${key}`, { segment: segmentNamed(lan.link.name), key })
    const before = this.#answered
    this.#answered = now
    const off = [...before].filter(([name]) => !now.has(name)).map(([, place]) => ({ ...place, on: false }))
    const on = [...now].filter(([name]) => !before.has(name)).map(([, place]) => ({ ...place, on: true }))
    return [...off, ...on].map((place) => ({ kind: "answers", ...place }))
  }

  #perform(output: AnnouncerOutput, at: At): readonly NodeOutput[] {
    switch (output.kind) {
      case "frame": {
        const { linkIndex, bytes } = output
        const to = { source: sourceOf(bytes), destination: destinationOf(bytes) }
        return [this.#send({ channel: "arp", segment: segmentOfLink(linkIndex), to, body: bytes })]
      }
      case "datagram": {
        const segment = segmentOfLink(output.linkIndex)
        const body: Datagram = { from: output.from, bytes: output.bytes }
        return [this.#send({ channel: "beat", segment, to: portAt(segment, output.to), body })]
      }
      case "moved":
        return [this.#moved(output.move, at)]
      case "finding": {
        const { finding, on } = output
        const segment = "link" in finding ? segmentNamed(finding.link) : 0
        return [
          { kind: "finding", segment, code: finding.code === "segment" ? finding.finding.code : finding.code, on },
        ]
      }
      case "exit":
        return [{ kind: "exit" }]
      case "refuse":
        throw new Error("two nodes of the simulation have one id")
      case "listen":
      case "groups":
      case "acknowledged":
      case "report":
        return []
    }
  }

  #send(packet: Omit<Packet, "from">): NodeOutput {
    return { kind: "send", packet: { ...packet, from: this.#config.port } }
  }

  #moved({ link, key, from, to, because }: Move, at: At): NodeOutput {
    const id = (name: string | undefined) => (name === undefined ? undefined : nodeIdOf(portNamed(name)))
    const segment = segmentNamed(link)
    const { grant, epoch } = this.#claimOf(segment, key, at)
    return { kind: "moved", segment, key, from: id(from), to: id(to), grant, epoch, because }
  }

  #claimOf(segment: number, key: Address, at: At): { readonly grant: Grant; readonly epoch: Epoch } {
    const lan = this.announcer.lans.find(({ link }) => segmentNamed(link.name) === segment)
    const address = lan?.picture(at.now).addresses.find((one) => one.key === key)
    return address?.state.is === "holding" ? address.state : { grant: 0, epoch: 0 }
  }
}

const segmentsOf = (count: number): readonly number[] => Array.from({ length: count }, (_, segment) => segment)

const surroundingsOf = ({ lan }: SpeakerConfig): Surroundings => ({
  cluster: "attic",
  members: lan.nodes.map((port) => ({
    node: nameOf(port),
    addresses: segmentsOf(lan.segments).flatMap((segment) => [ipv4At(segment, port), ipv6At(segment, port)]),
    reported: segmentsOf(lan.segments).map((segment) => ({
      mac: macAt(segment, port),
      addresses: [ipv4At(segment, port), ipv6At(segment, port)],
    })),
  })),
  ranges: [parseRange("10.0.1.0-10.0.1.255")!, parseRange("2001:db8::100-2001:db8::1ff")!],
  links: undefined,
  controls: [],
})
