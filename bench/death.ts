import { setTimeout as pause } from "node:timers/promises"
import { type BenchActor, startActor } from "./bench-actor.ts"
import type { BenchLab } from "./bench-lab.ts"
import { keepalivedAddresses, startKeepalived } from "./keepalived.ts"
import type { Bench, Measurement } from "./measurement.ts"
import { createServices, removeServices } from "./service.ts"
import { printMs, printRatio, summaryOf } from "./statistics.ts"

const barMs = 700
const patienceMs = 15_000
/** Time for the client to have a young neighbour entry, and for a mended node to be one of the group again. */
const warmUpMs = 1000
const mendedMs = 1500

/** The power of the node that answers is cut while a client sends a datagram every millisecond. */
export const death: Measurement = {
  name: "death",
  about: "silent death: the holder's power is cut, a client asks 1,000 times a second; keepalived's holder in turn",
  measure: async (bench) => {
    const lab = await bench.lab()
    const { seen } = await createServices(lab, ["death"])
    const keepalived = startKeepalived(lab)
    const actor = startActor(lab, "east")
    const peers = keepalived === undefined ? [] : Object.values(keepalivedAddresses)
    const away = await alternate(lab, actor, [[seen.get("death")!.address], peers], bench.quick ? 2 : 20)
    actor.end()
    keepalived?.end()
    await removeServices(lab, ["death"])
    tell(bench, away)
  },
}

/** For each address, how long it was away in each run. Addresses of one group die together: their holder is one node. */
const alternate = async (
  lab: BenchLab,
  actor: BenchActor,
  groups: readonly (readonly string[])[],
  runs: number,
): Promise<ReadonlyMap<string, readonly number[]>> => {
  const away = new Map<string, number[]>(groups.flat().map((address) => [address, []]))
  for (let run = 0; run < runs; run++)
    for (const group of groups.filter(({ length }) => length > 0)) {
      const gaps = await killHolder(lab, actor, group)
      group.forEach((address, index) => away.get(address)?.push(gaps[index] ?? Number.NaN))
    }
  return away
}

const killHolder = async (lab: BenchLab, actor: BenchActor, addresses: readonly string[]): Promise<number[]> => {
  await lab.speakersReady()
  const machine = await commonHolder(lab, addresses)
  await actor.call("startAsking", { addresses })
  await pause(warmUpMs)
  await lab.running.control.call("break", { machine, fault: "power" })
  const reports = await actor.call("untilBack", { patienceMs })
  await lab.running.control.call("mend", { machine, fault: undefined })
  await pause(mendedMs)
  return reports.map(({ longestGapMs }) => longestGapMs)
}

const commonHolder = async (lab: BenchLab, addresses: readonly string[]): Promise<string> => {
  for (let tries = 0; tries < 20; tries++) {
    const found = new Set<string>()
    for (const address of addresses) found.add(await lab.holderOf(address))
    const [holder] = found
    if (found.size === 1 && holder !== undefined) return holder
    await pause(500)
  }
  throw new Error(`${addresses.join(" and ")} do not come to one node`)
}

const tell = ({ report }: Bench, away: ReadonlyMap<string, readonly number[]>): void => {
  const [[, ours] = ["", []], ...peers] = [...away]
  const own = summaryOf(ours)
  report.times("porchlight, default profile (100 ms x 5)", own)
  for (const [interval, address] of Object.entries(keepalivedAddresses)) {
    const gaps = peers.find(([of]) => of === address)?.[1]
    if (gaps === undefined) continue
    const peer = summaryOf(gaps)
    report.times(`keepalived, VRRPv3, advert_int ${interval}`, peer, `ours ${printRatio(own.median, peer.median)}`)
  }
  if (peers.length === 0) report.figure("keepalived", "not installed: apt-get install keepalived, and run again")
  report.figure("an address on an interface (the kernel)", "never comes back")
  report.figure("MetalLB 0.15.2", "5.1-6.6 s, measured on a real cluster, not in this run")
  report.bar(`silent death: away at most ${barMs} ms, worst of ${own.runs}`, printMs(own.worst), own.worst <= barMs)
}
