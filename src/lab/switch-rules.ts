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
    case "cable":
    case "carrier":
    case "speaker":
    case "freeze":
    case "api":
    case "twin":
      return []
  }
}

/** How the machine's port on the switch stands under these faults: `ip` lines for the switch's namespace. */
export const portLines = (machine: string, faults: readonly Fault[]): string[] => {
  const port = portName(machine)
  const has = (...kinds: readonly Fault["kind"][]): boolean => faults.some(({ kind }) => kinds.includes(kind))
  return [
    `link set ${port} ${has("carrier") ? "down" : "up"}`,
    `link set ${port} ${has("power", "cable") ? "nomaster" : `master ${bridgeName}`}`,
  ]
}
