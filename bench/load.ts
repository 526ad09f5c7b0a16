import { setTimeout as pause } from "node:timers/promises"
import { type BenchActor, startActor } from "./bench-actor.ts"
import { type BenchLab, holders } from "./bench-lab.ts"
import type { Bench, Measurement } from "./measurement.ts"
import { createServices, removeServices } from "./service.ts"
import { median, percentile, printMs, summaryOf } from "./statistics.ts"
import { monotonicMs } from "./wire/clock.ts"

const firstAnnouncementBarMs = 1000
const floodPerSecond = 100_000
const hogs = 4
const stalls = 5
const stallMs = 300
const betweenMs = 2000
/** Until a node that has its power back is one of the group again. */
const backMs = 3000

/** Many addresses at once, and machines that have no time: nothing may move that need not. */
export const load: Measurement = {
  name: "load",
  about: "a node with 1,000 addresses dies; floods of ARP questions; no processor left; a holder that stalls",
  byNameOnly: true,
  measure: async (bench) => {
    const lab = await bench.lab()
    const east = startActor(lab, "east")
    const west = startActor(lab, "west")
    const stage: Stage = { bench, lab, east, west }
    try {
      await thousandDie(stage)
      const names = Array.from({ length: bench.quick ? 10 : 50 }, (_, index) => `load-${index}`)
      const addresses = await create(lab, names)
      await flood(stage, addresses, "one")
      await flood(stage, addresses, "everybody")
      await starve(stage, addresses)
      await stall(stage, addresses)
      await removeServices(lab, names)
    } finally {
      east.end()
      west.end()
      await lab.running.control.call("mend", { machine: undefined, fault: undefined })
    }
  },
}

type Stage = {
  readonly bench: Bench
  readonly lab: BenchLab
  readonly east: BenchActor
  readonly west: BenchActor
}

/** The addresses, lowest first, once each is answered for. */
const create = async (lab: BenchLab, names: readonly string[]): Promise<readonly string[]> => {
  await lab.speakersReady()
  const { seen } = await createServices(lab, names)
  const number = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0)
  const addresses = [...seen.values()].map(({ address }) => address).toSorted((a, b) => number(a) - number(b))
  await pause(betweenMs)
  return addresses
}

/** Two of three nodes lose power and get it back, so that the third has all; then that one dies. */
const thousandDie = async ({ bench, lab, west }: Stage): Promise<void> => {
  const count = bench.quick ? 100 : 1000
  const names = Array.from({ length: count }, (_, index) => `many-${index}`)
  const addresses = await create(lab, names)
  const last: number[] = []
  for (let run = 0; run < (bench.quick ? 1 : 20); run++) {
    const holder = holders[run % holders.length]!
    await gather(lab, holder)
    await west.call("startWitness", { addresses, askEveryMs: 0 })
    const beganMs = monotonicMs()
    await lab.running.control.call("break", { machine: holder, fault: "power" })
    await pause(patienceMs)
    const { changes } = await west.call("stopWitness", {})
    const first = new Map<string, number>()
    for (const { address, atMs } of changes) if (!first.has(address)) first.set(address, atMs - beganMs)
    const each = addresses.map((address) => first.get(address) ?? Number.POSITIVE_INFINITY)
    last.push(Math.max(...each))
    const needless = changes.length - first.size
    const more = `${first.size} of ${count} announced, ${needless} moved again, ${printMs(Math.max(...each) - Math.min(...each))} from first to last`
    bench.report.times(`power cut at ${holder}: first announcement of each`, summaryOf(each), more)
    await lab.running.control.call("mend", { machine: undefined, fault: undefined })
    await lab.speakersReady()
    await pause(backMs)
  }
  await removeServices(lab, names)
  await pause(betweenMs)
  bench.report.bar(
    `${count} addresses on a dead node: each announced within ${firstAnnouncementBarMs} ms of the power cut, worst run`,
    printMs(Math.max(...last)),
    Math.max(...last) <= firstAnnouncementBarMs,
  )
}

/** From the power cut: as long as anything that is still to be announced may take. */
const patienceMs = 6000

const gather = async (lab: BenchLab, holder: string): Promise<void> => {
  const others = holders.filter((node) => node !== holder)
  for (const machine of others) await lab.running.control.call("break", { machine, fault: "power" })
  await pause(backMs)
  await lab.running.control.call("mend", { machine: undefined, fault: undefined })
  await lab.speakersReady()
  await pause(backMs)
}

/** West asks for the lowest address without a pause, east asks now and then, and hears whether others move. */
const flood = async (
  { bench, lab, east, west }: Stage,
  all: readonly string[],
  whom: "one" | "everybody",
): Promise<void> => {
  const [address = "", ...others] = all
  const forMs = bench.quick ? 3000 : 20_000
  const to = whom === "one" ? await macOf(lab, await lab.holderOf(address)) : undefined
  const order = { addresses: [address], count: 50, ...(to === undefined ? {} : { to }) }
  const idle = (await east.call("race", order))[0]?.timesMs ?? []
  await east.call("startWitness", { addresses: others, askEveryMs: 0 })
  const flooding = west.call("flood", {
    address,
    perSecond: floodPerSecond,
    forMs,
    ...(to === undefined ? {} : { to }),
  })
  const end = monotonicMs() + forMs - 200
  const [times, macs] = [[] as number[], new Set<string>()]
  let asked = 0
  while (monotonicMs() < end) {
    const [answers] = await east.call("race", order)
    asked += answers?.asked ?? 0
    times.push(...(answers?.timesMs ?? []))
    for (const mac of Object.keys(answers?.macs ?? {})) macs.add(mac)
  }
  const { sent, tookMs } = await flooding
  await pause(betweenMs)
  const { changes } = await east.call("stopWitness", {})
  const moves = changes.length + Math.max(0, macs.size - 1)
  const what = `ARP flood to ${whom === "one" ? "the holder" : "everybody"}`
  const { figure, bar } = bench.report
  const rate = Math.round((sent / tookMs) * 1000)
  figure(what, `${rate.toLocaleString("en")} questions a second for ${printMs(tookMs)}`)
  figure("  answers to another client", `p50 ${printMs(median(times))}, p99 ${printMs(percentile(times, 99))}`)
  figure("  before the flood", `p50 ${printMs(median(idle))}, p99 ${printMs(percentile(idle, 99))}`)
  figure("  unanswered within 100 ms", `${asked - times.length} of ${asked}`)
  bar(
    `${what}, ${floodPerSecond.toLocaleString("en")} a second: nothing moves`,
    `${moves} moves of ${all.length} addresses at ${rate.toLocaleString("en")}`,
    // A sender that is too slow here shows nothing by what did not happen.
    moves === 0 && rate < floodPerSecond * 0.9 ? undefined : moves === 0,
  )
}

const macOf = async (lab: BenchLab, node: string): Promise<string> => {
  const { machines } = await lab.running.control.call("status", {})
  return machines.find(({ name }) => name === node)?.macs[0] ?? ""
}

const starve = async ({ bench, lab, west }: Stage, addresses: readonly string[]): Promise<void> => {
  const forMs = bench.long ? 1_800_000 : bench.quick ? 5000 : 60_000
  await west.call("startWitness", { addresses, askEveryMs: 0 })
  const program = `const end = Date.now() + ${forMs}; while (Date.now() < end);`
  await Promise.all(Array.from({ length: hogs }, () => lab.read("east", [process.execPath, "-e", program])))
  await pause(betweenMs)
  const moves = (await west.call("stopWitness", {})).changes.length
  const what = `${hogs} busy loops for ${forMs / 1000} s: false takeovers`
  bench.report.figure(what, `${moves} of ${addresses.length} addresses`)
  bench.report.bar(what, String(moves), moves === 0)
}

const stall = async ({ bench, lab, west }: Stage, addresses: readonly string[]): Promise<void> => {
  const machine = await lab.holderOf(addresses[0]!)
  await west.call("startWitness", { addresses, askEveryMs: 0 })
  const lengths: number[] = []
  for (let turn = 0; turn < stalls; turn++) {
    const beganMs = monotonicMs()
    await lab.running.control.call("break", { machine, fault: "freeze" })
    await pause(stallMs - (monotonicMs() - beganMs))
    await lab.running.control.call("mend", { machine, fault: "freeze" })
    lengths.push(monotonicMs() - beganMs)
    await pause(betweenMs)
  }
  const moves = (await west.call("stopWitness", {})).changes.length
  const what = `${stalls} stalls of ${stallMs} ms (SIGSTOP): false takeovers`
  bench.report.figure(
    what,
    `${moves} of ${addresses.length} addresses; the longest was ${printMs(Math.max(...lengths))}`,
  )
  bench.report.bar(what, String(moves), moves === 0)
}
