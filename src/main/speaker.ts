import { CommandFailure } from "../cli/failure.ts"
import { productVersion } from "../cli/version.ts"
import { createApi } from "../edge/api.ts"
import { openClock } from "../edge/clock.ts"
import { readBeatSecrets, watchFolder } from "../edge/files.ts"
import { openKernelAlarm } from "../edge/link/kernel-alarm.ts"
import { bootTimeMs } from "../edge/link/libc.ts"
import { openPacketLinks } from "../edge/link/packet-links.ts"
import { openLog } from "../edge/log.ts"
import { openMetrics } from "../edge/metrics.ts"
import type { AnnouncerInput } from "../speaker/announcer/input.ts"
import type { WatcherInput } from "../speaker/watcher/input.ts"
import { earliest } from "../time/instant.ts"
import { chooseApi } from "./api-choice.ts"
import { openBeats } from "./speaker-beats.ts"
import { explainTrouble, watchLinks } from "./speaker-links.ts"
import { openRecording } from "./recording.ts"
import { createPrograms, type SpeakerFlags, speakerOptions } from "./speaker-programs.ts"
import { performAnnouncer, performWatcher, type SpeakerWorld } from "./speaker-perform.ts"
import { serveSpeaker } from "./speaker-status.ts"

/** Joins watcher and announcer to API server, links, beat port, clock, log and metrics. Ends when the announcer says so. */
export const runSpeaker = async (flags: SpeakerFlags): Promise<void> => {
  if (flags.nodeName === "")
    throw new CommandFailure(2, "speaker: which node is this? --node-name NAME, or METALLB_NODE_NAME.")
  const target = await chooseApi(flags.api)
  if ("kind" in target) throw new CommandFailure(3, target.message)
  const secrets = await readBeatSecrets(flags.beatKeyDir)
  if ("kind" in secrets) throw new CommandFailure(4, `speaker: ${secrets.message}`)
  const [log, metrics, clock] = [
    await openLog({ level: "info", json: !process.stdout.isTTY }),
    openMetrics("speaker"),
    openClock(bootTimeMs),
  ]
  const options = speakerOptions(flags, secrets)
  const { announcer, watcher } = createPrograms(options)
  const record = await openRecording(flags.record, "speaker", options, log)

  const rearm = (): void => alarm.set(earliest(announcer.wakeAt(), watcher.wakeAt()))
  const announce = (input: AnnouncerInput): void => {
    for (const output of record("announcer", announcer, input, clock.at())) performAnnouncer(output, world)
    rearm()
  }
  const watch = (input: WatcherInput): void => {
    for (const output of record("watcher", watcher, input, clock.at())) performWatcher(output, world)
    rearm()
  }
  /** Beats, then frames, then deadlines: what waits may prove that a deadline means nothing. */
  const opened = openKernelAlarm((lateMs) => {
    metrics.late(lateMs)
    world.beats.drain()
    world.links.drain()
    announce({ kind: "wake" })
    if ((watcher.wakeAt() ?? Infinity) <= clock.now()) watch({ kind: "wake" })
  })
  if ("kind" in opened) throw new CommandFailure(4, `speaker: ${opened.message}`)
  const alarm = opened
  const world: SpeakerWorld = {
    announce,
    watch,
    log,
    api: createApi(target, (event) => watch({ kind: "api", event })),
    beats: openBeats({
      inspectSocket: flags.inspectSocket,
      onDatagram: (datagram) => announce({ ...datagram, kind: "datagram" }),
      onBound: () => announce({ kind: "bound" }),
      onInherited: (holds) => announce({ kind: "inherited", holds }),
      onTrouble: (trouble) => log[trouble.code === "EADDRINUSE" ? "info" : "warn"]("beat-port", trouble.message),
    }),
    links: openPacketLinks({
      onFrame: (linkIndex, bytes) => {
        world.beats.drain()
        announce({ kind: "frame", linkIndex, bytes })
      },
      onError: (linkIndex, code) => announce({ kind: "failed", linkIndex, code }),
      onTrouble: (linkIndex, trouble) => explainTrouble(log, announcer.linkName(linkIndex), trouble),
    }),
    end: (exitCode) => void log.flush().then(() => process.exit(exitCode)),
  }
  const interfaceWatch = await watchLinks(log, (interfaces) => {
    world.links.follow(interfaces)
    announce({ kind: "links", interfaces })
  })
  watchFolder(
    flags.beatKeyDir,
    () =>
      void readBeatSecrets(flags.beatKeyDir).then((read) =>
        "kind" in read ? log.warn("beat-key", read.message) : announce({ kind: "secrets", secrets: read }),
      ),
  )
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => watch({ kind: "stop" }))
  await serveSpeaker(
    { ...world, announcer, watcher, version: productVersion(), metrics, at: clock.at, interfaceWatch },
    Number(flags.metricsPort),
    flags.inspectSocket,
  )
  log.info("started", `speaker of ${flags.nodeName} started`)
  watch({ kind: "wake" })
}
