import type { Failure } from "../edge/failure.ts"
import { askInspect } from "../edge/inspect.ts"
import { beatPort, type BeatDatagram, type BeatSocket, openBeatSocket, type ReceivedBeat } from "../edge/udp.ts"
import type { InheritedHold } from "../speaker/announcer/input.ts"
import { readInherited } from "../speaker/inspection.ts"

export type Beats = {
  /** Undefined when the kernel took it; `unbound` while the port is another process's. */
  readonly send: (datagram: BeatDatagram) => string | undefined
  readonly drain: () => void
  readonly isBound: () => boolean
  /** Why there is no beat port, unless another process has it: that is an upgrade, and this one is ready for its turn. */
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

/**
 * The beat port is the lock between two speakers of one node: who has it beats. During an upgrade the new one waits for
 * it, and answers meanwhile for what the old one holds.
 */
export const openBeats = (options: BeatsOptions, openSocket: typeof openBeatSocket = openBeatSocket): Beats => {
  let socket: BeatSocket | undefined
  let trouble: Failure | undefined
  const open = (): void => {
    const opened = openSocket({ port: beatPort, onDatagram: options.onDatagram })
    if (!("kind" in opened)) {
      socket = opened
      trouble = undefined
      return options.onBound()
    }
    if (trouble?.code !== opened.code) options.onTrouble(opened)
    if (trouble === undefined) void inherit()
    trouble = opened
    setTimeout(open, retryMs)
  }
  const inherit = async (): Promise<void> => {
    if (options.inspectSocket === undefined) return
    const inspected = await askInspect(options.inspectSocket, "all", inspectMs)
    const isFailure = typeof inspected === "object" && inspected !== null && "code" in inspected
    if (!isFailure && socket === undefined) options.onInherited(readInherited(inspected))
  }
  setImmediate(open)
  return {
    send: (datagram) => (socket === undefined ? "unbound" : socket.send(datagram)),
    drain: () => void socket?.drain(),
    isBound: () => socket !== undefined,
    refusal: () => (trouble?.code === "EADDRINUSE" ? undefined : trouble),
  }
}
