import { createSocket } from "node:dgram"
import { monotonicMs } from "./clock.ts"

/** Sends numbered datagrams at a steady pace. */
export type DatagramSender = {
  readonly sent: () => number
  /** Resolves with how many were sent, a while after the last. */
  readonly stop: () => Promise<number>
}

/** More in one go would be lost in queues of the way, which no switch-over is to blame for. */
const burstMax = 64
const lastOnesMs = 500

export const startDatagramSender = (address: string, port: number, perSecond: number): DatagramSender => {
  const socket = createSocket("udp4")
  socket.on("error", () => undefined)
  const began = monotonicMs()
  let sent = 0
  let skipped = 0
  const timer = setInterval(() => {
    const due = Math.floor(((monotonicMs() - began) * perSecond) / 1000) - sent - skipped
    const now = Math.min(due, burstMax)
    skipped += due - now
    for (let count = 0; count < now; count++) {
      const bytes = Buffer.allocUnsafe(4)
      bytes.writeUInt32BE(sent++, 0)
      socket.send(bytes, port, address)
    }
  }, 1)
  return {
    sent: () => sent,
    stop: async () => {
      clearInterval(timer)
      await new Promise((resolve) => setTimeout(resolve, lastOnesMs))
      socket.close()
      return sent
    },
  }
}
