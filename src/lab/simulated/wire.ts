import type { Address } from "../../net/address.ts"
import { isGroupMac, type Mac } from "../../net/mac.ts"
import { readUint16 } from "../../protocol/bytes/reader.ts"
import { EtherType } from "../../protocol/ethernet/frame.ts"
import type { Answer } from "../actors/ask.ts"
import type { World } from "./world.ts"

/** What goes over the wire: frames as they are, and what the kernel would carry, as values. */
export type Carried =
  | { readonly kind: "arp" | "ndp"; readonly bytes: Uint8Array }
  | { readonly kind: "beat"; readonly from: Address; readonly bytes: Uint8Array }
  /** A new connection's first packet, or a datagram. */
  | { readonly kind: "visit"; readonly visit: Visit }
  | { readonly kind: "answer"; readonly visit: Visit; readonly outcome: VisitOutcome }

export type Visit = {
  readonly id: number
  readonly from: Address
  readonly to: Address
  readonly protocol: "TCP" | "UDP"
  readonly port: number
}
export type VisitOutcome =
  | { readonly kind: "refused" }
  | { readonly kind: "answered"; readonly greeting: NonNullable<(Answer & { kind: "answered" })["greeting"]> }

/** Where a machine's cable ends in a switch. */
export type Port = {
  readonly machine: string
  /** The machine's interface. */
  readonly link: string
  readonly network: string
  readonly mac: Mac
  readonly addresses: readonly Address[]
  readonly hear: (carried: Carried, from: Port) => void
}

/** The switches of a lab. A frame reaches whom its address names, one to a group everybody; `isLost` says what does not arrive. */
export type Wire = {
  readonly plug: (port: Port) => void
  readonly send: (from: Port, to: Mac, carried: Carried) => void
  /** Whether something sent by one now would reach the other. */
  readonly carries: (from: Port, to: Port, kind: Carried["kind"]) => boolean
  readonly portOf: (network: string, address: Address) => Port | undefined
}

/** A frame that a program made. */
export const frameOf = (bytes: Uint8Array): Carried => ({
  kind: readUint16(bytes, etherTypeAt) === EtherType.arp ? "arp" : "ndp",
  bytes,
})

const etherTypeAt = 12

/** From a program to the wire, over it, and into the other kernel. */
const delayMs = 0.2

export const createWire = (world: World, isLost: (from: Port, to: Port, kind: Carried["kind"]) => boolean): Wire => {
  const networks = new Map<string, Port[]>()
  const carries: Wire["carries"] = (from, to, kind) => !isLost(from, to, kind)
  return {
    carries,
    plug: (port) => void networks.set(port.network, [...(networks.get(port.network) ?? []), port]),
    portOf: (network, address) => networks.get(network)?.find(({ addresses }) => addresses.includes(address)),
    send: (from, to, carried) => {
      const ports = networks.get(from.network) ?? []
      for (const port of ports) {
        if (port === from || !(isGroupMac(to) || port.mac === to) || !carries(from, port, carried.kind)) continue
        world.later(delayMs, () => port.hear(carried, from), carried.kind === "beat" ? "datagram" : "event")
      }
    },
  }
}
