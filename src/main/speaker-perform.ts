import type { Api } from "../edge/api.ts"
import { readHost } from "../edge/host.ts"
import type { PacketLinks } from "../edge/link/packet-links.ts"
import type { Log } from "../edge/log.ts"
import { probeLocalEndpoints, probeProxy } from "../edge/probe.ts"
import type { AnnouncerInput } from "../speaker/announcer/input.ts"
import type { AnnouncerOutput } from "../speaker/announcer/output.ts"
import type { WatcherInput } from "../speaker/watcher/input.ts"
import type { WatcherOutput } from "../speaker/watcher/output.ts"
import type { Beats } from "./speaker-beats.ts"
import { logFinding, logMove } from "./speaker-status.ts"

/** What a speaker's two programs act on: the world, and each other. */
export type SpeakerWorld = {
  readonly announce: (input: AnnouncerInput) => void
  readonly watch: (input: WatcherInput) => void
  readonly api: Api
  readonly beats: Beats
  readonly links: PacketLinks
  readonly log: Log
  readonly end: (exitCode: number) => void
}

export const performAnnouncer = (output: AnnouncerOutput, world: SpeakerWorld): void => {
  const { announce, watch, beats, links, log, end } = world
  const failed = (code: string | undefined, linkIndex: number): void => {
    if (code !== undefined && code !== "unbound") announce({ kind: "failed", linkIndex, code })
  }
  switch (output.kind) {
    case "frame":
      return failed(links.send(output.linkIndex, output.bytes), output.linkIndex)
    case "datagram":
      return failed(beats.send(output), output.linkIndex)
    case "listen":
      return links.listen(output.on, output.ranges)
    case "groups":
      return links.setGroups(output.linkIndex, output.groups)
    case "acknowledged":
      return void setImmediate(watch, output)
    case "moved":
      logMove(log, output.move)
      return watch(output)
    case "finding":
      return logFinding(log, output.finding, output.on)
    case "report":
      return watch(output)
    case "refuse":
      logFinding(log, output.because, true)
      return end(4)
    case "exit":
      return end(0)
  }
}

export const performWatcher = (output: WatcherOutput, { announce, watch, api, log }: SpeakerWorld): void => {
  switch (output.kind) {
    case "request":
    case "abort":
      return api.perform(output)
    case "surroundings":
    case "intents":
      return announce(output)
    case "probe-proxy":
      return void probeProxy().then(({ evidence }) => watch({ kind: "proxy", evidence }))
    case "probe-local": {
      const { port } = output
      return void probeLocalEndpoints(port).then(({ evidence }) => watch({ kind: "local", port, evidence }))
    }
    case "probe-host":
      return void readHost().then((evidence) => watch({ kind: "host", evidence }))
    case "log":
      return log[output.severity](output.reason, output.message, output.facts)
    case "stop":
      log.info("stop", `stopping (${output.because}): ${output.how}`, { how: output.how, because: output.because })
      return announce(output)
  }
}
