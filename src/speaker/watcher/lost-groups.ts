import type { Cluster } from "../../cluster/cluster.ts"
import type { Ledger } from "../../cluster/ledger.ts"
import type { ServiceName } from "../../cluster/name.ts"
import { type Address, type NonEmpty, printAddress } from "../../net/address.ts"
import { after, type At, earliest, type Instant } from "../../time/instant.ts"
import { confirmCode, type HeldRemoval, isConfirmed, isMass } from "./removal-brake.ts"

/** An address group as it was last told to the announcer. */
export type ToldGroup = {
  readonly addresses: NonEmpty<Address>
  readonly services: readonly ServiceName[]
  readonly grant: number
}

/** What a look found. */
export type Found = {
  readonly cluster: Cluster
  /** Services seen deleted since the look before. */
  readonly deleted: ReadonlySet<ServiceName>
  /** Whether the Service has the address in a group of another key now. */
  readonly isElsewhere: (service: ServiceName, address: Address, key: string) => boolean
}

/** After an outage the lists of Services and of ledgers may be so far apart, and the controller needs a moment too. */
const waitMs = 40_000

/**
 * Groups that are gone though nobody gave their addresses back: the Service was not seen deleted, and the ledger, which
 * remembers what it freed, knows of no such thing. A few go after a while; many are an etcd that was restored, and stay.
 */
export class LostGroups {
  readonly #held = new Map<string, { readonly group: ToldGroup; readonly since: Instant }>()
  /** Too many were lost; it takes a person, or that each of them is explained. */
  #isMass = false

  /** Keys that are held, to be judged again at each look. */
  get keys(): Iterable<string> {
    return this.#held.keys()
  }

  /**
   * Of groups that nobody has any more, those to act on now.
   *
   * @param told how many groups were told in all
   */
  settle(gone: ReadonlyMap<string, ToldGroup>, told: number, found: Found, at: At): readonly string[] {
    const confirmed = isConfirmed(this.held[0]?.code, found.cluster.ledger)
    const settled = new Set([...gone].filter(([key, group]) => isMeant(key, group, found)).map(([key]) => key))
    for (const key of this.#held.keys()) if (!gone.has(key) || settled.has(key)) this.#held.delete(key)
    for (const [key, group] of gone)
      if (!settled.has(key) && !this.#held.has(key)) this.#held.set(key, { group, since: at.now })
    this.#isMass = this.#held.size > 0 && (this.#isMass || isMass(this.#held.size, told))
    for (const [key, { since }] of this.#held)
      if (confirmed || (!this.#isMass && at.now >= after(since, waitMs))) {
        this.#held.delete(key)
        settled.add(key)
      }
    this.#isMass &&= this.#held.size > 0
    return [...settled]
  }

  wakeAt(): Instant | undefined {
    return this.#isMass ? undefined : earliest(...[...this.#held.values()].map(({ since }) => after(since, waitMs)))
  }

  /** What a person should know of: nothing, or one thing. */
  get held(): readonly HeldRemoval[] {
    if (!this.#isMass || this.#held.size === 0) return []
    const lines = [...this.#held].map(([key, { group }]) => `${key} ${group.grant}`).sort()
    const keys = [...this.#held.values()].flatMap(({ group }) => group.addresses.map(printAddress))
    return [{ of: "Service", because: "addresses-lost", keys, code: confirmCode(lines) }]
  }
}

/** Whether somebody gave the addresses back: a person who deleted or changed each Service, or the controller. */
const isMeant = (key: string, { addresses, services }: ToldGroup, { cluster, deleted, isElsewhere }: Found): boolean =>
  services.every((name) => {
    const service = cluster.services.get(name)
    if (service === undefined ? deleted.has(name) : service.exposure.kind !== "ours") return true
    if (service !== undefined && cluster.ledger.objects.size === 0) return true
    return addresses.every((address) => isTakenFrom(cluster.ledger, name, address) || isElsewhere(name, address, key))
  })

/** The ledger remembers what it freed; of what it lost it says nothing. */
const isTakenFrom = (ledger: Ledger, name: ServiceName, address: Address): boolean => {
  const entry = ledger.entries.get(address)
  if (entry === undefined) return false
  return entry.state === "freed" || !entry.owners.some(({ service }) => service === name)
}
