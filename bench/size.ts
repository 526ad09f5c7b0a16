import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { labsDirectory } from "../src/lab/state-directory.ts"
import { type BenchActor, startActor } from "./bench-actor.ts"
import { type BenchLab, holders, raiseBenchLab } from "./bench-lab.ts"
import { type CountedDoors, openCountedDoors } from "./counted-doors.ts"
import type { Bench, Measurement } from "./measurement.ts"
import { createServices, removeServices, servicesPath } from "./service.ts"
import { printProcessorTime, processorTime } from "./processor-time.ts"
import { residentBytes, scrape } from "./start.ts"
import { printMiB, printMs, summaryOf } from "./statistics.ts"
import { monotonicMs } from "./wire/clock.ts"

/** As many at once as the lab's service proxies, four on two cores, write rules for in good time. */
const batch = 250
/** Where the machine is too busy for all of them, the rest is measured with those there are by then. */
const fillMs = { quick: 120_000, full: 1_800_000 } as const
/** Nothing was written for a Service for so long: what follows is idle. */
const quietMs = 10_000
const quietPatienceMs = { quick: 60_000, full: 600_000 } as const
const patienceMs = 15_000
const silenceMs = 10_000
/** A speaker's own small write: every 10 s at most. */
const writeEveryMs = 10_000

/** What a cluster with very many Services costs, in a lab of its own. */
export const size: Measurement = {
  name: "size",
  about: "10,000 Services: memory, writes while nothing happens, one change to the wire, start to first answer",
  byNameOnly: true,
  measure: async (bench) => {
    const name = `bench-size-${process.pid}`
    const doors = await openCountedDoors(join(labsDirectory(), name, "server.sock"))
    try {
      const lab = await raiseBenchLab(name, doors.programs)
      try {
        await measureAll({ bench, lab, doors })
      } finally {
        await lab.end()
      }
    } finally {
      doors.close()
    }
  },
}

type Stage = { readonly bench: Bench; readonly lab: BenchLab; readonly doors: CountedDoors }

const measureAll = async (stage: Stage): Promise<void> => {
  const { bench, lab } = stage
  const count = bench.quick ? 300 : 10_000
  const addresses = await fill(stage, count)
  await untilQuiet(stage)
  await tellMemory(stage)
  await tellIdle(stage)
  const [east, west] = [startActor(lab, "east"), startActor(lab, "west")]
  try {
    await tellNewService(stage, east)
    await tellMove(stage, west, addresses[0]!)
    await tellRestarts(stage, east, addresses[0]!)
  } finally {
    east.end()
    west.end()
  }
}

const serviceName = (index: number): string => `size-${index}`

/** The addresses, in the order of the Services' names. */
const fill = async ({ bench, lab }: Stage, count: number): Promise<readonly string[]> => {
  const addresses: string[] = []
  const [before, beganMs] = [await processorTime(lab), monotonicMs()]
  const endMs = beganMs + (bench.quick ? fillMs.quick : fillMs.full)
  while (addresses.length < count && monotonicMs() < endMs) {
    const length = Math.min(batch, count - addresses.length)
    const names = Array.from({ length }, (_, index) => serviceName(addresses.length + index))
    const { seen } = await createServices(lab, names)
    addresses.push(...names.map((name) => seen.get(name)!.address))
  }
  const { figure } = bench.report
  const wanted = addresses.length === count ? "" : ` (${count} were wanted: this machine is too busy for them)`
  figure(`${addresses.length} Services, ${batch} at a time`, `after ${printMs(monotonicMs() - beganMs)}${wanted}`)
  figure("  processor time meanwhile", printProcessorTime(before, await processorTime(lab)))
  return addresses
}

/** Events and statuses follow at leisure; how long is a figure. */
const untilQuiet = async ({ bench, doors }: Stage): Promise<void> => {
  const beganMs = monotonicMs()
  const patience = bench.quick ? quietPatienceMs.quick : quietPatienceMs.full
  let [before, changedMs] = [-1, beganMs]
  while (monotonicMs() - changedMs < quietMs && monotonicMs() - beganMs < patience) {
    const now = sum([...doors.counts().values()].map(writesForServices))
    if (now !== before) [before, changedMs] = [now, monotonicMs()]
    await pause(200)
  }
  bench.report.figure(
    "the last write for a Service",
    `${printMs(changedMs - beganMs)} later; ${before} since the start`,
  )
}

const writesOf = (counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] =>
  [...counts].filter(([request]) => !request.startsWith("GET "))

const writesForServices = (counts: ReadonlyMap<string, number>): number =>
  sum(writesOf(counts).flatMap(([request, count]) => (aboutServices.test(request) ? [count] : [])))

const printCounts = (counts: readonly (readonly [string, number])[]): string =>
  counts.length === 0 ? "no request" : counts.map(([request, count]) => `${count} ${request}`).join(", ")

const tellMemory = async ({ bench, lab }: Stage): Promise<void> => {
  const { programs } = await lab.running.control.call("status", {})
  for (const { name, machine, state } of programs) {
    if (state.kind !== "running") continue
    if (machine !== undefined) await scrape(lab, machine)
    bench.report.figure(`resident: ${name}`, printMiB(await residentBytes(lab, machine ?? "east", state.pid)))
  }
}

const tellIdle = async ({ bench, doors }: Stage): Promise<void> => {
  const forMs = bench.quick ? 20_000 : 60_000
  doors.reset()
  await pause(forMs)
  let worst = 0
  let perService = 0
  for (const [name, counts] of doors.counts()) {
    const all = sum(writesOf(counts).map(([, count]) => count))
    if (name !== "controller") worst = Math.max(worst, all)
    perService += writesForServices(counts)
    bench.report.figure(`idle for ${forMs / 1000} s: ${name}`, `${all} writes; ${printCounts([...counts])}`)
  }
  const allowed = Math.ceil(forMs / writeEveryMs)
  const { bar } = bench.report
  bar(`idle: a speaker writes at most once in 10 s`, `${worst} in ${forMs / 1000} s, worst speaker`, worst <= allowed)
  bar("idle: no write for any Service", `${perService} in ${forMs / 1000} s, all programs`, perService === 0)
}

const aboutServices = / (services|servicel2statuses|events|addressledgers)/

const tellNewService = async ({ bench, lab }: Stage, east: BenchActor): Promise<void> => {
  const [toStatus, toAnswer] = [[] as number[], [] as number[]]
  for (let run = 0; run < (bench.quick ? 3 : 20); run++) {
    const name = `size-new-${run}`
    const { beganMs, seen } = await createServices(lab, [name])
    const { address, atMs } = seen.get(name)!
    const answered = await east.call("untilAnswered", { address, patienceMs })
    toStatus.push(atMs - beganMs)
    toAnswer.push((answered.atMs ?? Number.POSITIVE_INFINITY) - beganMs)
    await removeServices(lab, [name])
    await pause(1000)
  }
  bench.report.times("one more Service: create -> address in status", summaryOf(toStatus))
  bench.report.times("one more Service: create -> first ARP answer", summaryOf(toAnswer))
}

/** An annotation is written; the other node's first frame for the address is the change on the wire. */
const tellMove = async ({ bench, lab }: Stage, west: BenchActor, address: string): Promise<void> => {
  const times: number[] = []
  const path = `${servicesPath}/${serviceName(0)}`
  for (let run = 0; run < (bench.quick ? 3 : 20); run++) {
    const from = await lab.holderOf(address)
    const to = holders[(holders.findIndex((one) => one === from) + 1) % holders.length] ?? ""
    await west.call("startWitness", { addresses: [address], askEveryMs: 0 })
    const beganMs = monotonicMs()
    await lab.send("PATCH", path, { metadata: { annotations: { "porchlight.dev/move-to": to } } })
    let changed: number | undefined
    for (const end = beganMs + patienceMs; changed === undefined && monotonicMs() < end; await pause(20))
      changed = (await west.call("readWitness", {})).changes[0]?.atMs
    await west.call("stopWitness", {})
    times.push((changed ?? Number.POSITIVE_INFINITY) - beganMs)
    await pause(1000)
  }
  bench.report.times("move-to written -> the other node's first frame", summaryOf(times))
}

const tellRestarts = async ({ bench, lab }: Stage, east: BenchActor, address: string): Promise<void> => {
  const [speaker, controller] = [[] as number[], [] as number[]]
  for (let run = 0; run < (bench.quick ? 1 : 5); run++) {
    await lab.speakersReady()
    const machine = await lab.holderOf(address)
    const silence = east.call("longestSilence", { address, forMs: silenceMs })
    await lab.running.control.call("restart", { machine })
    speaker.push((await silence).ms)
    await lab.running.control.call("restart", { machine: undefined })
    const { beganMs, seen } = await createServices(lab, [`size-restart-${run}`])
    controller.push(seen.get(`size-restart-${run}`)!.atMs - beganMs)
  }
  bench.report.times("speaker restarted: ARP silence till its answer", summaryOf(speaker))
  bench.report.times("controller restarted: till a new Service has its address", summaryOf(controller))
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)
