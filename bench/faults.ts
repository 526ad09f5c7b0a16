import { createHash } from "node:crypto"
import { setTimeout as pause } from "node:timers/promises"
import { type BenchActor, startActor } from "./bench-actor.ts"
import { type BenchLab, holders } from "./bench-lab.ts"
import type { Bench, Measurement } from "./measurement.ts"
import { createServices, removeServices } from "./service.ts"
import { dropEverywhere, passEverywhere } from "./switch-loss.ts"
import { printMs, type Summary, summaryOf } from "./statistics.ts"
import type { Testimony } from "./wire/arp-witness.ts"
import { monotonicMs } from "./wire/clock.ts"

const name = "faults"
const awayBarMs = 700
/** How often a client asks that knows nothing yet. */
const askEveryMs = 5
const warmUpMs = 500
/** A mended node is one of the group again, and a needless way back would have begun. */
const mendedMs = 2000

/** Each fault that may befall a holder: how long its address is away, and how often it moves. */
export const faults: Measurement = {
  name: "faults",
  about:
    "away: for a client that knew the way and asks 1,000 times a second; unanswered: for one that must ask by ARP first",
  byNameOnly: true,
  measure: async (bench) => {
    const lab = await bench.lab()
    const { seen } = await createServices(lab, [name])
    const stage: Stage = {
      bench,
      lab,
      address: seen.get(name)!.address,
      east: startActor(lab, "east"),
      west: startActor(lab, "west"),
    }
    try {
      for (const fault of catalogue(bench)) await befall(stage, fault)
    } finally {
      stage.east.end()
      stage.west.end()
      await mendAll(lab)
      await removeServices(lab, [name])
    }
  },
}

type Stage = {
  readonly bench: Bench
  readonly lab: BenchLab
  readonly address: string
  readonly east: BenchActor
  readonly west: BenchActor
}

/** Who holds the address when the fault begins, and who would be next. */
type Cast = { readonly lab: BenchLab; readonly holder: string; readonly successor: string }

type Fault = {
  readonly what: string
  readonly runs: number
  readonly begin: (cast: Cast) => Promise<unknown>
  /** From its beginning to its end. */
  readonly lastsMs: number
  /** What must hold of every run; undefined where there is a figure and no bar. */
  readonly bar: { readonly says: string; readonly holds: (run: Run) => boolean } | undefined
}

type Run = {
  readonly awayMs: number
  readonly unansweredMs: number
  readonly moves: number
  /** From the fault's beginning to the first frame of another holder. */
  readonly movedAfterMs: number
  /** Each change of holder, with the time since the fault began. */
  readonly path: string
}

const breaking =
  (fault: string) =>
  ({ lab, holder }: Cast): Promise<unknown> =>
    lab.running.control.call("break", { machine: holder, fault })

const replacedOnce: Fault["bar"] = {
  says: `away and unanswered at most ${awayBarMs} ms, one move`,
  holds: ({ awayMs, unansweredMs, moves }) => awayMs <= awayBarMs && unansweredMs <= awayBarMs && moves === 1,
}

const movesAtMost = (count: number): Fault["bar"] => ({
  says: count === 0 ? "no move" : `at most ${count} move`,
  holds: ({ moves }) => moves <= count,
})

const catalogue = ({ quick, long }: Bench): readonly Fault[] => {
  const runs = quick ? 2 : 20
  const [shortMs, minuteMs] = [2000, quick ? 5000 : 60_000]
  const oneWayMs = long ? 600_000 : minuteMs
  const sudden = (what: string, begin: Fault["begin"], lastsMs = shortMs): Fault => ({
    what,
    runs,
    begin,
    lastsMs,
    bar: replacedOnce,
  })
  const lasting = (what: string, begin: Fault["begin"], bar: Fault["bar"], lastsMs = minuteMs): Fault => ({
    what: `${what}, ${lastsMs / 1000} s`,
    runs: 1,
    begin,
    lastsMs,
    bar,
  })
  return [
    sudden("the speaker stands still for 1 s (SIGSTOP)", breaking("freeze"), 1000),
    sudden("the speaker stands still for 10 s", breaking("freeze"), 10_000),
    sudden("the speaker is killed (SIGKILL)", breaking("speaker")),
    sudden("the holder's link goes down", breaking("carrier")),
    sudden("the holder's switch port forwards nothing", breaking("cable")),
    { ...sudden("holder and first successor lose power together", bothLosePower), bar: movesAtMost(1) },
    { ...sudden("the holder's service proxy stands still", breaking("proxy"), 8000), bar: movedInTime },
    lasting("what the holder sends to its successor is lost", oneWay, movesAtMost(0), oneWayMs),
    lasting("1 % of all frames are lost", losing(1), movesAtMost(0)),
    lasting("5 % of all frames are lost", losing(5), movesAtMost(0)),
    lasting("20 % of all frames are lost", losing(20), movesAtMost(1)),
    lasting("50 % of the holder's frames are lost, both ways", breaking("loss=50%"), movesAtMost(1)),
    lasting("beats alone are lost at the holder", breaking("beats"), movesAtMost(0)),
    lasting("ARP alone is lost at the holder", breaking("arp"), undefined),
  ]
}

const losing =
  (percent: number) =>
  ({ lab }: Cast): Promise<unknown> =>
    dropEverywhere(lab, percent)

const movedMaxMs = 5000
const movedInTime: Fault["bar"] = {
  says: `moves once, within ${movedMaxMs / 1000} s`,
  holds: ({ moves, movedAfterMs }) => moves === 1 && movedAfterMs <= movedMaxMs,
}

const oneWay = ({ lab, holder, successor }: Cast): Promise<unknown> =>
  lab.running.control.call("break", { machine: holder, fault: `oneway=${successor}` })

const bothLosePower = ({ lab, holder, successor }: Cast): Promise<unknown> =>
  Promise.all([holder, successor].map((machine) => lab.running.control.call("break", { machine, fault: "power" })))

const befall = async (stage: Stage, fault: Fault): Promise<void> => {
  const runs: Run[] = []
  for (let run = 0; run < fault.runs; run++) runs.push(await runOnce(stage, fault))
  tell(stage.bench, fault, runs)
}

const runOnce = async ({ lab, address, east, west }: Stage, fault: Fault): Promise<Run> => {
  await lab.speakersReady()
  const holder = await lab.holderOf(address)
  await west.call("startWitness", { addresses: [address], askEveryMs })
  await east.call("startAsking", { addresses: [address] })
  await pause(warmUpMs)
  const beganMs = monotonicMs()
  await fault.begin({ lab, holder, successor: successorOf(address, holder) })
  await pause(fault.lastsMs)
  await mendAll(lab)
  await pause(mendedMs)
  const [report] = await east.call("stopAsking", {})
  const { changes, longestSilenceMs } = await west.call("stopWitness", {})
  const path = await pathOf(lab, changes, beganMs)
  if (changes.length > 0) await forgive(lab, holder)
  return {
    awayMs: report?.longestGapMs ?? Number.NaN,
    unansweredMs: longestSilenceMs,
    moves: changes.length,
    movedAfterMs: (changes[0]?.atMs ?? Number.NaN) - beganMs,
    path,
  }
}

const pathOf = async (lab: BenchLab, changes: Testimony["changes"], beganMs: number): Promise<string> => {
  const { machines } = await lab.running.control.call("status", {})
  const nameOf = (mac: string): string => machines.find(({ macs }) => macs.includes(mac))?.name ?? mac
  return changes
    .map(({ before, mac, atMs }) => `${nameOf(before)} > ${nameOf(mac)} after ${printMs(atMs - beganMs)}`)
    .join(", ")
}

/**
 * A process that was replaced and lives is given twice the time before it is replaced again, for five minutes. Each run
 * is to meet the window as configured, so a new process takes its place.
 */
const forgive = async (lab: BenchLab, machine: string): Promise<void> => {
  await lab.speakersReady()
  await lab.running.control.call("restart", { machine })
}

const mendAll = async (lab: BenchLab): Promise<void> => {
  await passEverywhere(lab)
  await lab.running.control.call("mend", { machine: undefined, fault: undefined })
}

/** The first in order but for the holder: by the lowest SHA-256 of `node#address`, as in MetalLB. */
const successorOf = (address: string, holder: string): string => {
  const score = (node: string): string => createHash("sha256").update(`${node}#${address}`).digest("hex")
  return holders.filter((node) => node !== holder).toSorted((a, b) => (score(a) < score(b) ? -1 : 1))[0]!
}

const tell = ({ report }: Bench, { what, bar }: Fault, runs: readonly Run[]): void => {
  const [away, unanswered] = [
    summaryOf(runs.map(({ awayMs }) => awayMs)),
    summaryOf(runs.map(({ unansweredMs }) => unansweredMs)),
  ]
  const moves = runs.map((run) => run.moves).join(" ")
  const after = runs.flatMap(({ movedAfterMs }) => (Number.isNaN(movedAfterMs) ? [] : [movedAfterMs]))
  report.figure(what, `(${runs.length} ${runs.length === 1 ? "run" : "runs"})`)
  report.figure("  away", printTimes(away))
  report.figure("  unanswered", printTimes(unanswered))
  report.figure("  moves", after.length === 0 ? moves : `${moves}, the first after ${printTimes(summaryOf(after))}`)
  if (bar === undefined) return
  for (const run of runs) if (!bar.holds(run)) report.figure("  missed by the run of", printRun(run))
  const held = runs.filter(bar.holds).length
  report.bar(`${what}: ${bar.says}`, `${held} of ${runs.length} runs`, held === runs.length)
}

const printRun = ({ awayMs, unansweredMs, path }: Run): string =>
  `away ${printMs(awayMs)}, unanswered ${printMs(unansweredMs)}${path === "" ? ", no move" : `: ${path}`}`

const printTimes = ({ median, worst }: Summary): string => `${printMs(median)} median, ${printMs(worst)} worst`
