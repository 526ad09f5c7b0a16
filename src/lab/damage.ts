import type { ApiGateway } from "./api-gateway.ts"
import { type ActiveFault, type Fault, parseFault, placeFault, printFault } from "./fault.ts"
import type { LabProgram } from "./programs.ts"
import { portLines, printSwitchRules } from "./switch-rules.ts"
import { runInNamespace } from "./topology/build.ts"
import { familyOfText, type Layout, type Machine, switchNamespace } from "./topology/layout.ts"

/** What is broken in a lab, and the breaking and mending of it. Every answer says what was done, or why not. */
export type Damage = {
  /** `machine` undefined breaks the API for everybody. */
  readonly break: (machine: string | undefined, fault: string) => Promise<DamageOutcome>
  /** Without a fault: all of that machine. Without a machine: everything. */
  readonly mend: (machine: string | undefined, fault: string | undefined) => Promise<DamageOutcome>
  readonly active: () => readonly ActiveFault[]
}

export type DamageOutcome =
  | { readonly kind: "done"; readonly says: string }
  | { readonly kind: "refused"; readonly says: string }

/** What the faults act upon. */
export type Breakable = {
  readonly layout: Layout
  readonly programsOf: (machine: string) => readonly LabProgram[]
  /** Machines' doors to the API by name; "" is everybody else's. */
  readonly gateways: ReadonlyMap<string, ApiGateway>
  readonly powerLost: (machine: string) => void
  readonly powerBack: (machine: string) => void
}

/** Whose API is broken when it is broken for everybody. */
const everybody = "*"

export const createDamage = (lab: Breakable): Damage => {
  const active: ActiveFault[] = []
  const faultsOf = (machine: string): Fault[] =>
    active.filter((one) => one.machine === machine).map(({ fault }) => fault)

  const add = async (machine: string, fault: Fault): Promise<DamageOutcome> => {
    if (active.some((one) => one.machine === machine && printFault(one.fault) === printFault(fault)))
      return { kind: "refused", says: `${printFault(fault)} is broken at ${machine} already; mend it first` }
    active.push({ machine, fault })
    await perform(lab, machine, fault, active, faultsOf(machine))
    return { kind: "done", says: `${machine}: ${printFault(fault)}` }
  }
  const remove = async (gone: readonly ActiveFault[]): Promise<DamageOutcome> => {
    for (const one of gone) {
      active.splice(active.indexOf(one), 1)
      await undo(lab, one.machine, one.fault, active, faultsOf(one.machine))
    }
    const names = gone.map(({ machine, fault }) => `${machine}: ${printFault(fault)}`)
    return names.length === 0
      ? { kind: "refused", says: "nothing of that is broken" }
      : { kind: "done", says: `mended ${names.join(", ")}` }
  }
  return {
    active: () => [...active],
    break: async (where, text) => {
      const placed = placeFault(where, text)
      if (typeof placed === "string") return { kind: "refused", says: placed }
      const fault = parseFault(placed.text)
      if (typeof fault === "string") return { kind: "refused", says: fault }
      const { machine } = placed
      const problem = whyNot(lab, machine, fault)
      return problem === undefined ? add(machine ?? everybody, fault) : { kind: "refused", says: problem }
    },
    mend: async (where, text) => {
      const placed = text === undefined ? { machine: where, text } : placeFault(where, text)
      if (typeof placed === "string") return { kind: "refused", says: placed }
      const { machine: name } = placed
      const fault = placed.text === undefined ? undefined : parseFault(placed.text)
      if (typeof fault === "string") return { kind: "refused", says: fault }
      return remove(
        active.filter(
          (one) =>
            (name === undefined && fault === undefined) ||
            (one.machine === (name ?? everybody) &&
              (fault === undefined || printFault(one.fault) === printFault(fault))),
        ),
      )
    },
  }
}

const whyNot = (lab: Breakable, name: string | undefined, fault: Fault): string | undefined => {
  const names = lab.layout.machines.map(({ name }) => name)
  if (name === undefined)
    return fault.kind === "api" ? undefined : `${printFault(fault)} needs a machine: ${names.join(", ")}`
  if (!names.includes(name)) return `${name} is no machine of this lab; there are: ${names.join(", ")}`
  if (fault.kind === "oneway" && !names.includes(fault.to))
    return `${fault.to} is no machine of this lab; there are: ${names.join(", ")}`
  const needsPrograms = fault.kind === "speaker" || fault.kind === "freeze" || fault.kind === "api"
  return needsPrograms && lab.programsOf(name).length === 0 ? `no program of ours runs on ${name}` : undefined
}

const machineOf = (lab: Breakable, name: string): Machine | undefined =>
  lab.layout.machines.find((machine) => machine.name === name)

const perform = async (
  lab: Breakable,
  name: string,
  fault: Fault,
  active: readonly ActiveFault[],
  own: readonly Fault[],
): Promise<void> => {
  switch (fault.kind) {
    case "power":
      await setPorts(lab, name, own)
      for (const program of lab.programsOf(name)) program.kill()
      return lab.powerLost(name)
    case "cable":
    case "carrier":
      return setPorts(lab, name, own)
    case "speaker":
      return lab.programsOf(name).forEach((program) => program.kill())
    case "freeze":
      return lab.programsOf(name).forEach((program) => program.freeze())
    case "api":
      return gatewaysOf(lab, name).forEach((gateway) => gateway.shut())
    case "twin":
      return changeAddress(lab, name, "add", fault.address)
    case "loss":
    case "beats":
    case "arp":
    case "oneway":
      return setRules(lab, active)
  }
}

const undo = async (
  lab: Breakable,
  name: string,
  fault: Fault,
  active: readonly ActiveFault[],
  own: readonly Fault[],
): Promise<void> => {
  const still = (kind: Fault["kind"]): boolean => own.some((other) => other.kind === kind)
  switch (fault.kind) {
    case "power":
      await setPorts(lab, name, own)
      lab.powerBack(name)
      return still("speaker") ? undefined : lab.programsOf(name).forEach((program) => program.start())
    case "cable":
    case "carrier":
      return setPorts(lab, name, own)
    case "speaker":
      return still("power") ? undefined : lab.programsOf(name).forEach((program) => program.start())
    case "freeze":
      return lab.programsOf(name).forEach((program) => program.thaw())
    case "api":
      return openUnbroken(lab, active)
    case "twin":
      return changeAddress(lab, name, "delete", fault.address)
    case "loss":
    case "beats":
    case "arp":
    case "oneway":
      return setRules(lab, active)
  }
}

const setPorts = async (lab: Breakable, name: string, own: readonly Fault[]): Promise<void> => {
  const links = machineOf(lab, name)?.links ?? []
  const text = `${portLines(name, own).join("\n")}\n`
  await Promise.all(links.map(({ network }) => runInNamespace(switchNamespace(network), ["ip", "-batch", "-"], text)))
}

const setRules = async (lab: Breakable, active: readonly ActiveFault[]): Promise<void> => {
  const text = printSwitchRules(active)
  await Promise.all(
    lab.layout.networks.map((network) => runInNamespace(switchNamespace(network), ["nft", "-f", "-"], text)),
  )
}

const changeAddress = (lab: Breakable, name: string, verb: "add" | "delete", address: string): Promise<void> => {
  const link = machineOf(lab, name)?.links[0].interface ?? "eth0"
  const bits = familyOfText(address) === 4 ? "32" : "128"
  const quick = verb === "add" && bits === "128" ? ["nodad"] : []
  return runInNamespace(name, ["ip", "address", verb, `${address}/${bits}`, "dev", link, ...quick])
}

const gatewaysOf = (lab: Breakable, name: string): ApiGateway[] =>
  name === everybody ? [...lab.gateways.values()] : [lab.gateways.get(name)].filter((gateway) => gateway !== undefined)

const openUnbroken = async (lab: Breakable, active: readonly ActiveFault[]): Promise<void> => {
  const shut = new Set(active.filter(({ fault }) => fault.kind === "api").map(({ machine }) => machine))
  if (shut.has(everybody)) return
  await Promise.all([...lab.gateways].filter(([name]) => !shut.has(name)).map(([, gateway]) => gateway.open()))
}
