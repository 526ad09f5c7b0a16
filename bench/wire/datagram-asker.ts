import { createSocket } from "node:dgram"
import { setTimeout as pause } from "node:timers/promises"
import { type AskerReport, type Attempt, reportOf } from "../../src/lab/actors/asker-report.ts"
import { monotonicMs } from "./clock.ts"

/** Sends a question every millisecond to one address and port. */
export type DatagramAsker = {
  /** Resolves once answers come again after having been away, or after `patienceMs`; and a little later, to see it stay. */
  readonly untilBack: (patienceMs: number) => Promise<void>
  readonly stop: () => Promise<AskerReport>
}

const everyMs = 1
/** Longer than any answer that came on this wire while nothing was broken. */
const awayMs = 60
const settleMs = 300

export const startDatagramAsker = (address: string, port: number): DatagramAsker => {
  const began = monotonicMs()
  let sent = 0
  const slots = Array.from({ length: sockets }, () => openSlot(address, port, began))
  const timer = setInterval(() => {
    const due = Math.floor((monotonicMs() - began) / everyMs)
    for (; sent < due && sent - due > -50; sent++) slots[sent % sockets]?.ask()
    sent = due
  }, everyMs)
  const lastAnswerMs = (): number => Math.max(...slots.map((slot) => slot.lastAnswerMs()))
  return {
    untilBack: async (patienceMs) => {
      const end = monotonicMs() + patienceMs
      while (monotonicMs() - began - lastAnswerMs() < awayMs && monotonicMs() < end) await pause(5)
      while (monotonicMs() - began - lastAnswerMs() >= awayMs && monotonicMs() < end) await pause(5)
      await pause(settleMs)
    },
    stop: async () => {
      clearInterval(timer)
      await pause(settleMs)
      const attempts = slots.flatMap((slot) => slot.close())
      return reportOf(attempts, monotonicMs() - began)
    },
  }
}

/** One question at a time and socket, so that an answer belongs to the last one; enough of them for a slow wire. */
const sockets = 512

type Slot = {
  readonly ask: () => void
  readonly lastAnswerMs: () => number
  readonly close: () => readonly Attempt[]
}

const openSlot = (address: string, port: number, began: number): Slot => {
  const socket = createSocket("udp4")
  const attempts: Attempt[] = []
  let asked: number | undefined
  let last = 0
  socket.on("error", () => undefined)
  socket.on("message", () => {
    if (asked === undefined) return
    last = monotonicMs() - began
    // A question that the kernel kept until the address was back is one of those that waited.
    attempts.push({ sentMs: asked, answered: last - asked < awayMs, tookMs: last - asked })
    asked = undefined
  })
  const lose = (): void => {
    if (asked !== undefined) attempts.push({ sentMs: asked, answered: false, tookMs: monotonicMs() - began - asked })
  }
  return {
    ask: () => {
      lose()
      asked = monotonicMs() - began
      socket.send("?", port, address)
    },
    lastAnswerMs: () => last,
    close: () => {
      lose()
      socket.close()
      return attempts
    },
  }
}
