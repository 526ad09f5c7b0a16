import { addressIndex } from "../src/ownership/address-index.ts"
import type { At, Instant } from "../src/time/instant.ts"
import { holderOf, placeIndex, recordClaim, recordEnd } from "./history.ts"
import { nodeOf } from "./lan.ts"
import { transmit } from "./medium.ts"
import type { NodeInput, NodeOutput } from "./node-program.ts"
import type { Packet } from "./packet.ts"
import { observeAnswerers, type SimNode, tellStory, type World } from "./world.ts"

/** Wall clocks begin here: 2026-01-01. */
export const wallStartS = 1_767_225_600
/** A timer fires a little late. */
const timerLateMs = 0.5

const atOf = (world: World, node: SimNode): At => {
  const now = world.timeline.now()
  return {
    now: (now - node.lagMs) as Instant,
    wallSeconds: Math.floor(wallStartS + node.clockOffsetS + now / 1000),
    entropy: world.random.word(),
  }
}

/** One step of a node's program, and all it asks for. */
export const stepNode = (world: World, node: SimNode, input: NodeInput): void => {
  if (node.program === undefined || node.sleeping !== undefined) return
  for (const output of node.program.step(input, atOf(world, node))) perform(world, node, output)
  planWake(world, node)
}

const planWake = (world: World, node: SimNode): void => {
  const wakeAt = node.program?.wakeAt()
  if (wakeAt === undefined) return
  const at = wakeAt + node.lagMs
  if (at >= node.plannedWake) return
  node.plannedWake = at
  world.timeline.put(at + world.random.unit() * timerLateMs, () => wake(world, node, at))
}

const wake = (world: World, node: SimNode, planned: number): void => {
  if (node.plannedWake !== planned) return
  node.plannedWake = Infinity
  const wakeAt = node.program?.wakeAt()
  if (wakeAt !== undefined && wakeAt + node.lagMs <= world.timeline.now()) stepNode(world, node, { kind: "wake" })
  else planWake(world, node)
}

/** A packet at the node's port: into its program, or into a socket whose process does not run. */
export const receivePacket = (world: World, node: SimNode, packet: Packet): void => {
  if (node.program === undefined) return
  if (node.sleeping === undefined) return stepNode(world, node, { kind: "packet", packet })
  const queue = node.waiting[packet.channel]
  if (queue.length < node.sleeping.buffer) queue.push(packet)
}

const perform = (world: World, node: SimNode, output: NodeOutput): void => {
  switch (output.kind) {
    case "send":
      watchFrame(world, node, output.packet)
      world.options.sent?.(world.timeline.now(), output.packet)
      return transmit(world, output.packet)
    case "answers":
      return noteAnswers(world, node, output)
    case "moved":
      return noteMove(world, node, output)
    case "finding":
      tellStory(world, () => `node ${node.port} ${output.on ? "finds" : "no longer finds"} ${output.code}`)
      world.history.findings.push({ at: world.timeline.now(), node: node.port, code: output.code, on: output.on })
      return
    case "exit":
      return world.exited(node)
  }
}

const noteAnswers = (world: World, node: SimNode, output: Extract<NodeOutput, { kind: "answers" }>): void => {
  const place = { segment: output.segment, group: world.groupOf.get(addressIndex(output.key))! }
  if (output.on) node.answers.add(placeIndex(place))
  else node.answers.delete(placeIndex(place))
  observeAnswerers(world, place.segment, place.group)
}

const noteMove = (world: World, node: SimNode, output: Extract<NodeOutput, { kind: "moved" }>): void => {
  const group = world.groupOf.get(addressIndex(output.key))!
  const { segment, grant, epoch, because } = output
  const record = { segment, group, at: world.timeline.now(), node: node.port, because }
  const isTaken = output.to !== undefined && nodeOf(output.to) === node.port
  if (isTaken) recordClaim(world.history, { ...record, grant, epoch, nodeId: world.wire.idOf(node.port) })
  else {
    world.history.losses.push(record)
    recordEnd(world.history, node.port, record)
  }
  tellStory(
    world,
    () =>
      `node ${node.port} ${isTaken ? "claims" : "lets go of"} group ${group} on segment ${output.segment}: ${output.because.code}`,
  )
}

/** Notes an answer or announcement for an address that the node does not answer for, or that another has claimed since. */
const watchFrame = (world: World, node: SimNode, packet: Packet): void => {
  const speech = world.wire.speechIn(packet)
  const group = speech && world.groupOf.get(addressIndex(speech.address))
  if (speech === undefined || group === undefined) return
  const place = { segment: packet.segment, group }
  const { op } = speech
  const now = world.timeline.now()
  if (!node.answers.has(placeIndex(place))) world.history.unheld.push({ ...place, at: now, node: node.port, op })
  const claim = holderOf(world.history, place)
  if (claim === undefined || claim.node === node.port) return
  world.history.stale.push({ ...place, at: now, node: node.port, op, claimedAt: claim.at })
  tellStory(world, () => `node ${node.port} sends a stale ${op} for group ${group}`)
}
