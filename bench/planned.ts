import { setTimeout as pause } from "node:timers/promises"
import { type BenchActor, startActor } from "./bench-actor.ts"
import { type BenchLab, holders } from "./bench-lab.ts"
import { countedPorts, createCounted, createCountedForKeepalived, removeCounted } from "./counted-service.ts"
import { type Keepalived, keepalivedAddresses, startKeepalived } from "./keepalived.ts"
import type { Bench, Measurement } from "./measurement.ts"
import { rollingRestart } from "./rolling-restart.ts"
import type { ColdReport } from "./wire/cold-client.ts"
import { servicesPath } from "./service.ts"
import { printMs } from "./statistics.ts"

const name = "planned-0"
const perSecond = 5000
const connectionsPerSecond = 100
/** Besides, one that has forgotten the way each time. */
const coldPerSecond = 50
/** Between two moves, so that each meets a steady stream. */
const betweenMs = 500
const movePatienceMs = 10_000

/** Addresses that move because somebody wants it: what a client that talks all the time notices. */
export const planned: Measurement = {
  name: "planned",
  about: "moves on purpose under 5,000 datagrams and 100 new connections a second; speakers restarted one by one",
  byNameOnly: true,
  measure: async (bench) => {
    const lab = await bench.lab()
    const names = [name, ...Array.from({ length: bench.quick ? 9 : 49 }, (_, index) => `planned-${index + 1}`)]
    const addresses = await createCounted(lab, names)
    const actor = (place: keyof Actors): BenchActor => startActor(lab, place)
    const actors: Actors = { east: actor("east"), west: actor("west"), router: actor("router"), pod: actor("pod") }
    await actors.pod.call("openSink", { udpPort: countedPorts.udp, tcpPort: countedPorts.tcp })
    const stage: Stage = { bench, lab, actors, address: addresses[0]! }
    await pause(betweenMs)
    try {
      await tell(stage, "annotation porchlight.dev/move-to", bench.quick ? 3 : 20, annotate)
      await tell(stage, "drain (annotation porchlight.dev/drain on the Node)", bench.quick ? 2 : 20, drain)
      await tell(stage, "node shut down in order", bench.quick ? 1 : 20, shutDown)
      await besideKeepalived(stage)
      await rollingRestart(bench, lab, actors, addresses)
    } finally {
      for (const actor of Object.values(actors)) actor.end()
      await lab.running.control.call("mend", { machine: undefined, fault: undefined })
      await removeCounted(lab, names)
    }
  },
}

export type Actors = Readonly<Record<"east" | "west" | "router" | "pod", BenchActor>>

type Stage = { readonly bench: Bench; readonly lab: BenchLab; readonly actors: Actors; readonly address: string }

/** Moves the address once, away from `from`. Resolves when another node was heard to answer for it. */
type Move = (stage: Stage, from: string) => Promise<void>

type Cost = {
  readonly moves: number
  readonly sent: number
  readonly lost: number
  readonly longestRow: number
  readonly droppedHere: number
  readonly asked: number
  readonly failed: number
  readonly cold: ColdReport
}

const tell = async (stage: Stage, what: string, times: number, move: Move): Promise<void> => {
  const cost = await costOf(stage, stage.address, times, move)
  const { report } = stage.bench
  report.figure(what, printCost(cost))
  report.bar(
    `${what}: no packet lost, no connection failed`,
    `${cost.lost} of ${cost.sent}, ${cost.failed} of ${cost.asked}, ${cost.moves} moves`,
    cost.moves < times ? undefined : cost.lost === 0 && cost.failed === 0,
  )
}

const printCost = ({ moves, sent, lost, longestRow, droppedHere, asked, failed, cold }: Cost): string => {
  const row = lost > 0 ? `, the longest row ${printMs((longestRow / perSecond) * 1000)}` : ""
  const here = droppedHere > 0 ? ` (${droppedHere} of them dropped by the counting program itself)` : ""
  const slowest = `cold client: slowest ${printMs(cold.slowestMs)}, ${cold.failed} of ${cold.asked} failed`
  return `${moves} moves: ${lost} of ${sent} packets lost${row}${here}; ${failed} of ${asked} new connections failed; ${slowest}`
}

/** What `times` moves cost a client on one machine that sends and one on another that connects. */
const costOf = async (stage: Stage, address: string, times: number, move: Move): Promise<Cost> => {
  const { lab, bench } = stage
  const { east, west, router, pod } = stage.actors
  const least = bench.quick ? 2500 : 50_000
  await lab.speakersReady()
  await lab.holderOf(address)
  await pod.call("resetSink", {})
  await west.call("startWitness", { addresses: [address], askEveryMs: 0 })
  await west.call("startKnocking", { address, port: countedPorts.tcp, perSecond: connectionsPerSecond })
  await router.call("startColdClient", { addresses: [address], port: countedPorts.tcp, perSecond: coldPerSecond })
  await east.call("startSending", { address, port: countedPorts.udp, perSecond })
  await pause(betweenMs)
  for (let turn = 0; turn < times; turn++) {
    await move({ ...stage, address }, await lab.holderOf(address))
    await pause(betweenMs)
  }
  while ((await east.call("countSent", {})).sent < least) await pause(betweenMs)
  const { sent } = await east.call("stopSending", {})
  const { received, longestRow, droppedHere } = await pod.call("readSink", { sent })
  const { asked, lost } = await west.call("stopKnocking", {})
  const cold = await router.call("stopColdClient", {})
  const { changes } = await west.call("stopWitness", {})
  return {
    moves: changes.length,
    sent,
    lost: sent - received,
    longestRow,
    droppedHere,
    asked,
    failed: lost,
    cold,
  }
}

const annotate: Move = async ({ lab, address }, from) => {
  const to = holders[(holders.findIndex((one) => one === from) + 1) % holders.length]
  await lab.send("PATCH", `${servicesPath}/${name}`, {
    metadata: { annotations: { "porchlight.dev/move-to": to ?? "" } },
  })
  await untilAway(lab, address, from)
}

const drain: Move = async ({ lab, address }, from) => {
  const mark = (value: string | null): Promise<number> =>
    lab.send("PATCH", `/api/v1/nodes/${from}`, { metadata: { annotations: { "porchlight.dev/drain": value } } })
  await mark("true")
  await untilAway(lab, address, from)
  await mark(null)
}

const shutDown: Move = async ({ lab, address }, from) => {
  await lab.running.control.call("break", { machine: from, fault: "shutdown" })
  await untilAway(lab, address, from)
  await pause(betweenMs)
  await lab.running.control.call("mend", { machine: from, fault: undefined })
  await lab.speakersReady()
}

/** An address that does not move is a figure too, so this does not throw. */
const untilAway = async (lab: BenchLab, address: string, from: string): Promise<void> => {
  for (const end = Date.now() + movePatienceMs; Date.now() < end; await pause(50))
    if ((await lab.holderOf(address)) !== from) return
}

/** Each address's master is asked to stop while the same client sends; then it is started and takes its addresses back. */
const besideKeepalived = async (stage: Stage): Promise<void> => {
  const { lab, bench } = stage
  const keepalived = startKeepalived(lab)
  if (keepalived === undefined)
    return bench.report.figure("keepalived", "not installed: apt-get install keepalived, and run again")
  await createCountedForKeepalived(lab)
  await pause(masterMs)
  for (const [interval, address] of Object.entries(keepalivedAddresses)) {
    const cost = await costOf(stage, address, bench.quick ? 1 : 10, stopMaster(keepalived))
    bench.report.figure(`keepalived, advert_int ${interval}, stopped and started`, printCost(cost))
  }
  keepalived.end()
}

/** Three advertisements of a second and some until there is a master. */
const masterMs = 6000

const stopMaster =
  (keepalived: Keepalived): Move =>
  async ({ lab, address }, from) => {
    await keepalived.stopOn(from)
    await untilAway(lab, address, from)
    await pause(betweenMs)
    keepalived.startOn(from)
    await pause(masterMs)
  }
