import { type Address, compareAddresses, printAddress } from "../../net/address.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { Service } from "../../cluster/service.ts"
import { compareAge } from "../allocate/allocator.ts"
import { heldBy, type Surroundings } from "../allocate/surroundings.ts"
import type { AddressGroup } from "./election.ts"

/**
 * Addresses a speaker answers for on behalf of a Service: those its ledger gives it (where there is no ledger yet, those
 * in its status), never any other that a status names, nor a node's own address beside others. In the order of the
 * status, so that the first is MetalLB's.
 */
export const addressesToAnnounce = (around: Surroundings, service: Service): readonly Address[] => {
  if (service.exposure.kind !== "ours") return nothing
  const held = heldBy(around, service).addresses
  if (held.length < 2) return held
  const others = held.filter((address) => !around.nodes.has(address))
  const addresses = others.length > 0 ? others : held
  const reported = service.reported.filter((address) => addresses.includes(address))
  return [...reported, ...addresses.filter((address) => !reported.includes(address))]
}

const nothing: readonly Address[] = []

/** One group from all Services that are connected by shared addresses. */
export const groupOf = (
  cluster: Cluster,
  members: readonly Service[],
  addressesOf: (service: Service) => readonly Address[],
): AddressGroup => {
  const [only] = members
  const own = members.length === 1 && only !== undefined ? addressesOf(only) : []
  if (only !== undefined && own.length === 1)
    return {
      key: printAddress(own[0]!),
      services: [only.name],
      addresses: [own[0]!],
      grant: grantOf(cluster, own[0]!),
      moveTo: only.moveTo,
    }
  const services = members.length === 1 ? members : members.toSorted(compareAge)
  const oldest = services[0]!
  const ballot = addressesOf(oldest)[0]!
  const others = new Set(services.flatMap((service) => addressesOf(service)))
  others.delete(ballot)
  return {
    key: printAddress(ballot),
    services: [oldest.name, ...services.slice(1).map(({ name }) => name)],
    addresses: [ballot, ...[...others].sort(compareAddresses)],
    grant: [ballot, ...others].reduce((highest, address) => Math.max(highest, grantOf(cluster, address)), 0),
    moveTo: services.find(({ moveTo }) => moveTo !== undefined)?.moveTo,
  }
}

/** The number of the giving of an address; 0 where no ledger gave it. */
export const grantOf = (cluster: Cluster, address: Address): number => {
  const entry = cluster.ledger.entries.get(address)
  return entry?.state === "given" ? entry.grant : 0
}
