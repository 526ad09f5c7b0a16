import { createConnection, type Socket } from "node:net"
import { setTimeout as pause } from "node:timers/promises"
import { monotonicMs } from "./clock.ts"

export type StreamsReport = {
  readonly opened: number
  /** Of those that were opened: ended by the other side or the network. */
  readonly broken: number
  /** The longest time in which one that lives heard nothing back, though it sent something all the time. */
  readonly longestStallMs: number
}

/** TCP connections that stay and talk. */
export type Streams = { readonly stop: () => StreamsReport }

const talkEveryMs = 100
const openPatienceMs = 5000

/** Opens `each` connections to each address; resolves once all are open or gave up. */
export const openStreams = async (addresses: readonly string[], port: number, each: number): Promise<Streams> => {
  const streams = addresses.flatMap((address) => Array.from({ length: each }, () => openStream(address, port)))
  for (const end = monotonicMs() + openPatienceMs; monotonicMs() < end; await pause(10))
    if (streams.every(({ state }) => state.opened || state.broken)) break
  const timer = setInterval(() => {
    for (const { socket } of streams) if (socket.writable) socket.write("?")
  }, talkEveryMs)
  return {
    stop: () => {
      clearInterval(timer)
      const opened = streams.filter(({ state }) => state.opened)
      const living = opened.filter(({ state }) => !state.broken)
      for (const { socket } of streams) socket.resetAndDestroy()
      const now = monotonicMs()
      return {
        opened: opened.length,
        broken: opened.length - living.length,
        longestStallMs: Math.max(0, ...living.map(({ state }) => Math.max(state.stallMs, now - state.heardMs))),
      }
    },
  }
}

type Stream = {
  readonly socket: Socket
  readonly state: { opened: boolean; broken: boolean; heardMs: number; stallMs: number }
}

const openStream = (address: string, port: number): Stream => {
  const state = { opened: false, broken: false, heardMs: monotonicMs(), stallMs: 0 }
  const socket = createConnection({ host: address, port, noDelay: true })
  const heard = (): void => {
    const now = monotonicMs()
    if (state.opened) state.stallMs = Math.max(state.stallMs, now - state.heardMs)
    state.heardMs = now
  }
  socket.on("connect", () => {
    heard()
    state.opened = true
  })
  socket.on("data", heard)
  socket.on("error", () => (state.broken = true)).on("close", () => (state.broken = true))
  return { socket, state }
}
