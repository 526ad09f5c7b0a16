import { type Address, parseAddress } from "../../net/address.ts"
import type { DamageOutcome } from "../damage.ts"
import { type ActiveFault, type Fault, parseFault, placeFault, printFault } from "../fault.ts"
import type { ClusterKeeper } from "./cluster-keeper.ts"
import type { SimulatedMachine } from "./machine.ts"
import type { SpeakerNode } from "./speaker-node.ts"
import type { Carried } from "./wire.ts"
import type { World } from "./world.ts"

/** What is broken in a simulated lab: the faults of a real one, in the same words. */
export type SimulatedDamage = {
  /** `machine` undefined breaks the API for everybody. */
  readonly break: (machine: string | undefined, fault: string) => DamageOutcome
  /** Without a fault: all of that machine. Without a machine: everything. */
  readonly mend: (machine: string | undefined, fault: string | undefined) => DamageOutcome
  readonly active: () => readonly ActiveFault[]
}

/** What faults act upon. */
export type Breakable = {
  readonly machine: (name: string) => SimulatedMachine | undefined
  readonly speaker: (name: string) => SpeakerNode | undefined
  readonly keeper: ClusterKeeper
  /** The controller's way to the API. */
  readonly setControllerApi: (open: boolean) => void
  readonly machines: readonly string[]
}

/** Whose API is broken when it is broken for everybody. */
const everybody = "*"

/** What the faults of both ends do to a frame between them. */
export const isLostBy = (
  world: World,
  active: readonly ActiveFault[],
  from: string,
  to: string,
  kind: Carried["kind"],
): boolean =>
  active.some(({ machine, fault }) => {
    if (machine !== from && machine !== to) return false
    switch (fault.kind) {
      case "power":
      case "cable":
      case "carrier":
        return true
      case "loss":
        return world.chance() * 100 < fault.percent
      case "beats":
        return kind === "beat"
      case "arp":
        return kind === "arp"
      case "oneway":
        return machine === from && fault.to === to
      case "speaker":
      case "freeze":
      case "api":
      case "twin":
        return false
    }
  })

/** `active` is the list that the wire looks at; it is changed in place. */
export const createSimulatedDamage = (lab: Breakable, active: ActiveFault[]): SimulatedDamage => {
  const faultsOf = (machine: string): readonly Fault[] =>
    active.filter((one) => one.machine === machine).map(({ fault }) => fault)

  const add = (machine: string, fault: Fault): DamageOutcome => {
    if (faultsOf(machine).some((one) => printFault(one) === printFault(fault)))
      return { kind: "refused", says: `${printFault(fault)} is broken at ${machine} already; mend it first` }
    active.push({ machine, fault })
    perform(lab, machine, fault, faultsOf, true)
    return { kind: "done", says: `${machine}: ${printFault(fault)}` }
  }
  return {
    active: () => [...active],
    break: (where, text) => {
      const placed = placeFault(where, text)
      if (typeof placed === "string") return { kind: "refused", says: placed }
      const name = placed.machine
      const fault = parseFault(placed.text)
      if (typeof fault === "string") return { kind: "refused", says: fault }
      if (name === undefined && fault.kind === "api") return add(everybody, fault)
      const { machines, speaker } = lab
      if (name === undefined || !machines.includes(name))
        return { kind: "refused", says: `${name ?? "nobody"} is no machine; there are: ${machines.join(", ")}` }
      if (fault.kind === "oneway" && !machines.includes(fault.to))
        return { kind: "refused", says: `${fault.to} is no machine; there are: ${machines.join(", ")}` }
      const needsSpeaker = fault.kind === "speaker" || fault.kind === "freeze" || fault.kind === "api"
      if (needsSpeaker && speaker(name) === undefined)
        return { kind: "refused", says: `${name} runs no speaker, so it has no ${fault.kind} to break` }
      return add(name, fault)
    },
    mend: (where, what) => {
      const placed = what === undefined ? { machine: where, text: what } : placeFault(where, what)
      if (typeof placed === "string") return { kind: "refused", says: placed }
      const { machine: name, text } = placed
      const gone = active.filter(
        ({ machine, fault }) =>
          (name === undefined || machine === name) && (text === undefined || printFault(fault) === text),
      )
      for (const one of gone) {
        active.splice(active.indexOf(one), 1)
        perform(lab, one.machine, one.fault, faultsOf, false)
      }
      const names = gone.map(({ machine, fault }) => `${machine}: ${printFault(fault)}`)
      return names.length === 0
        ? { kind: "refused", says: "nothing of that is broken" }
        : { kind: "done", says: `mended ${names.join(", ")}` }
    },
  }
}

/** Brings what a fault acts upon to how it stands under all faults there are now. */
const perform = (
  lab: Breakable,
  name: string,
  fault: Fault,
  faultsOf: (machine: string) => readonly Fault[],
  begins: boolean,
): void => {
  const has = (kind: Fault["kind"]): boolean => faultsOf(name).some((one) => one.kind === kind)
  const speaker = lab.speaker(name)
  switch (fault.kind) {
    case "power":
    case "speaker":
      if (fault.kind === "power") setPower(lab, name, !begins)
      if (begins) return speaker?.kill()
      return has("power") || has("speaker") ? undefined : speaker?.start()
    case "carrier":
      return speaker?.setCarrier(!begins)
    case "freeze":
      return begins ? speaker?.freeze() : speaker?.thaw()
    case "api":
      return openUnbroken(lab, faultsOf)
    case "twin":
      return lab.machine(name)?.setTwins(faultsOf(name).flatMap(twinOf))
    case "cable":
    case "loss":
    case "beats":
    case "arp":
    case "oneway":
      return
  }
}

const setPower = ({ machine, keeper, speaker }: Breakable, name: string, on: boolean): void => {
  machine(name)?.setPower(on)
  if (speaker(name) === undefined) return
  if (on) keeper.nodeUp(name)
  else keeper.nodeDown(name)
}

const openUnbroken = (lab: Breakable, faultsOf: (machine: string) => readonly Fault[]): void => {
  const isShut = (name: string): boolean => faultsOf(name).some(({ kind }) => kind === "api")
  const forAll = isShut(everybody)
  for (const name of lab.machines) lab.speaker(name)?.setApi(!forAll && !isShut(name))
  lab.setControllerApi(!forAll)
}

const twinOf = (fault: Fault): readonly Address[] => {
  const address = fault.kind === "twin" ? parseAddress(fault.address) : undefined
  return address === undefined ? [] : [address]
}
