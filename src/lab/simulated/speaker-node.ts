import type { Boot } from "../../ownership/beat.ts"
import { Announcer } from "../../speaker/announcer/announcer.ts"
import { beatProfiles } from "../../speaker/announcer/beat-profile.ts"
import type { AnnouncerInput, BeatSecrets } from "../../speaker/announcer/input.ts"
import type { AnnouncerOutput } from "../../speaker/announcer/output.ts"
import type { WatcherInput } from "../../speaker/watcher/input.ts"
import type { WatcherOutput } from "../../speaker/watcher/output.ts"
import { Watcher } from "../../speaker/watcher/watcher.ts"
import { type ApiLink, openApiLink } from "./api-link.ts"
import type { SimulatedApi } from "./api-server.ts"
import { interfacesOf, type SimulatedLink, type SimulatedMachine } from "./machine.ts"
import type { ServiceTraffic } from "./service-traffic.ts"
import type { Carried, Wire } from "./wire.ts"
import { drive, type Driven, type World } from "./world.ts"

/** The speaker of one node: the same two programs as in production, joined to the simulated wire. */
export type SpeakerNode = {
  readonly start: () => void
  /** SIGKILL. */
  readonly kill: () => void
  readonly freeze: () => void
  readonly thaw: () => void
  /** SIGTERM, and a new process when the old one is gone. */
  readonly restart: () => void
  readonly setApi: (open: boolean) => void
  readonly setCarrier: (has: boolean) => void
  readonly hear: (link: SimulatedLink, carried: Carried & { readonly kind: "arp" | "ndp" | "beat" }) => void
  readonly state: () => "running" | "frozen" | "stopped"
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
/** Between the end of a process and the start of the next. */
const restartMs = 50
/** The answer of a port on this very machine. */
const probeMs = 1

type Process = {
  readonly announcer: Driven<AnnouncerInput>
  readonly watcher: Driven<WatcherInput>
  readonly link: ApiLink
}

export const createSpeakerNode = (around: SpeakerSurroundings): SpeakerNode => {
  const { world, wire, api, traffic, machine, gateways } = around
  let process: Process | undefined
  let processes = 0
  let state: "running" | "frozen" | "stopped" = "stopped"
  let apiOpen = true
  let carrier = true
  let restarting = false

  const start = (): void => {
    if (process !== undefined) return
    const name = `speaker ${machine.name} ${++processes}`
    const { announcer, watcher } = createPrograms(around, bootOf(world, processes))
    const performers = {
      announce: (input: AnnouncerInput): void => driven.announcer.feed(input),
      watch: (input: WatcherInput): void => driven.watcher.feed(input),
    }
    const driven: Process = {
      announcer: drive(world, announcer, (output) => performAnnouncer(output, performers)),
      watcher: drive(world, watcher, (output) => performWatcher(output, performers)),
      link: openApiLink(world, api, name, (event) => driven.watcher.feed({ kind: "api", event }), apiOpen),
    }
    process = driven
    state = "running"
    tellLinks()
    driven.announcer.feed({ kind: "bound" })
    driven.watcher.feed({ kind: "wake" })
  }
  const end = (): void => {
    process?.announcer.end()
    process?.watcher.end()
    process?.link.end()
    process = undefined
    state = "stopped"
  }
  const onExit = (): void => {
    end()
    if (restarting) world.later(restartMs, () => (machine.isOn() && restarting ? start() : undefined))
  }
  const tellLinks = (): void =>
    process?.announcer.feed({ kind: "links", interfaces: interfacesOf(machine, gateways, carrier) })
  const linkOf = (index: number): SimulatedLink | undefined => machine.links.find((link) => link.index === index)

  type Performers = {
    readonly announce: (input: AnnouncerInput) => void
    readonly watch: (input: WatcherInput) => void
  }
  const performAnnouncer = (output: AnnouncerOutput, { watch }: Performers): void => {
    switch (output.kind) {
      case "frame":
        return sendFrame(output.linkIndex, output.bytes)
      case "datagram": {
        const from = linkOf(output.linkIndex)
        const to = from && wire.portOf(from.port.network, output.to)
        if (from === undefined || to === undefined) return
        return wire.send(from.port, to.mac, { kind: "beat", from: output.from, bytes: output.bytes })
      }
      case "acknowledged":
        return void world.later(0, () => watch(output))
      case "moved":
        around.log(machine.name, `moved ${JSON.stringify(output.move, printBigint)}`)
        return watch(output)
      case "report":
        return watch(output)
      case "finding":
        return around.log(machine.name, `${output.on ? "finds" : "no longer finds"} ${output.finding.code}`)
      case "refuse":
        around.log(machine.name, `ends: ${output.because.code}`)
        return end()
      case "exit":
        return onExit()
      case "listen":
      case "groups":
        return
    }
  }
  const sendFrame = (linkIndex: number, bytes: Uint8Array): void => {
    const link = linkOf(linkIndex)
    if (link !== undefined && machine.isOn()) wire.send(link.port, destinationOf(bytes), frameOf(bytes))
  }
  const performWatcher = (output: WatcherOutput, { announce, watch }: Performers): void => {
    switch (output.kind) {
      case "request":
      case "abort":
        return process?.link.perform(output)
      case "surroundings":
      case "intents":
        return announce(output)
      case "probe-proxy": {
        const { wallSeconds } = world.at()
        const evidence = { is: "synced", syncedAt: wallSeconds, queuedAt: wallSeconds } as const
        return void world.later(probeMs, () => watch({ kind: "proxy", evidence }))
      }
      case "probe-local": {
        const { port } = output
        return void world.later(probeMs, () =>
          watch({ kind: "local", port, evidence: traffic.localEvidence(machine.name, port) }),
        )
      }
      case "log":
        return around.log(machine.name, output.message)
      case "stop":
        return announce(output)
    }
  }
  return {
    start,
    kill: () => {
      restarting = false
      end()
    },
    freeze: () => {
      if (process === undefined) return
      process.announcer.freeze()
      process.watcher.freeze()
      state = "frozen"
    },
    thaw: () => {
      if (process === undefined) return
      state = "running"
      process.announcer.thaw()
      process?.watcher.thaw()
    },
    restart: () => {
      restarting = true
      if (process === undefined) start()
      else process.watcher.feed({ kind: "stop" })
    },
    setApi: (open) => {
      apiOpen = open
      process?.link.setOpen(open)
    },
    setCarrier: (has) => {
      carrier = has
      tellLinks()
    },
    hear: ({ index, port }, carried) => {
      if (carried.kind === "beat")
        process?.announcer.feed({ kind: "datagram", linkIndex: index, from: carried.from, ttl: 255, bytes: carried.bytes })
      else if (port.machine === machine.name) process?.announcer.feed({ kind: "frame", linkIndex: index, bytes: carried.bytes })
    },
    state: () => state,
  }
}
