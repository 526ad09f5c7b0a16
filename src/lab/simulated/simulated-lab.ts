import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, textAt } from "../../kubernetes/json.ts"
import { type Mac, printMac } from "../../net/mac.ts"
import { parseAddress } from "../../net/address.ts"
import type { ApiAnswer } from "../api.ts"
import { createApplier } from "../apply-objects.ts"
import type { Answer, Target } from "../actors/ask.ts"
import type { ActiveFault } from "../fault.ts"
import { type LabService, labServices, nameOf, servicesOf } from "../lab-service.ts"
import { type Scenario, serviceCidrsOf, sharesOf, systemNamespace } from "../scenario.ts"
import { applyScenario, asLabApi } from "./apply-scenario.ts"
import { createSimulatedApi, type SimulatedApi } from "./api-server.ts"
import { keepCluster } from "./cluster-keeper.ts"
import { type ControllerProcess, startController } from "./controller-process.ts"
import { createMachine, type SimulatedMachine } from "./machine.ts"
import { createServiceTraffic } from "./service-traffic.ts"
import { serveVisit } from "./serve-visit.ts"
import { createSimulatedDamage, isLostBy, type SimulatedDamage } from "./simulated-damage.ts"
import { createSpeakerNode, type SpeakerNode } from "./speaker-node.ts"
import { createVisitors, type SimulatedAsker, type Visitors } from "./visitors.ts"
import { createWire } from "./wire.ts"
import { createWorld, type World } from "./world.ts"

export type SimulatedOptions = {
  /** The same seed gives the same run. */
  readonly seed: number
  /** The CustomResourceDefinitions' YAML files. */
  readonly crds: string
  readonly version: string
  /** Its clock begins with; seconds since 1970. Without it: the same for every run. */
  readonly beganSeconds?: number
}

/** A line of some program's log; `ms` since the lab began. */
export type LoggedLine = { readonly ms: number; readonly who: string; readonly says: string }

/** A scenario raised in this process, in virtual time: nothing moves unless `run`, `runUntil` or a question lets time pass. */
export type SimulatedLab = {
  readonly scenario: Scenario
  /** Milliseconds since the lab began. */
  readonly nowMs: () => number
  /** Seconds since 1970, in there. */
  readonly wallSeconds: () => number
  readonly run: (ms: number) => void
  readonly runUntil: (condition: () => boolean, mostMs: number) => boolean
  /** Somebody's request to the API server, answered at once. `contentType` of a PATCH: a merge patch unless told. */
  readonly request: (method: Method, path: string, body?: JsonObject, contentType?: string) => ApiAnswer
  readonly api: SimulatedApi
  /** Every object that decisions are made from, as a dump would have it. */
  readonly objects: () => readonly JsonObject[]
  readonly services: () => readonly LabService[]
  /** Every hardware address that answers one question to all for an address, asked from the client unless told. */
  readonly stationsOf: (address: string, machine?: string) => readonly HeardStation[]
  /** The machine that answers for an address on the wire; undefined where none does. */
  readonly answererOf: (address: string) => string | undefined
  /** Opens a connection (or sends a datagram) from a machine, the client unless named, and lets time pass until it ends. */
  readonly ask: (target: Target, machine?: string, patienceMs?: number) => Answer
  readonly startAsker: (target: Target, perSecond: number, machine?: string) => SimulatedAsker
  readonly damage: SimulatedDamage
  readonly machines: readonly SimulatedMachine[]
  readonly speaker: (node: string) => SpeakerNode | undefined
  readonly controller: ControllerProcess
  readonly log: () => readonly LoggedLine[]
}

export type HeardStation = { readonly mac: string; readonly tookMs: number }

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE"

const addressPatienceMs = 8000
/** Long enough for a SYN that had to be sent again after one second. */
const askPatienceMs = 1500
/** A lab that is kept up for days remembers so many lines of its programs. */
const linesMax = 10_000
/** How long answers to one question to all are waited for. */
const stationsPatienceMs = 20

/**
 * Raises a scenario: API server with the scenario's objects, machines, our programs, then the Services one after another,
 * each when the former has its address, so that they get the same ones every time.
 */
export const raiseSimulated = async (scenario: Scenario, options: SimulatedOptions): Promise<SimulatedLab> => {
  const world = createWorld(options.seed, options.beganSeconds)
  const api = createSimulatedApi(world, serviceCidrsOf(scenario))
  await applyScenario(api, scenario, options.crds)
  const began = world.now()
  const lines: LoggedLine[] = []
  const log = (who: string, says: string): void => {
    lines.push({ ms: world.now() - began, who, says })
    if (lines.length > linesMax) lines.shift()
  }
  const parts = assemble(world, api, scenario, options, log)
  const lab = labOf(parts, scenario, began, lines)
  for (const node of parts.speakers.values()) node.start()
  for (const service of servicesOf(scenario)) {
    await createApplier(asLabApi(api)).apply([service])
    if (textAt(service, "spec", "type") === "LoadBalancer") untilAddressed(lab, service)
  }
  return lab
}

const untilAddressed = (lab: SimulatedLab, service: JsonObject): void => {
  const [namespace, name] = nameOf(service).split("/")
  const path = `/api/v1/namespaces/${namespace}/services/${name}`
  const has = (): boolean => listAt(lab.request("GET", path).body, "status", "loadBalancer", "ingress").length > 0
  lab.runUntil(has, addressPatienceMs)
}

type Parts = {
  readonly world: World
  readonly api: SimulatedApi
  readonly machines: ReadonlyMap<string, SimulatedMachine>
  readonly speakers: ReadonlyMap<string, SpeakerNode>
  readonly visitors: Visitors
  readonly damage: SimulatedDamage
  readonly controller: ControllerProcess
}

const assemble = (
  world: World,
  api: SimulatedApi,
  { layout, objects }: Scenario,
  { version }: SimulatedOptions,
  log: (who: string, says: string) => void,
): Parts => {
  const shares = sharesOf(objects)
  const faults: ActiveFault[] = []
  const wire = createWire(world, (from, to, kind) => isLostBy(world, faults, from, to, kind))
  const traffic = createServiceTraffic(world, api, shares)
  const keeper = keepCluster(world, api, shares, layout.nodeGraceMs)
  const visitors = createVisitors(world)
  const machines = new Map<string, SimulatedMachine>()
  const speakers = new Map<string, SpeakerNode>()
  const secrets = { current: Uint8Array.from({ length: 32 }, () => world.chance() * 256), next: undefined }
  for (const one of layout.machines) {
    const machine = createMachine(world, wire, one, () => ({
      hearFrame: (link, carried) => speakers.get(one.name)?.hear(link, carried),
      hearVisit: (visit) => serveVisit({ world, wire, traffic, machines }, machine, visit),
      hearAnswer: visitors.hearAnswer,
    }))
    machines.set(one.name, machine)
    if (one.role !== "node") continue
    const { gateways } = one
    const around = { world, wire, api, traffic, machine, gateways, secrets, namespace: systemNamespace, version, log }
    speakers.set(one.name, createSpeakerNode(around))
  }
  const controller = startController(world, api, systemNamespace, log)
  const damage = createSimulatedDamage(
    {
      machines: [...machines.keys()],
      machine: (name) => machines.get(name),
      speaker: (name) => speakers.get(name),
      keeper,
      world,
      traffic,
      api,
      setControllerApi: controller.setApi,
    },
    faults,
  )
  return { world, api, machines, speakers, visitors, damage, controller }
}

const labOf = (parts: Parts, scenario: Scenario, began: number, lines: readonly LoggedLine[]): SimulatedLab => {
  const { world, api, machines, speakers, visitors, damage, controller } = parts
  const machineOr = (name: string = scenario.layout.client): SimulatedMachine => {
    const found = machines.get(name)
    if (found === undefined)
      throw new Error(`${name} is no machine of this lab; there are: ${[...machines.keys()].join(", ")}`)
    return found
  }
  const stationsOf: SimulatedLab["stationsOf"] = (address, name) => {
    const target = parseAddress(address)
    const heard = new Map<Mac, number>()
    const asked = world.now()
    if (target === undefined) return []
    const hear = (mac: Mac): void => void heard.set(mac, heard.get(mac) ?? world.now() - asked)
    for (const { neighbours } of machineOr(name).links) neighbours.askWho(target, hear, stationsPatienceMs)
    world.run(stationsPatienceMs)
    return [...heard].map(([mac, tookMs]) => ({ mac: printMac(mac), tookMs }))
  }
  return {
    scenario,
    api,
    damage,
    controller,
    stationsOf,
    machines: [...machines.values()],
    speaker: (node) => speakers.get(node),
    log: () => lines,
    nowMs: () => world.now() - began,
    wallSeconds: () => world.at().wallSeconds,
    run: world.run,
    runUntil: world.runUntil,
    request: (method, path, body, contentType = usualType(method)) => api.request(method, path, body, contentType),
    objects: () => dumped.flatMap((path) => api.list(path)),
    services: () => labServices(api.list("/api/v1/services")),
    answererOf: (address) => {
      const [first] = stationsOf(address)
      return [...machines.values()].find(({ links }) => links.some(({ mac }) => printMac(mac) === first?.mac))?.name
    },
    ask: (target, name, patienceMs = askPatienceMs) => {
      let answer: Answer | undefined
      visitors.visit(machineOr(name), target, patienceMs, (given) => (answer = given))
      world.runUntil(() => answer !== undefined, patienceMs + 1)
      return answer ?? { kind: "timeout", tookMs: patienceMs }
    },
    startAsker: (target, perSecond, name) => visitors.startAsker(machineOr(name), target, perSecond),
  }
}

const usualType = (method: Method): string => (method === "PATCH" ? "application/merge-patch+json" : "application/json")

/** The collections that decisions are made from, and those that people look at beside them. */
const dumped = [
  "/api/v1/namespaces",
  "/api/v1/nodes",
  "/api/v1/services",
  "/api/v1/pods",
  "/apis/discovery.k8s.io/v1/endpointslices",
  "/apis/metallb.io/v1beta1/ipaddresspools",
  "/apis/metallb.io/v1beta1/l2advertisements",
  "/apis/porchlight.dev/v1alpha1/addressledgers",
  "/apis/porchlight.dev/v1alpha1/speakers",
  "/apis/porchlight.dev/v1alpha1/networks",
]
