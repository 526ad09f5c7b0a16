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
}

export type BeatsOptions = {
  /** Where a speaker that runs beside this one tells what it holds. */
  readonly inspectSocket: string | undefined
  readonly onDatagram: (datagram: ReceivedBeat) => void
  readonly onBound: () => void
  /** What the old process of this node holds: answered for, until a peer shows a better claim. */
  readonly onInherited: (holds: readonly InheritedHold[]) => void
  /** Said once. */
  readonly onTrouble: (trouble: Failure) => void
}

/** The old process ends within a beat or two of being told; the new one must not be much later. */
const retryMs = 20
const inspectMs = 500

/**
 * The beat port is the lock between two speakers of one node: who has it beats. During an upgrade the new one waits for
 * it, and answers meanwhile for what the old one holds.
 */
export const openBeats = (options: BeatsOptions): Beats => {
  let socket: BeatSocket | undefined
  let isTroubled = false
  const open = (): void => {
    const opened = openBeatSocket({ port: beatPort, onDatagram: options.onDatagram })
    if (!("kind" in opened)) {
      socket = opened
      return options.onBound()
    }
    if (!isTroubled) {
      isTroubled = true
      options.onTrouble(opened)
      void inherit()
    }
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
  }
}
