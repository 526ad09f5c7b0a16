import { printAddress } from "../../net/address.ts"
import type { Boot } from "../../ownership/beat.ts"
import { destinationOf } from "../../protocol/ethernet/frame.ts"
import { Announcer } from "../../speaker/announcer/announcer.ts"
import { beatProfiles } from "../../speaker/announcer/beat-profile.ts"
import type { AnnouncerInput, BeatSecrets } from "../../speaker/announcer/input.ts"
import type { AnnouncerOutput } from "../../speaker/announcer/output.ts"
import type { Move } from "../../speaker/announcer/report.ts"
import type { WatcherInput } from "../../speaker/watcher/input.ts"
import type { WatcherOutput } from "../../speaker/watcher/output.ts"
import { Watcher } from "../../speaker/watcher/watcher.ts"
import { openApiLink } from "./api-link.ts"
import type { SimulatedApi } from "./api-server.ts"
import type { SimulatedLink, SimulatedMachine } from "./machine.ts"
import type { ServiceTraffic } from "./service-traffic.ts"
import { frameOf, type Wire } from "./wire.ts"
import { drive, type World } from "./world.ts"

/** A speaker's process on one node: the same two programs as in production, joined to the simulated wire. */
export type SpeakerProcess = {
  readonly announce: (input: AnnouncerInput) => void
  readonly watch: (input: WatcherInput) => void
  readonly setApi: (open: boolean) => void
  readonly freeze: () => void
  readonly thaw: () => void
  /** SIGKILL. */
  readonly end: () => void
}

export type SpeakerSurroundings = {
  readonly world: World
  readonly wire: Wire
  readonly api: SimulatedApi
  readonly traffic: ServiceTraffic
  readonly machine: SimulatedMachine
  readonly gateways: readonly string[]
  readonly secrets: BeatSecrets
  readonly namespace: string
  readonly version: string
  /** What the programs write into their log. */
  readonly log: (who: string, says: string) => void
}

/** Peers keep this node's addresses for so long while it restarts. */
const promiseSeconds = 30
/** The answer of a port on this very machine. */
const probeMs = 1
/** How long a speaker waits for a port that takes the connection and says nothing. */
const unansweredMs = 1000

/** `name`: of this very process. `exited`: it ended by itself, because it was asked to or has no place here. */
export const startSpeaker = (
  around: SpeakerSurroundings,
  name: string,
  isApiOpen: boolean,
  exited: () => void,
): SpeakerProcess => {
  const { world, wire, api, traffic, machine, log } = around
  const programs = createPrograms(around)

  const performAnnouncer = (output: AnnouncerOutput): void => {
    switch (output.kind) {
      case "frame": {
        const link = linkOf(machine, output.linkIndex)
        return link && wire.send(link.port, destinationOf(output.bytes), frameOf(output.bytes))
      }
      case "datagram": {
        const link = linkOf(machine, output.linkIndex)
        const to = link && wire.portOf(link.port.network, output.to)
        return link && to && wire.send(link.port, to.mac, { kind: "beat", from: output.from, bytes: output.bytes })
      }
      case "acknowledged":
        return void world.later(0, () => watcher.feed(output))
      case "moved":
        log(machine.name, moveText(output.move))
        return watcher.feed(output)
      case "report":
        return watcher.feed(output)
      case "finding":
        return log(machine.name, `${output.finding.code} ${output.on ? "is found" : "is over"}`)
      case "refuse":
        log(machine.name, `cannot take part: ${output.because.code}`)
        return exited()
      case "exit":
        return exited()
      // Every frame for this machine is let in, which is more than a filter would.
      case "listen":
      case "groups":
        return
    }
  }
  const performWatcher = (output: WatcherOutput): void => {
    switch (output.kind) {
      case "request":
      case "abort":
        return link.perform(output)
      case "surroundings":
      case "intents":
      case "stop":
        return announcer.feed(output)
      case "probe-proxy": {
        const { wallSeconds } = world.at()
        const evidence = traffic.isFrozen(machine.name)
          ? ({ is: "unreadable" } as const)
          : ({ is: "synced", syncedAt: wallSeconds, queuedAt: wallSeconds } as const)
        const tookMs = traffic.isFrozen(machine.name) ? unansweredMs : probeMs
        return void world.later(tookMs, () => watcher.feed({ kind: "proxy", evidence }))
      }
      case "probe-local": {
        const { port } = output
        const evidence = (): WatcherInput => ({
          kind: "local",
          port,
          evidence: traffic.localEvidence(machine.name, port),
        })
        return void world.later(probeMs, () => watcher.feed(evidence()))
      }
      // No kernel.
      case "probe-host":
        return
      case "log":
        return log(machine.name, output.message)
    }
  }
  const announcer = drive<AnnouncerInput, AnnouncerOutput>(world, programs.announcer, performAnnouncer)
  const watcher = drive<WatcherInput, WatcherOutput>(world, programs.watcher, performWatcher)
  const link = openApiLink(world, api, name, (event) => watcher.feed({ kind: "api", event }), isApiOpen)
  return {
    announce: announcer.feed,
    watch: watcher.feed,
    setApi: link.setOpen,
    freeze: () => {
      announcer.freeze()
      watcher.freeze()
    },
    thaw: () => {
      announcer.thaw()
      watcher.thaw()
    },
    end: () => {
      announcer.end()
      watcher.end()
      link.end()
    },
  }
}

const linkOf = ({ links }: SimulatedMachine, index: number): SimulatedLink | undefined =>
  links.find((link) => link.index === index)

const createPrograms = ({ world, machine, secrets, namespace, version }: SpeakerSurroundings) => {
  const boot = (Math.floor(world.chance() * 2 ** 20) * 2 ** 32 + Math.floor(world.chance() * 2 ** 32) + 1) as Boot
  const node = machine.name
  const profile = beatProfiles.default
  return {
    announcer: new Announcer({ node, boot, secrets, profile, promiseSeconds, arpPerSecondMax: undefined }),
    watcher: new Watcher({
      node,
      namespace,
      pod: undefined,
      loadBalancerClass: undefined,
      ignoresExcludeLabel: false,
      version,
    }),
  }
}

const moveText = ({ key, from, to, because }: Move): string =>
  `${printAddress(key)} moves from ${from ?? "nobody"} to ${to ?? "nobody"} (${typeof because === "string" ? because : JSON.stringify(because)})`
