import type { ServiceName } from "../../cluster/name.ts"
import type { Address } from "../../net/address.ts"
import type { Survey } from "./survey.ts"

/** The Services that have each address, oldest first. */
export const servicesByAddress = ({ settled }: Survey): ReadonlyMap<Address, readonly ServiceName[]> => {
  const services = new Map<Address, readonly ServiceName[]>()
  for (const { group } of settled.decisions.elections.values())
    for (const address of group.addresses) services.set(address, group.services)
  return services
}
