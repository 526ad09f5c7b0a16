import { type Address, parseAddress } from "../../net/address.ts"
import {
  type ActiveFault,
  brokenAlready,
  everybody,
  excludes,
  type Fault,
  flapEveryMs,
  isForAll,
  printActive,
  printFault,
  whySenseless,
} from "../fault.ts"
import { type DamageOutcome, meantBy, mended, readOrder } from "../fault-order.ts"
import type { SimulatedApi } from "./api-server.ts"
import type { ClusterKeeper } from "./cluster-keeper.ts"
import type { SimulatedMachine } from "./machine.ts"
import type { SpeakerNode } from "./speaker-node.ts"
import type { ServiceTraffic } from "./service-traffic.ts"
import type { Carried, Port } from "./wire.ts"
import type { World } from "./world.ts"

/** What is broken in a simulated lab: the faults of a real one, in the same words. */
export type SimulatedDamage = {
  /** `machine` undefined breaks the API or the service proxies for everybody. */
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
  readonly world: World
  readonly traffic: ServiceTraffic
  readonly api: SimulatedApi
  /** The controller's way to the API. */
  readonly setControllerApi: (open: boolean) => void
  readonly machines: readonly string[]
}

/** What the faults of both ends do to a frame between them. */
export const isLostBy = (
  world: World,
  active: readonly ActiveFault[],
  from: Port,
  to: Port,
  kind: Carried["kind"],
): boolean =>
  active.some(({ machine, fault }) => {
    if (machine !== from.machine && machine !== to.machine) return false
    switch (fault.kind) {
      case "cable":
      case "carrier":
        return !("link" in fault) || fault.link === (machine === from.machine ? from : to).link
      case "power":
      case "blocked":
        return true
      case "flap":
        return Math.floor(world.now() / flapEveryMs) % 2 === 0
      case "loss":
        return world.chance() * 100 < fault.percent
      case "beats":
        return kind === "beat"
      case "arp":
        return kind === "arp"
      case "oneway":
        return machine === from.machine && fault.to === to.machine
      case "shutdown":
      case "speaker":
      case "freeze":
      case "proxy":
      case "api":
      case "api-misdeed":
      case "ipv6":
      case "mtu":
      case "twin":
        return false
    }
  })

/** `active` is the list that the wire looks at; it is changed in place. */
export const createSimulatedDamage = (lab: Breakable, active: ActiveFault[]): SimulatedDamage => {
  const faultsOf = (machine: string): readonly Fault[] =>
    active.filter((one) => one.machine === machine).map(({ fault }) => fault)

  const add = (machine: string, fault: Fault): DamageOutcome => {
    const one = { machine, fault }
    const present = faultsOf(machine).find((other) => excludes(other, fault))
    if (present !== undefined) return { kind: "refused", says: brokenAlready({ machine, fault: present }) }
    active.push(one)
    perform(lab, machine, fault, faultsOf, true)
    if ("forMs" in fault) lab.world.later(fault.forMs, () => void remove([one]))
    return { kind: "done", says: printActive(one) }
  }
  const remove = (gone: readonly ActiveFault[]): DamageOutcome => {
    const broken = gone.filter((one) => active.includes(one))
    for (const one of broken) {
      active.splice(active.indexOf(one), 1)
      perform(lab, one.machine, one.fault, faultsOf, false)
    }
    return mended(broken)
  }
  return {
    active: () => [...active],
    break: (where, text) => {
      const order = readOrder(where, text)
      if (typeof order === "string") return { kind: "refused", says: order }
      const problem = whyNot(lab, order.machine, order.fault)
      return problem === undefined ? add(order.machine ?? everybody, order.fault) : { kind: "refused", says: problem }
    },
    mend: (where, what) => {
      const meant = meantBy(where, what, active)
      return typeof meant === "string" ? { kind: "refused", says: meant } : remove(meant)
    },
  }
}

const whyNot = (
  { machines, machine, speaker }: Breakable,
  name: string | undefined,
  fault: Fault,
): string | undefined => {
  const text = printFault(fault)
  if (fault.kind === "mtu" || fault.kind === "ipv6")
    return `${text} needs real packets: raise the lab without --wire=simulated`
  if (name === undefined && isForAll(fault)) return undefined
  if (fault.kind === "api-misdeed") return `${text} is what the API server does to everybody: say ${text} alone`
  if (name === undefined || !machines.includes(name))
    return `${name ?? "nobody"} is no machine; there are: ${machines.join(", ")}`
  if (fault.kind === "oneway" && !machines.includes(fault.to))
    return `${fault.to} is no machine; there are: ${machines.join(", ")}`
  const links = machine(name)?.links.map((link) => link.name) ?? []
  if ("link" in fault && !links.includes(fault.link))
    return `${name} has no link ${fault.link}; it has: ${links.join(", ")}`
  const own = machine(name)?.links.flatMap(({ prefixes }) => prefixes.map(({ address }) => address)) ?? []
  const senseless = whySenseless(name, own, fault)
  if (senseless !== undefined) return senseless
  const needsSpeaker = ["speaker", "freeze", "api", "proxy"].includes(fault.kind)
  return needsSpeaker && speaker(name) === undefined
    ? `${name} runs no speaker, so it has no ${fault.kind} to break`
    : undefined
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
      return has("power") || has("speaker") || has("shutdown") ? undefined : speaker?.start()
    case "shutdown":
      if (!begins) return startAgain(lab, name, has)
      lab.keeper.nodeLeaves(name)
      return speaker === undefined
        ? setPower(lab, name, false)
        : speaker.stop(() => (has("shutdown") ? setPower(lab, name, false) : undefined))
    case "carrier":
      return speaker?.setCarrier((link) => faultsOf(name).every((one) => !takesCarrier(one, link)))
    case "freeze":
      return begins ? speaker?.freeze() : speaker?.thaw()
    case "proxy":
      return lab.machines
        .filter((one) => lab.speaker(one) !== undefined)
        .forEach((one) => {
          const frozen = [...faultsOf(one), ...faultsOf(everybody)].some(({ kind }) => kind === "proxy")
          if (frozen !== lab.traffic.isFrozen(one)) lab.traffic.freeze(one, frozen)
        })
    case "api":
      return openUnbroken(lab, faultsOf)
    case "api-misdeed":
      lab.api.setMisdeed(begins ? fault.how : undefined)
      // Clients that are connected would not notice, but for those whose watches fall silent; these learn it by the end.
      if (!(begins && fault.how === "mute")) shutAll(lab)
      return openUnbroken(lab, faultsOf)
    case "twin":
      return lab.machine(name)?.setTwins(faultsOf(name).flatMap(twinOf))
    case "cable":
    case "blocked":
    case "flap":
    case "loss":
    case "beats":
    case "arp":
    case "oneway":
    case "mtu":
    case "ipv6":
      return
  }
}

const startAgain = (lab: Breakable, name: string, has: (kind: Fault["kind"]) => boolean): void => {
  if (has("power")) return
  setPower(lab, name, true)
  if (!has("speaker")) lab.speaker(name)?.start()
}

const takesCarrier = (fault: Fault, link: string): boolean =>
  fault.kind === "carrier" && (!("link" in fault) || fault.link === link)

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

const shutAll = (lab: Breakable): void => {
  for (const name of lab.machines) lab.speaker(name)?.setApi(false)
  lab.setControllerApi(false)
}

const twinOf = (fault: Fault): readonly Address[] => {
  const address = fault.kind === "twin" ? parseAddress(fault.address) : undefined
  return address === undefined ? [] : [address]
}
