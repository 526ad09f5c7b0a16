import type { Address } from "../src/net/address.ts"
import { addressIndex, type AddressIndex } from "../src/ownership/address-index.ts"
import type { Boot } from "../src/ownership/beat.ts"
import type { SegmentInput } from "../src/ownership/input.ts"
import type { SegmentOutput } from "../src/ownership/output.ts"
import type { RuleName } from "../src/ownership/rule.ts"
import { createSegment, type Segment } from "../src/ownership/segment.ts"
import { type At, earliest } from "../src/time/instant.ts"
import { gatewayAddress, gatewayPort, type Lan, nodeIdOf, nodeOf } from "./lan.ts"
import type { NodeInput, NodeOutput, NodeProgram } from "./node-program.ts"
import { type Arp, arpIn, beatIn, macOf, type Packet, type Port, portOf } from "./packet.ts"

export type SpeakerConfig = {
  readonly port: Port
  readonly boot: number
  readonly lan: Lan
  readonly intervalMs: number
  readonly misses: number
  readonly promiseSeconds: number
  readonly without: ReadonlySet<RuleName>
}

type Line = {
  readonly segment: number
  readonly machine: Segment
  /** Which group an answered address belongs to. */
  readonly answering: Map<AddressIndex, Address>
  silent: boolean
  exited: boolean
}

/** A node's program made of ownership alone: values where the announcer has frames and datagrams. */
export const createSpeakerProgram = (config: SpeakerConfig): NodeProgram => {
  const lines = Array.from({ length: config.lan.segments }, (_, segment) => newLine(config, segment))
  const feed = (line: Line, input: SegmentInput, at: At): NodeOutput[] =>
    perform(config, line, line.machine.step(input, at))
  const all = (input: SegmentInput, at: At): NodeOutput[] => lines.flatMap((line) => feed(line, input, at))
  let isBegun = false
  const begin = (at: At): NodeOutput[] => {
    if (isBegun) return []
    isBegun = true
    const members = config.lan.nodes.map((node) => ({ node: nodeIdOf(node), reachable: true }))
    return [...all({ kind: "members", members }, at), ...all({ kind: "bound" }, at)]
  }
  const take = (input: NodeInput, at: At): NodeOutput[] => {
    switch (input.kind) {
      case "packet":
        return receive(config, lines[input.packet.segment]!, input.packet, at, feed)
      case "view":
        return all({ ...input, complete: true }, at)
      case "stop":
      case "give":
      case "wake":
        return all(input, at)
    }
  }
  return {
    step: (input, at) => exitOnce(lines, [...begin(at), ...take(input, at)]),
    wakeAt: () => earliest(...lines.map(({ machine }) => machine.wakeAt())),
  }
}

const newLine = (config: SpeakerConfig, segment: number): Line => ({
  segment,
  machine: createSegment({
    self: nodeIdOf(config.port),
    boot: config.boot as Boot,
    mac: macOf(config.port),
    intervalMs: config.intervalMs,
    misses: config.misses,
    promiseSeconds: config.promiseSeconds,
    beatPort: 7947,
    without: config.without,
  }),
  answering: new Map(),
  silent: false,
  exited: false,
})

/** The process ends when every segment has no more to do. */
const exitOnce = (lines: readonly Line[], outputs: NodeOutput[]): NodeOutput[] => {
  if (!outputs.some(({ kind }) => kind === "exit")) return outputs
  const kept = outputs.filter(({ kind }) => kind !== "exit")
  return lines.every(({ exited }) => exited) ? [...kept, { kind: "exit" }] : kept
}

type Feed = (line: Line, input: SegmentInput, at: At) => NodeOutput[]

const receive = (config: SpeakerConfig, line: Line, packet: Packet, at: At, feed: Feed): NodeOutput[] => {
  if (packet.channel === "beat") return feed(line, { kind: "beat", beat: beatIn(packet) }, at)
  const arp = arpIn(packet)
  if (arp.op !== "request" || arp.nonce !== undefined) return feed(line, inputOf(config, packet, arp), at)
  const outputs = feed(line, { kind: "request", address: arp.target }, at)
  if (line.silent || !line.answering.has(addressIndex(arp.target))) return outputs
  const body: Arp = { op: "reply", address: arp.target, mac: macOf(config.port), token: undefined }
  return [...outputs, send(config, line, packet.from, body)]
}

const inputOf = (config: SpeakerConfig, packet: Packet, arp: Arp): SegmentInput => {
  const port = portOf(arp.mac)
  const member = config.lan.nodes.includes(port) ? nodeIdOf(port) : undefined
  switch (arp.op) {
    case "request":
      if (member === undefined) return { kind: "sighting" }
      return {
        kind: "question",
        from: member,
        address: arp.target,
        nonce: arp.nonce!,
        addressed: packet.to === config.port,
      }
    case "reply":
      if (port === gatewayPort && arp.address === gatewayAddress) return { kind: "gateway" }
      if (member === undefined || arp.token === undefined)
        return { kind: "foreign", address: arp.address, mac: arp.mac, member }
      return { kind: "answer", from: member, address: arp.address, ...arp.token }
    case "announcement":
      if (member === undefined || arp.token === undefined)
        return { kind: "foreign", address: arp.address, mac: arp.mac, member }
      return { kind: "announcement", from: member, address: arp.address, ...arp.token }
  }
}

const send = (config: SpeakerConfig, line: Line, to: Port | "all", body: Arp): NodeOutput => ({
  kind: "send",
  packet: { channel: "arp", segment: line.segment, from: config.port, to, body },
})

const perform = (config: SpeakerConfig, line: Line, outputs: readonly SegmentOutput[]): NodeOutput[] => {
  const done: NodeOutput[] = []
  for (const output of outputs) performOne(config, line, output, done)
  return done
}

const performOne = (config: SpeakerConfig, line: Line, output: SegmentOutput, done: NodeOutput[]): void => {
  const mac = macOf(config.port)
  switch (output.kind) {
    case "beat": {
      const { segment } = line
      const packet: Packet = {
        channel: "beat",
        segment,
        from: config.port,
        to: nodeOf(output.beat.to),
        body: output.beat,
      }
      done.push({ kind: "send", packet })
      return
    }
    case "ask": {
      const to = output.whom === "everybody" ? "all" : nodeOf(output.whom)
      done.push(send(config, line, to, { op: "request", target: output.address, mac, nonce: output.nonce }))
      return
    }
    case "ask-gateway":
      done.push(send(config, line, gatewayPort, { op: "request", target: gatewayAddress, mac, nonce: undefined }))
      return
    case "reply": {
      const token = { nonce: output.nonce, holds: output.holds }
      done.push(send(config, line, nodeOf(output.to), { op: "reply", address: output.address, mac, token }))
      return
    }
    case "announce":
      for (const address of output.addresses) {
        const token = { grant: output.grant, epoch: output.epoch }
        done.push(send(config, line, "all", { op: "announcement", address, mac, token }))
      }
      return
    case "answering":
      answer(line, output.key, output.addresses, done)
      return
    case "silence":
      line.silent = output.on
      for (const key of new Set(line.answering.values()))
        done.push({ kind: "answers", segment: line.segment, key, on: !output.on })
      return
    case "moved":
      done.push({ ...output, segment: line.segment })
      return
    case "finding":
      done.push({ kind: "finding", segment: line.segment, code: output.finding.code, on: output.on })
      return
    case "exit":
      line.exited = true
      done.push({ kind: "exit" })
      return
  }
}

const answer = (line: Line, key: Address, addresses: readonly Address[], done: NodeOutput[]): void => {
  for (const [index, group] of line.answering) if (group === key) line.answering.delete(index)
  for (const address of addresses) line.answering.set(addressIndex(address), key)
  if (!line.silent || addresses.length === 0)
    done.push({ kind: "answers", segment: line.segment, key, on: addresses.length > 0 })
}
