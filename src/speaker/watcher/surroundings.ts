import type { Cluster } from "../../cluster/cluster.ts"
import type { Address } from "../../net/address.ts"
import { type AddressRange, rangeBetween, rangeHolds } from "../../net/range.ts"
import type { Surroundings } from "../intent.ts"

/** How far a free address is looked for from the end of a range: past it the pool counts as full. */
const controlLooksMax = 64

/** What the announcer must know of the cluster besides what to hold. `cluster`: the uid of the Namespace kube-system. */
export const surroundingsFrom = (cluster: Cluster, clusterId: string): Surroundings => {
  const ranges = rangesOf(cluster)
  return {
    cluster: clusterId,
    members: [...cluster.nodes.values()].map(({ name, addresses }) => ({
      node: name,
      addresses,
      reported: (cluster.speakers.get(name)?.interfaces ?? []).map((link) => ({
        mac: link.mac,
        addresses: link.addresses.map(({ address }) => address),
      })),
    })),
    ranges: [...ranges, ...strays(cluster, ranges)],
    links: advertisedLinks(cluster),
    controls: controlAddresses(cluster, ranges),
    dhcp: cluster.reserved.flatMap(({ kind, range }) =>
      kind === "dhcp-range" || kind === "dhcp-reservation" ? [range] : [],
    ),
  }
}

/** Of the pools, and of those that are gone while the ledger still gives addresses of theirs. */
const rangesOf = ({ configuration: { pools, retired } }: Cluster): readonly AddressRange[] =>
  [...pools.values(), ...retired.values()].flatMap((pool) => pool.ranges)

/** Addresses that the ledger gives though no pool holds them any more: they are answered for until it frees them. */
const strays = ({ ledger }: Cluster, ranges: readonly AddressRange[]): readonly AddressRange[] =>
  [...ledger.entries.values()].flatMap(({ state, address }) =>
    state === "freed" || ranges.some((range) => rangeHolds(range, address))
      ? []
      : (rangeBetween(address, address) ?? []),
  )

/**
 * Interfaces that any advertisement names, whatever nodes it is for: a speaker that may not announce there is still a
 * witness of those that may. Undefined where one names none, or there is none yet.
 */
const advertisedLinks = ({ configuration }: Cluster): readonly string[] | undefined => {
  const names = new Set<string>()
  for (const { interfaces } of configuration.advertisements) {
    if (interfaces.length === 0) return undefined
    for (const name of interfaces) names.add(name)
  }
  return names.size === 0 ? undefined : [...names].sort()
}

/** The last address of each range that nobody was given: who answers for it answers for everything. */
const controlAddresses = (cluster: Cluster, ranges: readonly AddressRange[]): readonly Address[] => {
  const taken = new Set<Address>(cluster.ledger.entries.keys())
  for (const { reported } of cluster.services.values()) for (const address of reported) taken.add(address)
  return ranges.flatMap((range) => {
    for (let back = 0; back < controlLooksMax; back++) {
      const address = before(range, back)
      if (address === undefined) break
      if (!taken.has(address)) return [address]
    }
    return []
  })
}

const before = (range: AddressRange, back: number): Address | undefined => {
  const address = range.family === 4 ? range.last - back : range.last - BigInt(back)
  return address < range.first ? undefined : (address as Address)
}
