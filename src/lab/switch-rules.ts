import { beatPort } from "../edge/udp.ts"
import type { ActiveFault, Fault } from "./fault.ts"
import { bridgeName, portName } from "./topology/layout.ts"

/** What one switch drops, for all faults together: nftables text that replaces the former rules at once. */
export const printSwitchRules = (active: readonly ActiveFault[]): string => `table bridge faults
delete table bridge faults
table bridge faults {
  chain forward { type filter hook forward priority 0;
${active
  .flatMap(dropRules)
  .map((rule) => `    ${rule} drop\n`)
  .join("")}  }
}
`

const dropRules = ({ machine, fault }: ActiveFault): string[] => {
  const from = `iifname "${portName(machine)}"`
  const to = `oifname "${portName(machine)}"`
  const both = (what: string): string[] => [`${from} ${what}`, `${to} ${what}`]
  switch (fault.kind) {
    case "loss":
      return both(fault.percent === 100 ? "" : `numgen random mod 100 < ${fault.percent}`)
    case "beats":
      return [...both(`ether type ip udp dport ${beatPort}`), ...both(`ether type ip6 udp dport ${beatPort}`)]
    case "arp":
      return both("ether type arp")
    case "oneway":
      return [`${from} oifname "${portName(fault.to)}"`]
    case "power":
    case "shutdown":
    case "cable":
    case "carrier":
    case "blocked":
    case "flap":
    case "speaker":
    case "freeze":
    case "proxy":
    case "api":
    case "api-misdeed":
    case "ipv6":
    case "mtu":
    case "twin":
      return []
  }
}

/** How the machine's port on the switch stands under these faults: `ip` lines for the switch's namespace. */
export const portLines = (machine: string, faults: readonly Fault[]): string[] => {
  const port = portName(machine)
  return [
    `link set ${port} ${isDown(faults) ? "down" : "up"}`,
    `link set ${port} ${isOut(faults) ? "nomaster" : `master ${bridgeName}`}`,
  ]
}

/** The spanning tree's state of that port; undefined where it is out or down and has none. */
export const portState = (faults: readonly Fault[]): "listening" | "forwarding" | undefined => {
  if (isDown(faults) || isOut(faults)) return undefined
  return has(faults, "blocked") ? "listening" : "forwarding"
}

/** The kernel's numbers. A bridge without spanning tree takes a port that is set to blocking back at once. */
const portStates = { listening: "1", forwarding: "3" } as const

export const portStateCommand = (machine: string, state: keyof typeof portStates): readonly [string, ...string[]] => [
  "ip",
  "link",
  "set",
  portName(machine),
  "type",
  "bridge_slave",
  "state",
  portStates[state],
]

const has = (faults: readonly Fault[], ...kinds: readonly Fault["kind"][]): boolean =>
  faults.some(({ kind }) => kinds.includes(kind))
const isDown = (faults: readonly Fault[]): boolean => has(faults, "carrier")
const isOut = (faults: readonly Fault[]): boolean => has(faults, "power", "shutdown", "cable")
