import { type BenchActor, startActor } from "./bench-actor.ts"
import type { BenchLab } from "./bench-lab.ts"
import type { Measurement } from "./measurement.ts"
import type { Report } from "./report.ts"
import { createServices, removeServices } from "./service.ts"
import { median, printMs, printRatio, summaryOf } from "./statistics.ts"
import type { ArpTimes } from "./wire/arp-asker.ts"

const ratioBar = 3

/** ARP questions to our speaker and to the kernel of the same node in turn. */
export const answer: Measurement = {
  name: "answer",
  about:
    "ARP: one MAC for 1,000 questions from each of two clients; the speaker against the kernel of its node, in turn",
  measure: async ({ report, lab, quick }) => {
    const bench = await lab()
    const name = "answer"
    const { seen } = await createServices(bench, [name])
    const { address } = seen.get(name)!
    const holder = await machineOf(bench, address)
    const count = quick ? 50 : 1000
    const [east, west] = [startActor(bench, "east"), startActor(bench, "west")]
    const broadcast = [
      await race(east, address, holder, count, "east"),
      await race(west, address, holder, count, "west"),
    ]
    const direct = await race(east, address, holder, count, "east", holder.mac)
    for (const actor of [east, west]) actor.end()
    await removeServices(bench, [name])

    const macs = new Set(broadcast.flatMap(({ ours }) => Object.keys(ours.macs)))
    const asked = broadcast.reduce((sum, { ours }) => sum + ours.asked, 0)
    const answered = broadcast.reduce((sum, { ours }) => sum + ours.timesMs.length, 0)
    report.bar(
      "1,000 ARP questions from each of two clients show one MAC",
      `${answered} of ${asked} answered, ${macs.size} MAC`,
      answered === asked && macs.size === 1,
    )
    const [all, alone] = [show(report, "broadcast", broadcast), show(report, "to the holder alone", [direct])]
    report.figure("ratio to the kernel, p50", `${all.text} by broadcast, which wakes all four speakers on these cores`)
    report.bar(`ARP answer p50 at most ${ratioBar}x the kernel's, asked directly`, alone.text, alone.value <= ratioBar)
  },
}

type Holder = { readonly address: string; readonly mac: string }
type Race = { readonly client: string; readonly ours: ArpTimes; readonly kernel: ArpTimes }

const machineOf = async (lab: BenchLab, address: string): Promise<Holder> => {
  const name = await lab.holderOf(address)
  const { machines } = await lab.running.control.call("status", {})
  const found = machines.find((machine) => machine.name === name)
  return { address: found?.addresses[0]?.split("/")[0] ?? "", mac: found?.macs[0] ?? "" }
}

/** A first, uncounted hundred warms both sides up. */
const race = async (
  actor: BenchActor,
  address: string,
  holder: Holder,
  count: number,
  client: string,
  to?: string,
): Promise<Race> => {
  const order = { addresses: [address, holder.address], ...(to === undefined ? {} : { to }) }
  await actor.call("race", { ...order, count: 100 })
  const [ours, kernel] = await actor.call("race", { ...order, count })
  if (ours === undefined || kernel === undefined) throw new Error("two addresses were raced")
  return { client, ours, kernel }
}

const show = (report: Report, how: string, races: readonly Race[]): { value: number; text: string } => {
  for (const { client, ours, kernel } of races) {
    report.times(`${how}, from ${client}: speaker`, summaryOf(ours.timesMs))
    report.times(`${how}, from ${client}: kernel`, summaryOf(kernel.timesMs))
  }
  const ours = median(races.flatMap(({ ours }) => ours.timesMs))
  const kernel = median(races.flatMap(({ kernel }) => kernel.timesMs))
  return { value: ours / kernel, text: `${printMs(ours)} to ${printMs(kernel)}, ${printRatio(ours, kernel)}` }
}
