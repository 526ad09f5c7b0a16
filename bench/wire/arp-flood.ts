import { openPacketSocket } from "../../src/edge/link/packet-socket.ts"
import { parseIpv4 } from "../../src/net/address.ts"
import { broadcastMac, parseMac } from "../../src/net/mac.ts"
import { arpRequest } from "../../src/protocol/arp/frames.ts"
import { monotonicMs } from "./clock.ts"
import { ownLink } from "./own-link.ts"

export type Flood = {
  readonly address: string
  readonly perSecond: number
  readonly forMs: number
  readonly to?: string
}

const burst = 50

/** Sends questions for one address without a pause, at most so many a second; says how many left, and in what time. */
export const floodArp = (
  own: string,
  { address, perSecond, forMs, to }: Flood,
): { readonly sent: number; readonly tookMs: number } => {
  const link = ownLink()
  const [sender, target] = [parseIpv4(own), parseIpv4(address)]
  const destination = to === undefined ? broadcastMac : parseMac(to)
  if (sender === undefined || target === undefined || destination === undefined)
    throw new Error("an address that cannot be read")
  const socket = openPacketSocket({ link, protocol: "arp", ranges: [], onFrame: () => undefined })
  if ("kind" in socket) throw new Error(socket.message)
  const frame = arpRequest({ mac: link.mac, sender, target, destination, sealedToken: undefined })
  const began = monotonicMs()
  let sent = 0
  for (let now = began; now - began < forMs; now = monotonicMs()) {
    if (sent > ((now - began) * perSecond) / 1000) continue
    for (let count = 0; count < burst; count++) if (socket.send(frame) === undefined) sent++
  }
  socket.close()
  return { sent, tookMs: monotonicMs() - began }
}
