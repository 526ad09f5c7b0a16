import { setTimeout as pause } from "node:timers/promises"
import { type ActiveFault, type Fault, mtuBytesUsual } from "./fault.ts"
import { setKernelSetting } from "./namespace.ts"
import { portLines, portState, portStateCommand, printSwitchRules } from "./switch-rules.ts"
import { runInNamespace } from "./topology/build.ts"
import { familyOfText, type Layout, type Machine, portName, switchNamespace } from "./topology/layout.ts"

/** All faults there are, and those of one machine. */
export type Standing = {
  readonly layout: Layout
  readonly active: readonly ActiveFault[]
  readonly faultsOf: (machine: string) => readonly Fault[]
}

/** What acts upon programs and servers, not upon links. */
type ProgramFault = "power" | "shutdown" | "speaker" | "freeze" | "proxy" | "api" | "api-misdeed" | "twin"

/** Brings links and switches to how they stand under all faults there are now. */
export const setLinks = (now: Standing, name: string, kind: Exclude<Fault["kind"], ProgramFault>): Promise<void> => {
  switch (kind) {
    case "mtu":
      return setMtu(now, name)
    case "ipv6":
      return setIpv6(now, name)
    case "loss":
    case "beats":
    case "arp":
    case "oneway":
      return setRules(now)
    case "blocked":
      return setPorts(now, name, true)
    case "cable":
    case "carrier":
    case "flap":
      return setPorts(now, name)
  }
}

const machineOf = (layout: Layout, name: string): Machine | undefined =>
  layout.machines.find((machine) => machine.name === name)

/** `opens`: a port that was blocked may be so no longer; any other is opened by the kernel itself. */
export const setPorts = async ({ layout, faultsOf }: Standing, name: string, opens = false): Promise<void> => {
  const links = machineOf(layout, name)?.links ?? []
  const set = async ({ network, interface: link }: Machine["links"][0]): Promise<void> => {
    const own = faultsOf(name).filter((fault) => !("link" in fault) || fault.link === link)
    await runInNamespace(switchNamespace(network), ["ip", "-batch", "-"], `${portLines(name, own).join("\n")}\n`)
    const state = portState(own)
    if (state === "listening" || (state === "forwarding" && opens))
      await untilAccepted(switchNamespace(network), portStateCommand(name, state))
  }
  await Promise.all(links.map(set))
}

/** The kernel takes a port's state only once it has seen the link up, which it looks at no more than once a second. */
const carrierSeenMs = 3000
const againMs = 50

const untilAccepted = async (namespace: string, argv: readonly [string, ...string[]]): Promise<void> => {
  for (let waitedMs = 0; ; waitedMs += againMs)
    try {
      return await runInNamespace(namespace, argv)
    } catch (error) {
      if (waitedMs >= carrierSeenMs) throw error
      await pause(againMs)
    }
}

const setRules = async ({ layout, active }: Standing): Promise<void> => {
  const text = printSwitchRules(active)
  await Promise.all(
    layout.networks.map((network) => runInNamespace(switchNamespace(network), ["nft", "-f", "-"], text)),
  )
}

/** Both ends of each cable, as with a switch that is set to less. */
const setMtu = async ({ layout, faultsOf }: Standing, name: string): Promise<void> => {
  const bytes = faultsOf(name).find((fault) => fault.kind === "mtu")?.bytes ?? mtuBytesUsual
  for (const { network, interface: link } of machineOf(layout, name)?.links ?? []) {
    await runInNamespace(name, ["ip", "link", "set", link, "mtu", String(bytes)])
    await runInNamespace(switchNamespace(network), ["ip", "link", "set", portName(name), "mtu", String(bytes)])
  }
}

/** The kernel forgets a link's IPv6 addresses and routes with IPv6; whoever set them sets them again. */
const setIpv6 = async ({ layout, faultsOf }: Standing, name: string): Promise<void> => {
  const machine = machineOf(layout, name)
  const off = faultsOf(name).some(({ kind }) => kind === "ipv6")
  for (const { interface: link } of machine?.links ?? [])
    setKernelSetting(name, `ipv6/conf/${link}/disable_ipv6`, off ? "1" : "0")
  if (off || machine === undefined) return
  const lines = [
    ...machine.links.flatMap(({ interface: link, addresses }) =>
      addresses
        .filter((address) => familyOfText(address) === 6)
        .map((address) => `address replace ${address} dev ${link} nodad`),
    ),
    ...machine.gateways
      .filter((gateway) => familyOfText(gateway) === 6)
      .map((gateway) => `route replace default via ${gateway}`),
  ]
  if (lines.length > 0) await runInNamespace(name, ["ip", "-batch", "-"], `${lines.join("\n")}\n`)
}

export const changeAddress = (layout: Layout, name: string, verb: "add" | "delete", address: string): Promise<void> => {
  const link = machineOf(layout, name)?.links[0].interface ?? "eth0"
  const bits = familyOfText(address) === 4 ? "32" : "128"
  const quick = verb === "add" && bits === "128" ? ["nodad"] : []
  return runInNamespace(name, ["ip", "address", verb, `${address}/${bits}`, "dev", link, ...quick])
}
