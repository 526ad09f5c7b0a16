import { type Act, actInWords, type Role } from "./act.ts"
import { holderOf, lastHolder } from "./history.ts"
import { nodeIdOf, plugOf, portInWords, wayOf } from "./lan.ts"
import { stepNode } from "./node.ts"
import type { Port } from "./packet.ts"
import { endNode, sleepNode, startNode } from "./process.ts"
import { deliverView, publish, publishTo } from "./watch.ts"
import { observeNode, tellStory, type World } from "./world.ts"

/** Lets an act happen. What makes no sense at that moment (a crash of the dead) changes nothing. */
export const befall = (world: World, act: Act): void => {
  tellStory(world, () =>
    actInWords(act, (role) => (typeof role === "number" ? portInWords(role) : `${portFor(world, role)} (${role})`)),
  )
  const { lan } = world
  switch (act.do) {
    case "start":
      return startNode(world, nodeAt(world, portFor(world, act.node)))
    case "crash-unless-holder":
      return portFor(world, act.node) === portFor(world, "holder")
        ? undefined
        : endNode(world, nodeAt(world, portFor(world, act.node)))
    case "crash":
      return endNode(world, nodeAt(world, portFor(world, act.node)))
    case "freeze":
      return sleepNode(world, nodeAt(world, portFor(world, act.node)), act.forMs, act.seen, act.buffer)
    case "cut":
      lan.cuts.add(wayOf(act.segment, portFor(world, act.from), portFor(world, act.to)))
      return observeAll(world)
    case "mend":
      lan.cuts.delete(wayOf(act.segment, portFor(world, act.from), portFor(world, act.to)))
      return observeAll(world)
    case "unplug":
      lan.deaf.add(plugOf(act.segment, portFor(world, act.node)))
      lan.mute.add(plugOf(act.segment, portFor(world, act.node)))
      return observeAll(world)
    case "plug":
      lan.deaf.delete(plugOf(act.segment, portFor(world, act.node)))
      lan.mute.delete(plugOf(act.segment, portFor(world, act.node)))
      return observeAll(world)
    case "deafen":
      lan.deaf.add(plugOf(act.segment, portFor(world, act.node)))
      return observeAll(world)
    case "undeafen":
      lan.deaf.delete(plugOf(act.segment, portFor(world, act.node)))
      return observeAll(world)
    case "filter":
      lan.filters[act.channel].add(plugOf(act.segment, portFor(world, act.node)))
      return observeAll(world)
    case "unfilter":
      lan.filters[act.channel].delete(plugOf(act.segment, portFor(world, act.node)))
      return observeAll(world)
    case "weather":
      lan.weather = act.weather
      return undefined
    case "lossy":
      lan.lossy.set(plugOf(act.segment, portFor(world, act.node)), act.loss)
      return undefined
    case "clock":
      nodeAt(world, portFor(world, act.node)).clockOffsetS = act.offsetS
      return undefined
    case "stop":
      return stop(world, act)
    case "api":
      return setApi(world, portFor(world, act.node), act.reachable)
    case "grant":
    case "order":
      return change(world, act)
    case "delete":
      world.groups[act.group]!.isDeleted = true
      return publish(world, act.group)
    case "ready":
      return setReady(world, portFor(world, act.node), act.ready)
    case "give":
      return give(world, act.group, portFor(world, act.to))
    case "stranger":
      world.strangerAnswers = act.answers
      return undefined
  }
}

/** Who plays the part: settled when the story first names it. */
const portFor = (world: World, role: Role): Port => {
  if (typeof role === "number") return role
  const known = world.cast.get(role)
  if (known !== undefined) return known
  const holder = lastHolder(world.history, { segment: 0, group: 0 })?.node ?? world.groups[0]!.order[0]!
  const port = role === "holder" ? holder : (world.groups[0]!.order.find((node) => node !== holder) ?? holder)
  world.cast.set(role, port)
  return port
}

const nodeAt = (world: World, port: Port) => world.nodes[port]!

const observeAll = (world: World): void => {
  for (const node of world.nodes) observeNode(world, node)
}

const stop = (world: World, act: Extract<Act, { do: "stop" }>): void => {
  const node = nodeAt(world, portFor(world, act.node))
  if (node.program === undefined || node.sleeping !== undefined) return
  node.backAfterMs = act.backAfterMs
  stepNode(world, node, { kind: "stop", how: act.how })
}

const setApi = (world: World, port: Port, isReachable: boolean): void => {
  const node = nodeAt(world, port)
  node.hasApi = isReachable
  if (isReachable) deliverView(world, node)
}

const change = (world: World, act: Extract<Act, { do: "grant" | "order" }>): void => {
  const group = world.groups[act.group]!
  if (act.do === "grant") group.grant++
  group.order = act.order
  group.isDeleted = false
  publish(world, act.group)
}

const setReady = (world: World, port: Port, isReady: boolean): void => {
  const node = nodeAt(world, port)
  node.ready = isReady
  for (let group = 0; group < world.groups.length; group++) publishTo(world, node, group)
}

const give = (world: World, group: number, to: Port): void => {
  for (let segment = 0; segment < world.scenario.segments; segment++) {
    const holder = holderOf(world.history, { segment, group })?.node
    if (holder === undefined || holder === to) continue
    stepNode(world, nodeAt(world, holder), { kind: "give", key: world.groups[group]!.key, to: nodeIdOf(to) })
  }
}
