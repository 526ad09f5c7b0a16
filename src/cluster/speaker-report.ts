import type { Address } from "../net/address.ts"
import type { Mac } from "../net/mac.ts"
import type { NodeName } from "./name.ts"

/** A link as a node's Speaker object reports it. Links that the speaker excludes by name are not in the report. */
export type ReportedInterface = {
  readonly name: string
  readonly mac: Mac | undefined
  /** Switched on and frames pass. */
  readonly up: boolean
  /** Wi-Fi: radios and access points lose ARP and move slowly. */
  readonly wireless: boolean
  /** The bridge, bond or team that speaks for it. */
  readonly master: string | undefined
  /** With the length of the connected prefix; IPv6 link-local ones may be left out. */
  readonly addresses: readonly { readonly address: Address; readonly length: number }[]
}

/** An address that somebody else answers for, as a speaker saw on the wire. `node`: it is that node's MAC. */
export type Contest = { readonly mac: Mac; readonly class: string; readonly node?: string }

/** An address this node answers for. */
export type ReportedHold = { readonly grant: number; readonly epoch: number; readonly since: string }

/** What a node's Speaker object says; `dataPlaneReady` never excludes a node: it waits longer (fail open). */
export type SpeakerReport = {
  readonly node: NodeName
  readonly interfaces: readonly ReportedInterface[]
  readonly dataPlaneReady: boolean
  readonly contested: ReadonlyMap<Address, Contest>
  readonly holds: ReadonlyMap<Address, ReportedHold>
  /** Nodes whose beats it receives on any network. */
  readonly hears: readonly NodeName[]
}
