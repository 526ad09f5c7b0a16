import { isGroupMac, type Mac } from "../src/net/mac.ts"
import { type Lan, plugOf } from "./lan.ts"
import type { Packet, Port, Stations } from "./packet.ts"

/** A Linux bridge forgets a station after so long (ageing_time). */
const ageingMs = 300_000

/** Where a frame goes: the switch learns its sender's port, and floods what is for a group or for nobody it has seen. */
export const switched = (
  lan: Lan,
  { segment, from }: Packet,
  { source, destination }: Stations,
  now: number,
): Port | "all" => {
  if (!lan.mute.has(plugOf(segment, from))) lan.seenAt.set(stationOf(segment, source), { port: from, at: now })
  if (isGroupMac(destination)) return "all"
  const seen = lan.seenAt.get(stationOf(segment, destination))
  return seen === undefined || now > seen.at + ageingMs ? "all" : seen.port
}

const stationOf = (segment: number, mac: Mac): number => segment * 2 ** 48 + mac
