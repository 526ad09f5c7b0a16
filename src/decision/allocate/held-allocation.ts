import type { ServiceName } from "../../cluster/name.ts"
import type { Allocation, AllocationReason } from "./allocation.ts"
import { asNonEmpty } from "./occupancy.ts"
import type { MassRelease } from "./release-brake.ts"

/**
 * What a Service has until a person confirms the release that waits: what was decided, without the addresses that others
 * have still. It gets what it is to have whole or not at all, but for a second address that joins what it has.
 */
export const heldAllocation = (
  service: ServiceName,
  allocation: Allocation | undefined,
  held: MassRelease | undefined,
): Allocation | undefined => {
  const awaited = held?.awaited.get(service)
  if (held === undefined || awaited === undefined) return allocation
  const [first, ...rest] = awaited.map(({ address, from }): AllocationReason => ({
    code: "release-awaited",
    address,
    from,
    confirmation: held.code,
  }))
  if (first === undefined) return allocation
  if (allocation?.kind === "given") return { kind: "pending", because: [first, ...rest], lost: allocation.lost }
  if (allocation?.kind !== "kept") return allocation
  const addresses = asNonEmpty(allocation.addresses.filter((one) => !awaited.some(({ address }) => address === one)))
  if (addresses === undefined) return { kind: "pending", because: [first, ...rest], lost: allocation.lost }
  return { ...allocation, addresses, added: [], passedOver: [...allocation.passedOver, first, ...rest] }
}
