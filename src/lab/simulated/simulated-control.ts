import type { ArpingReport } from "../actors/arping.ts"
import type { ControlHandlers, LabStatus } from "../control.ts"
import { printFault } from "../fault.ts"
import { targetsOf } from "../lab-service.ts"
import type { SimulatedLab } from "./simulated-lab.ts"
import { askerPatienceMs, type SimulatedAsker } from "./visitors.ts"

/** The questions that a real lab answers over its control socket, answered by a simulated one; what takes time lets virtual time pass. */
export const simulatedControl = (lab: SimulatedLab): ControlHandlers => {
  const askers = new Map<number, SimulatedAsker>()
  let lastAsker = 0
  const askerOf = (asker: number): SimulatedAsker => {
    const found = askers.get(asker)
    if (found === undefined) throw new Error(`there is no asker ${asker}: it was stopped already`)
    return found
  }
  return {
    status: async () => statusOf(lab),
    break: async ({ machine, fault }) => lab.damage.break(machine, fault),
    mend: async ({ machine, fault }) => lab.damage.mend(machine, fault),
    services: async () => lab.services(),
    askAll: async ({ machine }) =>
      lab
        .services()
        .flatMap((service) =>
          targetsOf(service).map((target) => ({ service: service.name, target, answer: lab.ask(target, machine) })),
        ),
    ask: async ({ machine, target }) => lab.ask(target, machine),
    arping: async ({ machine, address, count }) => arping(lab, address, count, machine),
    startAsker: async ({ machine, target, perSecond }) => {
      askers.set(++lastAsker, lab.startAsker(target, perSecond, machine))
      return lastAsker
    },
    readAsker: async ({ asker }) => askerOf(asker).report(),
    stopAsker: async ({ asker }) => {
      askerOf(asker).stop()
      lab.run(askerPatienceMs)
      const report = askerOf(asker).report()
      askers.delete(asker)
      return report
    },
    restart: async ({ machine }) => {
      const program = machine === undefined ? lab.controller : lab.speaker(machine)
      program?.restart()
      return program === undefined ? [] : [machine === undefined ? "controller" : `speaker ${machine}`]
    },
  }
}

const arping = (lab: SimulatedLab, address: string, count: number, machine: string | undefined): ArpingReport => {
  const rounds = Array.from({ length: count }, () => lab.stationsOf(address, machine))
  const times = rounds.flatMap(([first]) => first?.tookMs ?? []).toSorted((a, b) => a - b)
  const byMac = Map.groupBy(rounds.flat(), ({ mac }) => mac)
  return {
    asked: count,
    answered: times.length,
    macs: Object.fromEntries([...byMac].map(([mac, answers]) => [mac, answers.length])),
    medianMs: times[Math.floor(times.length / 2)] ?? 0,
    slowestMs: times.at(-1) ?? 0,
  }
}

const statusOf = (lab: SimulatedLab): LabStatus => {
  const active = lab.damage.active()
  const { machines } = lab.scenario.layout
  const names = new Set(machines.map(({ name }) => name))
  return {
    scenario: lab.scenario.name,
    machines: machines.map(({ name, role, links }) => ({
      name,
      role,
      addresses: links.flatMap(({ addresses }) => addresses),
      macs: links.map(({ mac }) => mac.toLowerCase()),
      faults: active.filter(({ machine }) => machine === name).map(({ fault }) => printFault(fault)),
    })),
    programs: machines.flatMap(({ name }) => {
      const state = lab.speaker(name)?.state()
      return state === undefined ? [] : [{ name: `speaker ${name}`, machine: name, state: stateOf(state), logFile: "" }]
    }),
    faults: active.filter(({ machine }) => !names.has(machine)).map(({ fault }) => printFault(fault)),
  }
}

/** All of them run in this very process. */
const stateOf = (state: "running" | "frozen" | "stopped"): LabStatus["programs"][number]["state"] =>
  state === "stopped" ? { kind: "stopped" } : { kind: state, pid: process.pid }
