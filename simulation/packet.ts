import type { Address } from "../src/net/address.ts"
import type { Mac } from "../src/net/mac.ts"
import type { Beat } from "../src/ownership/beat.ts"

/** A port of the simulated switch: nodes are 0 to n - 1, then gateway, client and stranger. */
export type Port = number

/** What an ARP or neighbour discovery frame says; its token, if it carries one, is already checked. */
export type Arp =
  | { readonly op: "request"; readonly target: Address; readonly mac: Mac; readonly nonce: number | undefined }
  | {
      readonly op: "reply"
      readonly address: Address
      readonly mac: Mac
      readonly token: { readonly nonce: number; readonly holds: number | undefined } | undefined
    }
  | {
      readonly op: "announcement"
      readonly address: Address
      readonly mac: Mac
      readonly token: { readonly grant: number; readonly epoch: number } | undefined
    }

/**
 * What crosses the LAN. The LAN looks at everything but `body`: a program that speaks in frames and datagrams puts bytes
 * there, and needs hosts that read them.
 */
export type Packet = {
  readonly channel: "beat" | "arp"
  readonly segment: number
  readonly from: Port
  /** One port, every other, or wherever the switch has learnt that station to be. */
  readonly to: Port | "all" | Stations
  readonly body: unknown
}

/** As an Ethernet frame names them. */
export type Stations = { readonly source: Mac; readonly destination: Mac }

export const beatIn = (packet: Packet): Beat => packet.body as Beat
export const arpIn = (packet: Packet): Arp => packet.body as Arp

export const macOf = (port: Port): Mac => (0x020000000000 + port + 1) as Mac
export const portOf = (mac: Mac): Port => mac - 0x020000000000 - 1
