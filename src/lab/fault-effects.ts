import type { ApiGateway } from "./api-gateway.ts"
import { faultOfMisdeed } from "./api-server/faults.ts"
import type { Breakable } from "./damage.ts"
import { type ActiveFault, everybody, type Fault, flapEveryMs } from "./fault.ts"
import { changeAddress, setLinks, setPorts, type Standing } from "./link-effects.ts"

/** What faults do to kernels, programs and servers. One after another: `ip` runs that overlap would end in any order. */
export type FaultEffects = {
  /** Both read `active` as it is by then: the fault that begins is in it, the one that ends is not. */
  readonly begin: (one: ActiveFault) => Promise<void>
  readonly end: (one: ActiveFault) => Promise<void>
  readonly close: () => void
}

export const createFaultEffects = (lab: Breakable, active: readonly ActiveFault[]): FaultEffects => {
  const flaps = new Map<string, NodeJS.Timeout>()
  const out = new Set<string>()
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  const faultsOf = (machine: string): readonly Fault[] => [
    ...active.filter((one) => one.machine === machine).map(({ fault }) => fault),
    ...(out.has(machine) ? [{ kind: "cable" } as const] : []),
  ]
  const now: Situation = { lab, layout: lab.layout, active, faultsOf }
  const flap = (machine: string): void => {
    const turn = (): Promise<void> => {
      if (!out.delete(machine) && flaps.has(machine)) out.add(machine)
      return setPorts(now, machine)
    }
    flaps.set(
      machine,
      setInterval(() => void inTurn(turn).catch(() => undefined), flapEveryMs),
    )
  }
  const steady = (machine: string): void => {
    clearInterval(flaps.get(machine))
    flaps.delete(machine)
    out.delete(machine)
  }
  return {
    begin: ({ machine, fault }) => {
      if (fault.kind === "flap") flap(machine)
      return inTurn(() => begin(now, machine, fault))
    },
    end: ({ machine, fault }) => {
      if (fault.kind === "flap") steady(machine)
      return inTurn(() => end(now, machine, fault))
    },
    close: () => [...flaps.keys()].forEach(steady),
  }
}

type Situation = Standing & { readonly lab: Breakable }

const begin = async (now: Situation, name: string, fault: Fault): Promise<void> => {
  const { lab } = now
  switch (fault.kind) {
    case "power":
      return cutPower(now, name)
    case "shutdown":
      await lab.nodeLeaves(name)
      await Promise.all(lab.programsOf(name).map((program) => program.stop()))
      return cutPower(now, name)
    case "speaker":
      return lab.programsOf(name).forEach((program) => program.kill())
    case "freeze":
      return lab.programsOf(name).forEach((program) => program.freeze())
    case "proxy":
      return nodesNamed(lab, name).forEach(lab.pauseProxy)
    case "api":
      return gatewaysNamed(lab, name).forEach((gateway) => gateway.shut())
    case "api-misdeed":
      lab.apiFaults.set(faultOfMisdeed(fault.how))
      // Clients that are connected would not notice, but for those whose watches fall silent.
      return fault.how === "mute" ? undefined : reconnect(now)
    case "twin":
      return changeAddress(lab.layout, name, "add", fault.address)
    case "cable":
    case "carrier":
    case "blocked":
    case "flap":
    case "loss":
    case "beats":
    case "arp":
    case "oneway":
    case "mtu":
    case "ipv6":
      return setLinks(now, name, fault.kind)
  }
}

const end = async (now: Situation, name: string, fault: Fault): Promise<void> => {
  const { lab } = now
  const has = (...kinds: readonly Fault["kind"][]): boolean =>
    now.faultsOf(name).some(({ kind }) => kinds.includes(kind))
  switch (fault.kind) {
    case "power":
    case "shutdown":
      await setPorts(now, name)
      if (has("power", "shutdown")) return
      lab.nodeUp(name)
      if (!isProxyBroken(now, name)) lab.resumeProxy(name)
      return has("speaker") ? undefined : lab.programsOf(name).forEach((program) => program.start())
    case "speaker":
      return has("power", "shutdown") ? undefined : lab.programsOf(name).forEach((program) => program.start())
    case "freeze":
      return lab.programsOf(name).forEach((program) => program.thaw())
    case "proxy":
      return nodesNamed(lab, name)
        .filter((node) => !isProxyBroken(now, node))
        .forEach(lab.resumeProxy)
    case "api":
      return openUnbroken(now)
    case "api-misdeed":
      lab.apiFaults.set(undefined)
      // A watch that fell silent never speaks again; who cannot notice that learns it by this.
      return reconnect(now)
    case "twin":
      return changeAddress(lab.layout, name, "delete", fault.address)
    case "cable":
    case "carrier":
    case "blocked":
    case "flap":
    case "loss":
    case "beats":
    case "arp":
    case "oneway":
    case "mtu":
    case "ipv6":
      return setLinks(now, name, fault.kind)
  }
}

const cutPower = async (now: Situation, name: string): Promise<void> => {
  await setPorts(now, name)
  for (const program of now.lab.programsOf(name)) program.kill()
  now.lab.pauseProxy(name)
  now.lab.nodeDown(name)
}

const nodesNamed = ({ layout }: Breakable, name: string): readonly string[] =>
  name === everybody ? layout.machines.filter(({ role }) => role === "node").map((node) => node.name) : [name]

const isProxyBroken = ({ faultsOf }: Standing, name: string): boolean =>
  faultsOf(everybody).some(({ kind }) => kind === "proxy") ||
  faultsOf(name).some(({ kind }) => kind === "proxy" || kind === "power" || kind === "shutdown")

const gatewaysNamed = (lab: Breakable, name: string): ApiGateway[] =>
  name === everybody ? [...lab.gateways.values()] : [lab.gateways.get(name)].filter((gateway) => gateway !== undefined)

const openUnbroken = async ({ lab, active }: Situation): Promise<void> => {
  const shut = new Set(active.filter(({ fault }) => fault.kind === "api").map(({ machine }) => machine))
  if (shut.has(everybody)) return
  await Promise.all([...lab.gateways].filter(([name]) => !shut.has(name)).map(([, gateway]) => gateway.open()))
}

const reconnect = (now: Situation): Promise<void> => {
  for (const gateway of now.lab.gateways.values()) gateway.shut()
  return openUnbroken(now)
}
