import { placeAt, recordEnd } from "./history.ts"
import { stepNode } from "./node.ts"
import { deliverView } from "./watch.ts"
import { observeAnswerers, observeNode, type SimNode, tellStory, type World } from "./world.ts"

export const startNode = (world: World, node: SimNode): void => {
  if (node.program !== undefined) return
  const { intervalMs, misses, promiseSeconds, nodes } = world.scenario
  node.boots++
  const boot = node.boots * nodes + node.port + 1
  const without = world.options.without ?? new Set()
  node.program = world.wire.createProgram({
    port: node.port,
    boot,
    lan: world.lan,
    intervalMs,
    misses,
    promiseSeconds,
    without,
  })
  stepNode(world, node, { kind: "wake" })
  for (let group = 0; group < world.groups.length; group++) node.unseen.add(group)
  const [least, most] = world.scenario.viewDelayMs
  const { boots } = node
  world.timeline.put(world.timeline.now() + world.random.between(least, most), () => {
    if (node.boots === boots) deliverView(world, node)
  })
}

export const endNode = (world: World, node: SimNode): void => {
  node.program = undefined
  node.sleeping = undefined
  node.plannedWake = Infinity
  node.waiting.beat.length = 0
  node.waiting.arp.length = 0
  recordEnd(world.history, node.port)
  const places = [...node.answers]
  node.answers.clear()
  for (const index of places) observeAnswerers(world, placeAt(index).segment, placeAt(index).group)
}

export const sleepNode = (world: World, node: SimNode, forMs: number, seen: boolean, buffer: number): void => {
  if (node.program === undefined || node.sleeping !== undefined) return
  node.sleeping = { seen, buffer }
  observeNode(world, node)
  const { boots } = node
  world.timeline.put(world.timeline.now() + forMs, () => {
    if (node.boots === boots && node.sleeping !== undefined) resume(world, node, seen ? 0 : forMs)
  })
}

/** The driver's duty: the beat socket first, then the ARP socket, then timers. */
const resume = (world: World, node: SimNode, unseenMs: number): void => {
  tellStory(world, () => `node ${node.port} runs again`)
  node.lagMs += unseenMs
  node.sleeping = undefined
  const packets = [...node.waiting.beat.splice(0), ...node.waiting.arp.splice(0)]
  for (const packet of packets) stepNode(world, node, { kind: "packet", packet })
  stepNode(world, node, { kind: "wake" })
  if (node.hasApi) deliverView(world, node)
  observeNode(world, node)
}

/** The process ended by itself. */
export const exitNode = (world: World, node: SimNode): void => {
  tellStory(world, () => `node ${node.port} exits`)
  endNode(world, node)
  if (node.backAfterMs === undefined) return
  world.timeline.put(world.timeline.now() + node.backAfterMs, () => {
    tellStory(world, () => `node ${node.port} starts again`)
    startNode(world, node)
  })
  node.backAfterMs = undefined
}
