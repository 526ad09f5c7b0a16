import type { NonEmpty } from "../../net/address.ts"
import type { Service, Wish } from "../../cluster/service.ts"
import { type Address, familyOf } from "../../net/address.ts"
import type { AllocationReason } from "./allocation.ts"
import { type Families, familiesOf } from "./families.ts"

/** A Service of ours that can be given an address. */
export type Request = {
  readonly service: Service
  readonly families: Families
  readonly wish: Wish & { readonly kind: "any" | "pool" | "addresses" }
  /** Its wish cannot be understood: it keeps what it has, and gets nothing new. */
  readonly misunderstood: AllocationReason | undefined
}

/** What a Service asks for, or why nothing can be given to it at all. */
export const requestOf = (service: Service, wish: Wish): Request | AllocationReason => {
  const families = familiesOf(service)
  if ("code" in families) return families
  const misunderstood = misunderstanding(wish, families)
  const understood = wish.kind === "any" || wish.kind === "pool" || wish.kind === "addresses" ? wish : undefined
  return {
    service,
    families,
    misunderstood,
    wish: misunderstood === undefined && understood !== undefined ? understood : { kind: "any" },
  }
}

const misunderstanding = (wish: Wish, families: Families): AllocationReason | undefined => {
  switch (wish.kind) {
    case "any":
    case "pool":
      return undefined
    case "contradiction":
      return { code: "contradicting-wishes", fields: wish.fields }
    case "malformed":
      return { code: "malformed-wish", field: wish.field, value: wish.value, because: wish.because }
    case "addresses":
      return sameFamilies(wish.addresses, families)
        ? undefined
        : { code: "wished-families-differ", wished: wish.addresses, families: families.wanted }
  }
}

const sameFamilies = (wished: NonEmpty<Address>, { wanted }: Families): boolean =>
  wished.length === wanted.length && wanted.every((family) => wished.some((address) => familyOf(address) === family))
