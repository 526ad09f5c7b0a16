import { type Failure, failure } from "../edge/failure.ts"
import { askInspect } from "../edge/inspect.ts"
import { beatPort, type BeatDatagram, type BeatSocket, openBeatSocket, type ReceivedBeat } from "../edge/udp.ts"
import type { InheritedHold } from "../speaker/announcer/input.ts"
import { readInherited } from "../speaker/inspection.ts"

export type Beats = {
  /** Undefined when the kernel took it; `unbound` while the port is another process's. */
  readonly send: (datagram: BeatDatagram) => string | undefined
  readonly drain: () => void
  readonly isBound: () => boolean
  /**
   * Why no beat leaves: there is no port, or the kernel refuses to send. That another process has the port is none: it
   * is an upgrade, and this one is ready for its turn.
   */
  readonly refusal: () => Failure | undefined
}

export type BeatsOptions = {
  /** Where a speaker that runs beside this one tells what it holds. */
  readonly inspectSocket: string | undefined
  readonly onDatagram: (datagram: ReceivedBeat) => void
  readonly onBound: () => void
  /** What the old process of this node holds: answered for, until a peer shows a better claim. */
  readonly onInherited: (holds: readonly InheritedHold[]) => void
  /** Said once a code. */
  readonly onTrouble: (trouble: Failure) => void
}

/** The old process ends within a beat or two of being told; the new one must not be much later. */
const retryMs = 20
const inspectMs = 500
/** A beat leaves each interval, so a refusal that is older was followed by others that were not refused. */
const refusalMs = 2000

/**
 * The beat port is the lock between two speakers of one node: who has it beats. During an upgrade the new one waits for
 * it, and answers meanwhile for what the old one holds.
 */
export const openBeats = (options: BeatsOptions, openSocket: typeof openBeatSocket = openBeatSocket): Beats => {
  let socket: BeatSocket | undefined
  let trouble: Failure | undefined
  let refused: { readonly failure: Failure; readonly atMs: number } | undefined
  const open = (): void => {
    const opened = openSocket({ port: beatPort, onDatagram: options.onDatagram })
    if (!("kind" in opened)) {
      socket = opened
      trouble = undefined
      return options.onBound()
    }
    if (trouble?.code !== opened.code) {
      options.onTrouble(opened)
      void inherit()
    }
    trouble = opened
    setTimeout(open, retryMs)
  }
  const inherit = async (): Promise<void> => {
    if (options.inspectSocket === undefined) return
    const inspected = await askInspect(options.inspectSocket, "all", inspectMs)
    const isFailure = typeof inspected === "object" && inspected !== null && "code" in inspected
    if (!isFailure && socket === undefined) options.onInherited(readInherited(inspected))
  }
  const recentRefusal = (): Failure | undefined =>
    refused !== undefined && performance.now() - refused.atMs < refusalMs ? refused.failure : undefined
  const send = (datagram: BeatDatagram): string | undefined => {
    if (socket === undefined) return "unbound"
    const code = socket.send(datagram)
    const remedy = code === undefined ? undefined : sendRemedies[code]
    if (code === undefined || remedy === undefined) return code
    const because = failure(`send-${code}`, `the kernel refuses to send beats (${code}): ${remedy}`)
    if (recentRefusal()?.code !== because.code) options.onTrouble(because)
    refused = { failure: because, atMs: performance.now() }
    return code
  }
  setImmediate(open)
  return {
    send,
    drain: () => void socket?.drain(),
    isBound: () => socket !== undefined,
    refusal: () => (trouble === undefined || trouble.code === "EADDRINUSE" ? recentRefusal() : trouble),
  }
}

/** Of this machine's own making; that a peer or its network cannot be reached is not. */
const sendRemedies: Readonly<Record<string, string>> = {
  EPERM: `a packet filter of this node stops UDP port ${beatPort} on its way out, and other nodes count this one as dead: let it pass`,
  ENOBUFS: "a link's queue is full, or the kernel has no memory: is a link stuck?",
  ENOMEM: "the kernel has no memory for a datagram: look at the machine's memory",
}
