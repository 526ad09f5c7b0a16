import { sentenceOfError } from "../edge/failure.ts"
import { parseAddress } from "../net/address.ts"
import type { ApiGateway } from "./api-gateway.ts"
import type { FaultSwitch } from "./api-server/faults.ts"
import {
  type ActiveFault,
  brokenAlready,
  everybody,
  excludes,
  type Fault,
  isForAll,
  printActive,
  printFault,
  whySenseless,
} from "./fault.ts"
import { createFaultEffects } from "./fault-effects.ts"
import { type DamageOutcome, meantBy, mended, readOrder } from "./fault-order.ts"
import type { LabProgram } from "./programs.ts"
import type { Layout } from "./topology/layout.ts"

/** What is broken in a lab, and the breaking and mending of it. Every answer says what was done, or why not. */
export type Damage = {
  /** `machine` undefined breaks the API or the service proxies for everybody. */
  readonly break: (machine: string | undefined, fault: string) => Promise<DamageOutcome>
  /** Without a fault: all of that machine. Without a machine: everything. */
  readonly mend: (machine: string | undefined, fault: string | undefined) => Promise<DamageOutcome>
  readonly active: () => readonly ActiveFault[]
  /** Nothing mends itself any more. */
  readonly close: () => void
}

/** What the faults act upon. */
export type Breakable = {
  readonly layout: Layout
  readonly programsOf: (machine: string) => readonly LabProgram[]
  /** Machines' doors to the API by name; "" is everybody else's. */
  readonly gateways: ReadonlyMap<string, ApiGateway>
  readonly apiFaults: FaultSwitch
  readonly pauseProxy: (machine: string) => void
  readonly resumeProxy: (machine: string) => void
  /** Its Node object says so when this resolves. */
  readonly nodeLeaves: (machine: string) => Promise<void>
  readonly nodeDown: (machine: string) => void
  readonly nodeUp: (machine: string) => void
}

export const createDamage = (lab: Breakable): Damage => {
  const active: ActiveFault[] = []
  const effects = createFaultEffects(lab, active)
  const timers = new Map<ActiveFault, NodeJS.Timeout>()

  /** Effects look at all in `active`; people are told of those whose effect holds. */
  const holding = new Set<ActiveFault>()

  const add = async (one: ActiveFault): Promise<DamageOutcome> => {
    const { machine, fault } = one
    const present = active.find((other) => other.machine === machine && excludes(other.fault, fault))
    if (present !== undefined) return { kind: "refused", says: brokenAlready(present) }
    active.push(one)
    try {
      await effects.begin(one)
    } catch (error) {
      await takeBack(one)
      return {
        kind: "refused",
        says: `${printActive(one)} took no effect and is taken back: ${sentenceOfError(error)}`,
      }
    }
    // Somebody may have mended it meanwhile.
    if (active.includes(one)) holding.add(one)
    if ("forMs" in fault && holding.has(one))
      timers.set(
        one,
        setTimeout(() => void remove([one]), fault.forMs),
      )
    return { kind: "done", says: printActive(one) }
  }
  /** What took half its effect has it no more; what took none cannot be ended, and need not. */
  const takeBack = async (one: ActiveFault): Promise<void> => {
    if (!active.includes(one)) return
    active.splice(active.indexOf(one), 1)
    await effects.end(one).catch(() => undefined)
  }
  const remove = async (gone: readonly ActiveFault[]): Promise<DamageOutcome> => {
    const broken = gone.filter((one) => active.includes(one))
    for (const one of broken) {
      clearTimeout(timers.get(one))
      timers.delete(one)
      active.splice(active.indexOf(one), 1)
      holding.delete(one)
      await effects.end(one)
    }
    return mended(broken)
  }
  return {
    active: () => active.filter((one) => holding.has(one)),
    close: () => {
      for (const timer of timers.values()) clearTimeout(timer)
      effects.close()
    },
    break: async (where, text) => {
      const order = readOrder(where, text)
      if (typeof order === "string") return { kind: "refused", says: order }
      const { machine, fault } = order
      const problem = whyNot(lab, machine, fault)
      return problem === undefined ? add({ machine: machine ?? everybody, fault }) : { kind: "refused", says: problem }
    },
    mend: async (where, text) => {
      const meant = meantBy(where, text, active)
      return typeof meant === "string" ? { kind: "refused", says: meant } : remove(meant)
    },
  }
}

/** Why that machine cannot have that fault. */
const whyNot = (lab: Breakable, name: string | undefined, fault: Fault): string | undefined => {
  const { machines } = lab.layout
  const names = machines.map((machine) => machine.name)
  const text = printFault(fault)
  if (name === undefined) return isForAll(fault) ? undefined : `${text} needs a machine: ${names.join(", ")}`
  const machine = machines.find((one) => one.name === name)
  if (machine === undefined) return `${name} is no machine of this lab; there are: ${names.join(", ")}`
  if (fault.kind === "oneway" && !names.includes(fault.to))
    return `${fault.to} is no machine of this lab; there are: ${names.join(", ")}`
  if ("link" in fault && !machine.links.some((link) => link.interface === fault.link))
    return `${name} has no link ${fault.link}; it has: ${machine.links.map((link) => link.interface).join(", ")}`
  if (fault.kind === "api-misdeed") return `${text} is what the API server does to everybody: say ${text} alone`
  if (fault.kind === "proxy" && machine.role !== "node") return `${name} is no node, so it has no service proxy`
  const own = machine.links.flatMap(({ addresses }) =>
    addresses.flatMap((text) => parseAddress(text.split("/")[0]!) ?? []),
  )
  const senseless = whySenseless(name, own, fault)
  if (senseless !== undefined) return senseless
  const needsPrograms = fault.kind === "speaker" || fault.kind === "freeze" || fault.kind === "api"
  return needsPrograms && lab.programsOf(name).length === 0 ? `no program of ours runs on ${name}` : undefined
}
