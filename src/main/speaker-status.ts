import { serveStatus } from "../edge/http.ts"
import type { InterfaceWatch } from "../edge/link/netlink.ts"
import type { PacketLinks } from "../edge/link/packet-links.ts"
import type { Log } from "../edge/log.ts"
import type { Metrics } from "../edge/metrics.ts"
import type { Json } from "../kubernetes/http.ts"
import { printAddress } from "../net/address.ts"
import type { At, Instant } from "../time/instant.ts"
import type { Announcer } from "../speaker/announcer/announcer.ts"
import type { Finding } from "../speaker/announcer/finding.ts"
import type { Move } from "../speaker/announcer/report.ts"
import { inspection } from "../speaker/inspection.ts"
import { metricSeries } from "../speaker/metric-series.ts"
import { tellFinding } from "../speaker/watcher/finding-text.ts"
import type { Watcher } from "../speaker/watcher/watcher.ts"
import { inspectAt } from "./inspect-socket.ts"
import type { Beats } from "./speaker-beats.ts"

export type Served = {
  readonly announcer: Announcer
  readonly watcher: Watcher
  readonly version: string
  readonly at: () => At
  readonly metrics: Metrics<"speaker">
  readonly log: Log
  readonly links: PacketLinks
  readonly beats: Beats
  readonly interfaceWatch: InterfaceWatch
}

/** Serves metrics and health on a port, and `inspect` on a unix socket. Neither is needed for addresses to be answered. */
export const serveSpeaker = async (served: Served, port: number, socket: string | undefined): Promise<void> => {
  const { announcer, watcher, metrics, log, links, beats, interfaceWatch } = served
  /** What keeps the speaker from being ready; empty: it is. */
  const obstacles = (): readonly string[] => [
    ...(watcher.view.isComplete ? [] : ["not every kind of object was listed yet"]),
    ...warming(announcer, served.at().now),
    ...[...links.missing(), beats.refusal(), interfaceWatch.trouble()].flatMap((refusal) => refusal?.message ?? []),
  ]
  const print = (): ReturnType<typeof metrics.print> => {
    for (const [name, series] of metricSeries(announcer, watcher, served.at())) metrics.replace(name, series)
    return metrics.print()
  }
  const readiness = () => ({ ready: obstacles().length === 0, because: obstacles() })
  const answer = (question: string): Json | undefined => {
    if (question === "ready") return { ready: obstacles().length === 0, because: [...obstacles()] }
    return question === "" || question === "all"
      ? inspection(announcer, watcher, served.version, served.at())
      : undefined
  }
  if (socket !== undefined) void inspectAt(socket, answer, log)
  if (port === 0) return
  const server = await serveStatus({ host: "0.0.0.0", port, metrics: print, readiness })
  if ("kind" in server)
    log.warn("metrics-port", `${server.message}. Metrics are off; addresses are announced all the same.`)
}

/** A rollout ends the old process when the new one is ready: not before it answers for what the old one holds. */
const warming = ({ lans }: Announcer, now: Instant): readonly string[] =>
  lans
    .filter((lan) => lan.picture(now).state === "warming")
    .map(({ link }) => `on ${link.name} it listens to the others before it answers`)

export const logMove = (log: Log, { key, link, from, to, because }: Move): void => {
  const address = printAddress(key)
  const message = `${address} on ${link}: ${from ?? "nobody"} -> ${to ?? "nobody"} (${because.code})`
  log.info(`moved ${address}`, message, { address, link, from: from ?? "", to: to ?? "", reason: because.code })
}

export const logFinding = (log: Log, finding: Finding, on: boolean): void => {
  const { code, message, facts } = tellFinding(finding)
  if (on) log.warn(`finding ${code}`, message, facts)
  else log.info(`finding ${code} over`, `no longer: ${message}`, facts)
}
