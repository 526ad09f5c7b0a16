import type { SimulatedMachine } from "./machine.ts"
import type { ServiceTraffic } from "./service-traffic.ts"
import type { Visit, VisitOutcome, Wire } from "./wire.ts"
import type { World } from "./world.ts"

export type Serving = {
  readonly world: World
  readonly wire: Wire
  readonly traffic: ServiceTraffic
  readonly machines: ReadonlyMap<string, SimulatedMachine>
}

/** Between two nodes and back, over the pods' network. */
const tunnelMs = 0.4

/** A visit came in at a machine: its service proxy sends it to a pod, whose answer goes back the way it came. */
export const serveVisit = (serving: Serving, machine: SimulatedMachine, visit: Visit): void => {
  const { world, wire, traffic, machines } = serving
  const answer = (outcome: VisitOutcome): void => machine.sendTowards(visit.from, { kind: "answer", visit, outcome })
  const course = machine.role === "node" ? traffic.course(machine.name, visit) : { kind: "not-a-service" as const }
  switch (course.kind) {
    case "dropped":
      return
    case "not-a-service":
      return machine.has(visit.to) ? answer({ kind: "refused" }) : undefined
    case "refused":
      return answer({ kind: "refused" })
    case "pod": {
      const { seen, pod, node } = course
      const away = node === undefined || node === machine.name ? undefined : machines.get(node)
      if (away !== undefined && !(away.isOn() && tunnelCarries(wire, machine, away))) return
      const greeting = { seen, pod, node: node ?? "" }
      return void world.later(away === undefined ? 0 : tunnelMs, () => answer({ kind: "answered", greeting }))
    }
  }
}

const tunnelCarries = (wire: Wire, from: SimulatedMachine, to: SimulatedMachine): boolean => {
  const [near, far] = [from.links[0]?.port, to.links[0]?.port]
  return near !== undefined && far !== undefined && wire.carries(near, far, "visit") && wire.carries(far, near, "visit")
}
