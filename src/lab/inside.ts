import { join } from "node:path"
import { machineSentence, sentenceOfError } from "../edge/failure.ts"
import type { Asker } from "./actors/asker.ts"
import { type ControlHandlers, type LabStatus, serveControl } from "./control.ts"
import { startEmbeddedApi } from "./embedded-api.ts"
import { printFault } from "./fault.ts"
import { type Lab, type LabEvent, type LabOptions, raiseLab } from "./lab.ts"
import { isUnreadable, readScenario } from "./scenario.ts"
import { holdSimulated } from "./simulated/held-lab.ts"
import { noPlaceSentence } from "./state-directory.ts"

/** What the host tells the process inside, as one JSON argument. */
export type InsideOrder = {
  readonly scenarioFolder: string
  readonly directory: string
  readonly controller: LabOptions["controller"]
  readonly speaker: LabOptions["speaker"]
  readonly crds: string
  /** All of it in this one process, on a wire that is none. */
  readonly simulated?: { readonly version: string } | undefined
}

/** What the process inside tells the host, one JSON line each. */
export type InsideNews = LabEvent | { readonly kind: "ready" } | FailedLab

/** `lacks`: this machine lacks something; no fault of the lab. */
export type FailedLab = { readonly kind: "failed"; readonly says: string; readonly lacks?: true }

/**
 * The program that runs inside the namespaces: raises the lab, serves its control socket, and lives until the host ends
 * it or its standard input closes (the host is gone).
 */
export const runInside = async (order: InsideOrder): Promise<void> => {
  const tell = (news: InsideNews): void => void process.stdout.write(`${JSON.stringify(news)}\n`)
  process.stdin.on("end", () => process.exit(0)).resume()
  process.stdout.on("error", () => process.exit(0))
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined)
  const scenario = readScenario(order.scenarioFolder)
  if (isUnreadable(scenario)) return tell({ kind: "failed", says: scenario.says.join("\n") })
  try {
    const handlers =
      order.simulated === undefined
        ? handlersOf(await raiseLab(scenario, { ...order, startApi: startEmbeddedApi, report: tell }))
        : (await holdSimulated(scenario, { ...order, ...order.simulated, report: tell })).handlers
    serveControl(join(order.directory, "control.sock"), handlers).once("listening", () => tell({ kind: "ready" }))
  } catch (error) {
    const lacking = noPlaceSentence(error) ?? machineSentence(error)
    tell({ kind: "failed", says: lacking ?? sentenceOfError(error), ...(lacking !== undefined && { lacks: true }) })
  }
}

const handlersOf = (lab: Lab): ControlHandlers => {
  const askers = new Map<number, Asker>()
  let lastAsker = 0
  const machineOr = (machine: string | undefined): string => {
    const name = machine ?? lab.scenario.layout.client
    if (lab.machine(name) === undefined)
      throw new Error(
        `${name} is no machine of this lab; there are: ${lab.scenario.layout.machines.map(({ name }) => name).join(", ")}`,
      )
    return name
  }
  const askerOf = (asker: number): Asker => {
    const found = askers.get(asker)
    if (found === undefined) throw new Error(`there is no asker ${asker}: it was stopped already`)
    return found
  }
  return {
    status: async () => statusOf(lab),
    break: ({ machine, fault }) => lab.damage.break(machine, fault),
    mend: ({ machine, fault }) => lab.damage.mend(machine, fault),
    services: () => lab.services.list(),
    askAll: ({ machine }) => lab.services.askAll(machineOr(machine)),
    ask: ({ machine, target }) => lab.ask(machineOr(machine), target),
    arping: ({ machine, address, count }) => lab.arping(machineOr(machine), address, count),
    startAsker: async ({ machine, target, perSecond }) => {
      askers.set(++lastAsker, lab.startAsker(machineOr(machine), target, perSecond))
      return lastAsker
    },
    readAsker: async ({ asker }) => askerOf(asker).report(),
    stopAsker: async ({ asker }) => {
      const report = await askerOf(asker).stop()
      askers.delete(asker)
      return report
    },
    restart: async ({ machine }) => {
      const programs = lab.programs.filter(({ spec }) => spec.machine === machine)
      await Promise.all(programs.map((program) => program.restart()))
      return programs.map(({ spec }) => spec.name)
    },
  }
}

const statusOf = (lab: Lab): LabStatus => {
  const active = lab.damage.active()
  const names = new Set(lab.scenario.layout.machines.map(({ name }) => name))
  return {
    scenario: lab.scenario.name,
    machines: lab.scenario.layout.machines.map(({ name, role, links }) => ({
      name,
      role,
      addresses: links.flatMap(({ addresses }) => addresses),
      macs: links.map(({ mac }) => mac.toLowerCase()),
      faults: active.filter(({ machine }) => machine === name).map(({ fault }) => printFault(fault)),
    })),
    programs: lab.programs.map((program) => ({
      name: program.spec.name,
      machine: program.spec.machine,
      state: program.state(),
      logFile: program.spec.logFile,
    })),
    faults: active.filter(({ machine }) => !names.has(machine)).map(({ fault }) => printFault(fault)),
  }
}
