import type { ChildProcess } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { findTool } from "../src/lab/isolation.ts"
import { type BenchLab, holders } from "./bench-lab.ts"

/** Its addresses; `bench/lan` sends them to the same pod as ours. */
export const keepalivedAddresses = { "1 s": "10.80.64.1", "0.1 s": "10.80.64.2" } as const

/** keepalived on each node that holds our addresses too. */
export type Keepalived = {
  /** Ends it kindly (SIGTERM) on one node, as an upgrade or a shutdown does, and starts it again. */
  readonly stopOn: (node: string) => Promise<void>
  readonly startOn: (node: string) => void
  readonly end: () => void
}

/** Starts VRRPv3, as it comes. Undefined where keepalived is not installed. */
export const startKeepalived = (lab: BenchLab): Keepalived | undefined => {
  if (findTool("keepalived") === undefined) return undefined
  const daemons = new Map<string, ChildProcess>()
  const startOn = (node: string): void =>
    void daemons.set(node, start(lab, node, 100 + holders.findIndex((one) => one === node)))
  const stopOn = async (node: string): Promise<void> => {
    const daemon = daemons.get(node)
    const gone = new Promise((resolve) => daemon?.once("close", resolve))
    // The namespace's own process id, which keepalived wrote: what the lab started is only the way in.
    await lab.read(node, ["sh", "-c", `kill -TERM "$(cat ${fileOf(lab, node, "pid")})"`])
    await gone
  }
  holders.forEach(startOn)
  return {
    startOn,
    stopOn,
    end: () => {
      for (const daemon of daemons.values()) daemon.kill()
    },
  }
}

const fileOf = (lab: BenchLab, node: string, name: string): string =>
  join(lab.running.directory, `keepalived-${node}.${name}`)

/** In the foreground, so that it ends with the lab at the latest. */
const start = (lab: BenchLab, node: string, priority: number): ChildProcess => {
  const file = (name: string): string => fileOf(lab, node, name)
  writeFileSync(file("conf"), configuration(node, priority))
  const command = ["keepalived", "--dont-fork", "--log-console", "--vrrp", `--use-file=${file("conf")}`]
  const files = [`--pid=${file("pid")}`, `--vrrp_pid=${file("vrrp")}`]
  return lab.run(node, ["sh", "-c", 'exec "$@" >"$0" 2>&1', file("log"), ...command, ...files])
}

const configuration = (node: string, priority: number): string => `global_defs {
  router_id ${node}
  vrrp_version 3
}
${Object.entries(keepalivedAddresses)
  .map(
    ([interval, address], index) => `vrrp_instance bench${index} {
  state BACKUP
  interface eth0
  virtual_router_id ${51 + index}
  priority ${priority}
  advert_int ${interval.split(" ")[0]}
  virtual_ipaddress { ${address}/16 dev eth0 }
}
`,
  )
  .join("")}`
