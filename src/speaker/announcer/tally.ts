import type { Address } from "../../net/address.ts"

/** MetalLB's three counters of one address. */
export type AddressTally = { requestsReceived: number; responsesSent: number; gratuitousSent: number }

/** What was heard and said, for metrics. Labels are bounded by the addresses this node ever answered for. */
export class Tally {
  readonly addresses: Map<Address, AddressTally> = new Map()
  /** By reason: malformed frames, refused beats, sends that the kernel refused. Reasons are closed unions and errno names. */
  readonly dropped: Map<string, number> = new Map()
  /** Addresses this node took or let go, by reason: the codes of a closed union. */
  readonly moves: Map<string, number> = new Map()
  beatsSent = 0
  beatsReceived = 0

  of(address: Address): AddressTally {
    const known = this.addresses.get(address)
    if (known !== undefined) return known
    const fresh = { requestsReceived: 0, responsesSent: 0, gratuitousSent: 0 }
    this.addresses.set(address, fresh)
    return fresh
  }

  drop(reason: string): void {
    count(this.dropped, reason)
  }

  move(reason: string): void {
    count(this.moves, reason)
  }
}

const count = (counts: Map<string, number>, of: string): void => void counts.set(of, (counts.get(of) ?? 0) + 1)
