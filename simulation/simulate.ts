import { befall } from "./befall.ts"
import { frameWire } from "./frames/frame-wire.ts"
import { clientPort, gatewayPort, strangerPort } from "./lan.ts"
import { receivePacket } from "./node.ts"
import { exitNode } from "./process.ts"
import type { RunOptions, Scenario } from "./scenario.ts"
import { valueWire } from "./wire.ts"
import { createWorld, type World } from "./world.ts"

/** A law that did not hold: which, and what was seen instead. */
export type Violation = { readonly law: string; readonly seen: string }
export type Run = { readonly world: World; readonly violations: readonly Violation[]; readonly events: number }

/** Runs a scenario to its end in virtual time and judges it. The same scenario always runs the same. */
export const simulate = (scenario: Scenario, options: RunOptions = {}): Run =>
  withoutAmbience(() => {
    const world = createWorld(scenario, options, scenario.wire === "frames" ? frameWire : valueWire)
    for (const act of scenario.acts) world.timeline.put(act.at, () => befall(world, act))
    populate(world)
    let events = 0
    while (world.timeline.next(scenario.endMs)) events++
    const violations = scenario.laws.flatMap(({ name, broken }) => {
      const seen = broken(world)
      return seen === undefined ? [] : [{ law: name, seen }]
    })
    return { world, violations, events }
  })

const populate = (world: World): void => {
  world.exited = (node) => exitNode(world, node)
  const hostReceive = world.wire.openHosts(world)
  for (const node of world.nodes)
    world.receivers.set(node.port, (packet) => {
      hostReceive(packet, node.port)
      receivePacket(world, node, packet)
    })
  for (const port of [gatewayPort, clientPort, strangerPort])
    world.receivers.set(port, (packet) => hostReceive(packet, port))
}

/** What the machine reads of the world comes in with each step: whoever reads the real clock or real chance is stopped. */
export const withoutAmbience = <T>(run: () => T): T => {
  const { Date: date, Intl: intl } = globalThis
  const chance = Math.random
  const refuse = (): never => {
    throw new Error("a step read the real clock or real chance")
  }
  Math.random = refuse
  Object.assign(globalThis, { Date: new Proxy(date, { get: refuse, apply: refuse, construct: refuse }) })
  Object.assign(globalThis, { Intl: new Proxy(intl, { get: refuse }) })
  try {
    return run()
  } finally {
    Math.random = chance
    Object.assign(globalThis, { Date: date, Intl: intl })
  }
}
