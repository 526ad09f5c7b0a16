import { spawn } from "node:child_process"
import { setTimeout as pause } from "node:timers/promises"
import { startActor } from "./bench-actor.ts"
import type { BenchLab } from "./bench-lab.ts"
import { bundle } from "./bundle.ts"
import type { Bench, Measurement } from "./measurement.ts"
import { createServices, removeServices } from "./service.ts"
import { median, printMiB, printMs, printRatio, summaryOf } from "./statistics.ts"
import { monotonicMs } from "./wire/clock.ts"

const helpBarMs = 100
const speakerBarBytes = 80_000_000
const services = 50
const settleMs = 8000
const silenceMs = 6000

/** Starting: the command line from nothing, a speaker back to its first answer, and what each program keeps resident. */
export const start: Measurement = {
  name: "start",
  about: "the bundled program: --help against `node -e 0` in turn; memory and restart of a speaker with 50 Services",
  measure: async (bench) => {
    await measureHelp(bench)
    await measureResident(bench)
  },
}

const measureHelp = async ({ report, quick }: Bench): Promise<void> => {
  const help: number[] = []
  const bare: number[] = []
  for (let run = 0; run < (quick ? 2 : 20); run++) {
    help.push(await lifeOf([bundle, "--help"]))
    bare.push(await lifeOf(["-e", "0"]))
  }
  report.times("porchlight --help", summaryOf(help), printRatio(median(help), median(bare)))
  report.times("node -e 0", summaryOf(bare))
  report.bar(`--help under ${helpBarMs} ms, median`, printMs(median(help)), median(help) < helpBarMs)
}

const lifeOf = (argv: readonly string[]): Promise<number> =>
  new Promise((resolve, reject) => {
    const began = monotonicMs()
    spawn(process.execPath, argv, { stdio: "ignore" })
      .once("error", reject)
      .once("close", () => resolve(monotonicMs() - began))
  })

const measureResident = async ({ report, lab, quick }: Bench): Promise<void> => {
  const bench = await lab()
  const names = Array.from({ length: services }, (_, index) => `resident-${index}`)
  const { seen } = await createServices(bench, names)
  await pause(quick ? 1000 : settleMs)
  const { programs } = await bench.running.control.call("status", {})
  let worst = 0
  for (const { name, machine, state } of programs) {
    if (state.kind !== "running") continue
    if (machine !== undefined) await scrape(bench, machine)
    const bytes = await residentBytes(bench, machine ?? "east", state.pid)
    report.figure(`resident: ${name}`, printMiB(bytes))
    if (machine !== undefined) worst = Math.max(worst, bytes)
  }
  report.bar(
    `a speaker with ${services} Services under ${printMiB(speakerBarBytes)}, worst`,
    printMiB(worst),
    worst < speakerBarBytes,
  )
  await measureRestart(bench, seen.get(names[0]!)!.address, { report, quick })
  await removeServices(bench, names)
}

const measureRestart = async (
  bench: BenchLab,
  address: string,
  { report, quick }: Pick<Bench, "report" | "quick">,
): Promise<void> => {
  const actor = startActor(bench, "east")
  const silences: number[] = []
  for (let run = 0; run < (quick ? 1 : 5); run++) {
    await bench.speakersReady()
    const machine = await bench.holderOf(address)
    const silence = actor.call("longestSilence", { address, forMs: silenceMs })
    await bench.running.control.call("restart", { machine })
    silences.push((await silence).ms)
  }
  actor.end()
  report.times("speaker restarted: ARP silence till its answer", summaryOf(silences), "MetalLB, start to answer: 0.5 s")
}

/** A scrape makes the metrics' text, which is part of a speaker's life. */
export const scrape = async (bench: BenchLab, machine: string): Promise<void> => {
  const program = `fetch("http://127.0.0.1:7472/metrics").then((r) => r.text()).then((t) => console.log(t.length))`
  const length = await bench.read(machine, [process.execPath, "-e", program])
  if (!(Number(length) > 0)) throw new Error(`the speaker of ${machine} shows no metrics`)
}

export const residentBytes = async (bench: BenchLab, machine: string, pid: number): Promise<number> => {
  const status = await bench.read(machine, ["cat", `/proc/${pid}/status`])
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) * 1024
}
