import { type Family, familyOf, type NonEmpty } from "../../net/address.ts"
import type { Service } from "../../cluster/service.ts"
import type { AllocationReason } from "./allocation.ts"

/** Families a Service wants addresses of; `optional` ones may be missing, `primary` is the one to have then. */
export type Families = { readonly wanted: NonEmpty<Family>; readonly bothNeeded: boolean; readonly primary: Family }

/** `spec.clusterIPs` says which families a Service has (MetalLB's rule), whatever `ipFamilies` says. */
export const familiesOf = (service: Service): Families | AllocationReason => {
  const [first, second, third] = service.clusterAddresses
  const { clusterAddresses, secondFamily } = service
  if (first === undefined) return { code: "no-cluster-address" }
  if (second === undefined) {
    if (secondFamily === "required") return { code: "second-family-missing", clusterAddresses }
    return { wanted: [familyOf(first)], bothNeeded: false, primary: familyOf(first) }
  }
  if (third !== undefined || familyOf(first) === familyOf(second) || secondFamily === "never")
    return { code: "unclear-families", clusterAddresses }
  return { wanted: [4, 6], bothNeeded: secondFamily === "required", primary: service.primaryFamily ?? 4 }
}
