import { readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { type BenchLab, holders } from "./bench-lab.ts"
import { countedPorts } from "./counted-service.ts"
import type { Bench } from "./measurement.ts"
import type { Actors } from "./planned.ts"
import { printMs } from "./statistics.ts"

const streams = { quick: 50, full: 200 } as const
const coldBarMs = 100
const coldPerSecond = 200
/** Before anything is restarted: how slow this machine is by itself. */
const idleMs = 20_000
/** After each process, so that what it did wrong is heard. */
const settleMs = 2000

/** Every speaker replaced, one after another: as a DaemonSet with `maxSurge: 1` does, then as one with `maxUnavailable: 1`. */
export const rollingRestart = async (
  bench: Bench,
  lab: BenchLab,
  actors: Actors,
  addresses: readonly string[],
): Promise<void> => {
  const watched = { bench, lab, actors, addresses }
  await observe(watched, "rolling restart, the new one first", (node) => surge(lab, node), coldBarMs)
  await observe(watched, "rolling restart, the old one first", (node) => restart(lab, node), undefined)
}

type Watched = {
  readonly bench: Bench
  readonly lab: BenchLab
  readonly actors: Actors
  readonly addresses: readonly string[]
}

const observe = async (
  { bench, lab, actors: { east, west }, addresses }: Watched,
  what: string,
  replace: (node: string) => Promise<void>,
  barMs: number | undefined,
): Promise<void> => {
  const each = (bench.quick ? streams.quick : streams.full) / addresses.length
  await lab.speakersReady()
  await pause(settleMs)
  await east.call("openStreams", { addresses, port: countedPorts.tcp, each })
  await west.call("startWitness", { addresses, askEveryMs: 0 })
  const order = { addresses, port: countedPorts.tcp, perSecond: coldPerSecond }
  await west.call("startColdClient", order)
  await pause(bench.quick ? settleMs : idleMs)
  const idle = await west.call("stopColdClient", {})
  await west.call("startColdClient", order)
  for (const node of holders) await replace(node)
  await pause(settleMs)
  const cold = await west.call("stopColdClient", {})
  const moves = (await west.call("stopWitness", {})).changes.length
  const { opened, broken, longestStallMs } = await east.call("closeStreams", {})
  const told = `${moves} moves of ${addresses.length} addresses, ${broken} of ${opened} streams broken`
  const slowest = `the slowest cold client ${printMs(cold.slowestMs)} (${printMs(idle.slowestMs)} before), ${cold.failed} of ${cold.asked} failed`
  bench.report.figure(what, `${told} (longest stall ${printMs(longestStallMs)}); ${slowest}`)
  bench.report.bar(`${what}: 0 moves, 0 resets`, told, moves === 0 && broken === 0 && opened > 0)
  if (barMs !== undefined)
    bench.report.bar(
      `${what}: no cold client delayed more than ${barMs} ms`,
      slowest,
      cold.failed === 0 && cold.slowestMs <= barMs,
    )
}

const restart = async (lab: BenchLab, node: string): Promise<void> => {
  await lab.running.control.call("restart", { machine: node })
  await lab.speakersReady()
  await pause(settleMs)
}

/** Twice on each node: a spare beside the lab's own speaker, which is then replaced; and the lab's new one after the spare. */
const surge = async (lab: BenchLab, node: string): Promise<void> => {
  const spare = await startSpare(lab, node)
  await lab.running.control.call("restart", { machine: node })
  await pause(waitingMs)
  await spare.stop()
  await lab.speakersReady()
  await pause(settleMs)
}

/** Until a new process has read the cluster and knows what the old one holds. */
const waitingMs = 4000
const spareStartMs = 15_000

const startSpare = async (lab: BenchLab, node: string): Promise<{ readonly stop: () => Promise<void> }> => {
  const { programs } = await lab.running.control.call("status", {})
  const state = programs.find(({ machine }) => machine === node)?.state
  if (state?.kind !== "running") throw new Error(`the speaker of ${node} does not run`)
  const command = (await lab.read(node, ["cat", `/proc/${state.pid}/cmdline`]))
    .split("\0")
    .filter((word) => word !== "")
  const [pid, log] = ["pid", "log"].map((end) => join(lab.running.directory, `spare-${node}.${end}`)) as [
    string,
    string,
  ]
  const script = 'echo $$ >"$0"; log=$1; shift; exec "$@" >"$log" 2>&1'
  const child = lab.run(node, ["sh", "-c", script, pid, log, ...command])
  const gone = new Promise((resolve) => child.once("close", resolve))
  for (const end = Date.now() + spareStartMs; !logged(log).includes("started"); await pause(50))
    if (Date.now() > end) throw new Error(`a second speaker on ${node} did not start: ${logged(log)}`)
  await pause(waitingMs)
  return {
    stop: async () => {
      await lab.read(node, ["sh", "-c", `kill -TERM "$(cat ${pid})"`])
      await gone
    },
  }
}

const logged = (file: string): string => {
  try {
    return readFileSync(file, "utf8")
  } catch {
    return ""
  }
}
