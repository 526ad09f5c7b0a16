import { randomBytes } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import type { JsonObject } from "../kubernetes/http.ts"
import { textAt } from "../kubernetes/json.ts"
import { type Answer, ask, type Target } from "./actors/ask.ts"
import { arping, type ArpingReport } from "./actors/arping.ts"
import { type Asker, startAsker } from "./actors/asker.ts"
import { connectApi, type LabApi } from "./api.ts"
import type { FaultSwitch } from "./api-server/faults.ts"
import { type ApiGateway, gatewayPath, openGateway } from "./api-gateway.ts"
import { createApplier, readManifests } from "./apply-objects.ts"
import { createDamage, type Damage } from "./damage.ts"
import { type Kubelet, startKubelet } from "./kubelet/kubelet.ts"
import { createPodRunner } from "./kubelet/pods.ts"
import { launchPrograms, type ProgramCommands } from "./launch-programs.ts"
import type { LabProgram } from "./programs.ts"
import { type Scenario, sharesOf, systemNamespace } from "./scenario.ts"
import { servicesOf } from "./lab-service.ts"
import { createServices, type LabServices } from "./services.ts"
import { type ServiceProxies, startServiceProxies } from "./service-proxy/proxies.ts"
import { untilSpeakersReady } from "./speakers-ready.ts"
import { buildNetwork } from "./topology/build.ts"
import type { Machine } from "./topology/layout.ts"

/** How a lab is raised; everything that is not the scenario's. */
export type LabOptions = ProgramCommands & {
  /** Sockets, keys and logs go here; it exists and is the lab's alone. */
  readonly directory: string
  /** The CustomResourceDefinitions' YAML files. */
  readonly crds: string
  /** Starts the embedded API server on a unix socket. */
  readonly startApi: (
    socketPath: string,
    scenario: Scenario,
  ) => Promise<{ readonly close: () => unknown; readonly faults: FaultSwitch }>
  readonly report: (event: LabEvent) => void
}

/** What a lab tells while it comes up and lives. */
export type LabEvent =
  | {
      readonly kind: "step"
      readonly step: "network" | "api" | "programs" | "answers"
      readonly says: string
      readonly tookMs: number
      readonly good: boolean
    }
  | { readonly kind: "trouble"; readonly says: string }

export type Lab = {
  readonly scenario: Scenario
  readonly api: LabApi
  readonly damage: Damage
  readonly programs: readonly LabProgram[]
  readonly machine: (name: string) => Machine | undefined
  readonly services: LabServices
  readonly proxies: ServiceProxies
  readonly ask: (machine: string, target: Target, timeoutMs?: number) => Promise<Answer>
  readonly arping: (machine: string, address: string, count: number) => Promise<ArpingReport>
  readonly startAsker: (machine: string, target: Target, perSecond: number) => Asker
  /** Ends programs and servers; the namespaces end with the process that holds them. */
  readonly close: () => void
}

/** The Secret that speakers share. */
const beatSecret = "porchlight-beat"

/**
 * Raises a scenario inside this process's own namespaces: network, API server with the scenario's objects, service
 * proxies and pods, then our programs, then the Services one by one, and asks every one of them. Rejects where a part of
 * the lab itself fails; Services that stay without an address or an answer are events.
 */
export const raiseLab = async (scenario: Scenario, options: LabOptions): Promise<Lab> => {
  const step = stepper(options.report)
  const complain = (says: string): void => options.report({ kind: "trouble", says })
  const shares = sharesOf(scenario.objects)
  const nodes = scenario.layout.machines.filter(({ role }) => role === "node")
  const pods = createPodRunner(shares)

  await buildNetwork(scenario.layout, shares)
  await pods.ensure(scenario.objects.filter((object) => textAt(object, "kind") === "Pod"))
  step("network", networkWords(scenario))

  const server = join(options.directory, "server.sock")
  const embedded = await options.startApi(server, scenario)
  const gateways = await openGateways(options.directory, server, nodes)
  const api = connectApi(join(options.directory, "api.sock"))
  const applied = await applyAll(api, scenario, options)
  step("api", `${applied} objects applied`)

  const kubelet = startKubelet({ api, pods, nodeGraceMs: scenario.layout.nodeGraceMs, complain })
  const proxies = startServiceProxies({ api, nodes, podNetworks: scenario.layout.podNetworks, complain })
  const programs = launchPrograms(options, options.directory, nodes, complain)
  const services = createServices(api, scenario, options.controller !== undefined)
  if (options.speaker !== undefined) {
    const late = await untilSpeakersReady(
      options.directory,
      nodes.map(({ name }) => name),
    )
    if (late.length > 0)
      complain(`the speakers of ${late.join(", ")} are not ready: see ${join(options.directory, "logs")}`)
  }
  await services.createAll(complain)
  await proxies.settled()
  step("programs", programWords(programs, scenario))

  const lab = assemble({
    scenario,
    options,
    api,
    gateways,
    apiFaults: embedded.faults,
    kubelet,
    proxies,
    programs,
    services,
    closers: [pods.close, () => void embedded.close()],
  })
  if (options.speaker !== undefined && options.controller !== undefined) await reportAnswers(lab, step)
  return lab
}

type Step = (step: "network" | "api" | "programs" | "answers", says: string, good?: boolean) => void

const stepper = (report: LabOptions["report"]): Step => {
  let began = performance.now()
  return (step, says, good = true) => {
    const now = performance.now()
    report({ kind: "step", step, says, good, tookMs: now - began })
    began = now
  }
}

const networkWords = ({ layout }: Scenario): string => {
  const [lan] = layout.networks
  const subnet =
    layout.machines.find(({ role }) => role === "node")?.links[0].addresses[0].replace(/\.\d+\//, ".0/") ?? ""
  const outside = layout.networks.length > 1 ? ", internet side" : ""
  return `${lan.toUpperCase()} ${subnet}${outside}, pods ${layout.podNetworks.join(" ")} over VXLAN`
}

const programWords = (programs: readonly LabProgram[], scenario: Scenario): string => {
  const speakers = programs.filter(({ spec }) => spec.machine !== undefined).length
  const apps = scenario.objects.filter((object) => textAt(object, "kind") === "Pod").length
  const controllers = programs.length - speakers
  return `${controllers > 0 ? "controller, " : ""}${speakers} speaker${speakers === 1 ? "" : "s"}, ${apps} app${apps === 1 ? "" : "s"}`
}

const openGateways = async (
  directory: string,
  server: string,
  nodes: readonly Machine[],
): Promise<ReadonlyMap<string, ApiGateway>> => {
  const names = ["", ...nodes.map(({ name }) => name)]
  const opened = names.map(async (name) => [name, await openGateway(gatewayPath(directory, name), server)] as const)
  return new Map(await Promise.all(opened))
}

/** Definitions first, then namespaces, then the rest; Services come last and are not applied here. */
const applyAll = async (api: LabApi, scenario: Scenario, { crds, directory }: LabOptions): Promise<number> => {
  const applier = createApplier(api)
  const definitions = readManifests(crds)
  const kindOf = (object: JsonObject): string => textAt(object, "kind") ?? ""
  const objects = [...scenario.objects, ...scenario.facts, makeBeatSecret(directory)].filter(
    (object) => kindOf(object) !== "Service" && kindOf(object) !== "EndpointSlice",
  )
  await applier.apply(definitions)
  await applier.apply(objects.filter((object) => kindOf(object) === "Namespace"))
  await applier.apply(objects.filter((object) => kindOf(object) !== "Namespace"))
  return definitions.length + objects.length + servicesOf(scenario).length
}

/** The key for beats, as a Secret and as the files that a pod would have mounted. */
const makeBeatSecret = (directory: string): JsonObject => {
  const keys = { current: randomBytes(32).toString("hex"), next: randomBytes(32).toString("hex") }
  mkdirSync(join(directory, "beat-key"), { recursive: true, mode: 0o700 })
  for (const [name, key] of Object.entries(keys)) writeFileSync(join(directory, "beat-key", name), key, { mode: 0o600 })
  const data = Object.fromEntries(
    Object.entries(keys).map(([name, key]) => [name, Buffer.from(key).toString("base64")]),
  )
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace: systemNamespace, name: beatSecret },
    type: "Opaque",
    data,
  }
}

type Parts = {
  readonly scenario: Scenario
  readonly options: LabOptions
  readonly api: LabApi
  readonly gateways: ReadonlyMap<string, ApiGateway>
  readonly apiFaults: FaultSwitch
  readonly kubelet: Kubelet
  readonly proxies: ServiceProxies
  readonly programs: readonly LabProgram[]
  readonly services: LabServices
  readonly closers: readonly (() => void)[]
}

const assemble = ({
  scenario,
  api,
  gateways,
  apiFaults,
  kubelet,
  proxies,
  programs,
  services,
  closers,
}: Parts): Lab => {
  const machine = (name: string): Machine | undefined => scenario.layout.machines.find((one) => one.name === name)
  const damage = createDamage({
    layout: scenario.layout,
    programsOf: (name) => programs.filter(({ spec }) => spec.machine === name),
    gateways,
    apiFaults,
    pauseProxy: proxies.pause,
    resumeProxy: proxies.resume,
    nodeLeaves: kubelet.nodeLeaves,
    nodeDown: kubelet.nodeDown,
    nodeUp: kubelet.nodeUp,
  })
  return {
    scenario,
    api,
    damage,
    programs,
    machine,
    services,
    proxies,
    ask,
    arping: (name, address, count) => arping(machine(name) ?? scenario.layout.machines[0]!, address, count),
    startAsker,
    close: () => {
      damage.close()
      kubelet.close()
      proxies.close()
      for (const program of programs) program.kill()
      for (const gateway of gateways.values()) gateway.shut()
      for (const close of closers) close()
    },
  }
}

const reportAnswers = async (lab: Lab, step: Step): Promise<void> => {
  const outcome = await lab.services.untilAllAnswer(lab.scenario.layout.client)
  step(
    "answers",
    `${outcome.answering} of ${outcome.total} ${outcome.total === 1 ? "Service" : "Services"}, asked from ${lab.scenario.layout.client}`,
    outcome.answering === outcome.total,
  )
}
