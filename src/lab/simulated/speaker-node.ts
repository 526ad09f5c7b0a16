import { interfacesOf, type SimulatedLink } from "./machine.ts"
import { type SpeakerProcess, type SpeakerSurroundings, startSpeaker } from "./speaker-process.ts"
import type { Carried } from "./wire.ts"

/** The life of one node's speaker: started, killed, frozen, replaced by a new process. */
export type SpeakerNode = {
  readonly start: () => void
  /** SIGKILL, and no new start. */
  readonly kill: () => void
  readonly freeze: () => void
  readonly thaw: () => void
  /** SIGTERM, and no new start; `gone` is called when it has ended. */
  readonly stop: (gone: () => void) => void
  /** SIGTERM, and a new process when the old one is gone. */
  readonly restart: () => void
  readonly setApi: (open: boolean) => void
  readonly setCarrier: (has: (link: string) => boolean) => void
  readonly hear: (link: SimulatedLink, carried: Carried & { readonly kind: "arp" | "ndp" | "beat" }) => void
  readonly state: () => "running" | "frozen" | "stopped"
}

/** Between the end of a process and the start of the next. */
const restartMs = 50

export const createSpeakerNode = (around: SpeakerSurroundings): SpeakerNode => {
  const { world, machine, gateways } = around
  let process: SpeakerProcess | undefined
  let processes = 0
  let state: "running" | "frozen" | "stopped" = "stopped"
  let apiOpen = true
  let carrier: (link: string) => boolean = () => true
  let comesBack = false
  let whenGone: () => void = () => undefined

  const start = (): void => {
    if (process !== undefined || !machine.isOn()) return
    process = startSpeaker(around, `speaker ${machine.name} ${++processes}`, apiOpen, () => {
      end()
      if (comesBack) world.later(restartMs, start)
      whenGone()
      whenGone = () => undefined
    })
    state = "running"
    tellLinks()
    process.announce({ kind: "bound" })
    process.watch({ kind: "wake" })
  }
  const end = (): void => {
    process?.end()
    process = undefined
    state = "stopped"
  }
  const tellLinks = (): void =>
    process?.announce({ kind: "links", interfaces: interfacesOf(machine, gateways, carrier) })
  return {
    start: () => {
      comesBack = true
      start()
    },
    kill: () => {
      comesBack = false
      end()
    },
    freeze: () => {
      if (process === undefined) return
      process.freeze()
      state = "frozen"
    },
    thaw: () => {
      if (process === undefined) return
      state = "running"
      process.thaw()
    },
    stop: (gone) => {
      comesBack = false
      whenGone = gone
      if (process === undefined) return gone()
      process.watch({ kind: "stop" })
    },
    restart: () => {
      if (process === undefined) start()
      else process.watch({ kind: "stop" })
    },
    setApi: (open) => {
      apiOpen = open
      process?.setApi(open)
    },
    setCarrier: (has) => {
      carrier = has
      tellLinks()
    },
    hear: ({ index }, carried) => {
      const { bytes } = carried
      if (carried.kind === "beat")
        process?.announce({ kind: "datagram", linkIndex: index, from: carried.from, ttl: 255, bytes })
      else process?.announce({ kind: "frame", linkIndex: index, bytes })
    },
    state: () => state,
  }
}
