import type { BenchLab } from "./bench-lab.ts"

/** Milliseconds of processor that a lab's parts have used so far. */
export type ProcessorTime = {
  readonly controller: number
  /** All of them together. */
  readonly speakers: number
  /** API server, kubelets, pods and service proxies: one process. */
  readonly lab: number
  /** The proxies' `nft` processes. */
  readonly nft: number
}

export const processorTime = async (lab: BenchLab): Promise<ProcessorTime> => {
  const { programs } = await lab.running.control.call("status", {})
  const used = { controller: 0, speakers: 0 }
  for (const { machine, state } of programs)
    if (state.kind === "running")
      used[machine === undefined ? "controller" : "speakers"] += (await timesOf(lab, state.pid)).own
  const { own, children } = await timesOf(lab, labPid)
  return { ...used, lab: own, nft: children }
}

export const printProcessorTime = (before: ProcessorTime, after: ProcessorTime): string =>
  (["controller", "speakers", "lab", "nft"] as const)
    .map((part) => `${part} ${((after[part] - before[part]) / 1000).toFixed(1)} s`)
    .join(", ")

/** The first process of its namespace. */
const labPid = 1
/** USER_HZ is 100 on every architecture we run on. */
const msPerTick = 10

/** utime, stime, cutime and cstime of proc_pid_stat(5): fields 14 to 17, counted behind the command's name in brackets. */
const timesOf = async (lab: BenchLab, pid: number): Promise<{ readonly own: number; readonly children: number }> => {
  const text = await lab.read("east", ["cat", `/proc/${pid}/stat`])
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number)
  return { own: (user + system) * msPerTick, children: (childUser + childSystem) * msPerTick }
}
