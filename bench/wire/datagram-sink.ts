import { createSocket } from "node:dgram"
import { readFileSync } from "node:fs"
import { createServer } from "node:net"
import { bindSocket } from "../../src/lab/namespace.ts"
import { raiseReceiveBuffer } from "../../src/edge/link/libc.ts"

/** What came of numbered datagrams. */
export type Received = {
  readonly received: number
  /** The longest row of numbers that never came. */
  readonly longestRow: number
  /** How many of them the kernel threw away here because this program was too slow: no fault of the way. */
  readonly droppedHere: number
}

/** In a pod: counts numbered datagrams, and sends back what comes over TCP. */
export type DatagramSink = {
  /** Forgets what came before. */
  readonly reset: () => void
  /** @param sent numbers 0 to one below that were sent */
  readonly read: (sent: number) => Received
}

/** Seconds of 5,000 packets each while this program waits for a processor. */
const receiveBufferBytes = 64 << 20
const numbersMax = 1 << 24

export const openDatagramSink = (namespace: string, udpPort: number, tcpPort: number): DatagramSink => {
  const came = new Uint8Array(numbersMax)
  let dropsBefore = 0
  const fd = bindSocket(namespace, "udp", "any", udpPort)
  raiseReceiveBuffer(fd, receiveBufferBytes)
  const socket = createSocket({ type: "udp6" })
  socket.on("message", (bytes) => {
    if (bytes.length >= 4) came[bytes.readUInt32BE(0)] = 1
  })
  socket.bind({ fd })
  createServer((stream) => {
    stream.setNoDelay(true).on("error", () => stream.destroy())
    stream.pipe(stream)
  }).listen({ fd: bindSocket(namespace, "tcp", "any", tcpPort) })
  return {
    reset: () => {
      came.fill(0)
      dropsBefore = dropsAt(udpPort)
    },
    read: (sent) => {
      let [received, row, longestRow] = [0, 0, 0]
      for (const one of came.subarray(0, sent)) {
        received += one
        row = one === 1 ? 0 : row + 1
        longestRow = Math.max(longestRow, row)
      }
      return { received, longestRow, droppedHere: dropsAt(udpPort) - dropsBefore }
    },
  }
}

/** The last column of proc_net(5)'s udp6, or of udp where the kernel has no IPv6. */
const dropsAt = (port: number): number => {
  const local = `:${port.toString(16).toUpperCase().padStart(4, "0")}`
  for (const file of ["/proc/self/net/udp6", "/proc/self/net/udp"])
    try {
      for (const line of readFileSync(file, "utf8").split("\n")) {
        const fields = line.trim().split(/\s+/)
        if (fields[1]?.endsWith(local) === true) return Number(fields.at(-1))
      }
    } catch {
      continue
    }
  return 0
}
