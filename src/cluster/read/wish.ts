import type { JsonObject } from "../../kubernetes/http.ts"
import { textAt } from "../../kubernetes/json.ts"
import { type Address, familyOf, isMappedIpv4, type NonEmpty, parseAddress } from "../../net/address.ts"
import type { Labels, PoolName } from "../name.ts"
import type { Wish } from "../service.ts"
import { addressesAnnotation, annotationValue, poolAnnotation } from "./annotation.ts"

const specField = "spec.loadBalancerIP"
const annotationField = `metadata.annotations.${addressesAnnotation}`

/** What a Service asks for: a pool, addresses, both, or neither (MetalLB's rules, metallb.io/docs "usage"). */
export const readWish = (object: JsonObject, annotations: Labels): Wish => {
  const pool = (annotationValue(annotations, poolAnnotation) || undefined) as PoolName | undefined
  const listed = annotationValue(annotations, addressesAnnotation) ?? ""
  const single = textAt(object, "spec", "loadBalancerIP") ?? ""
  if (listed !== "" && single !== "") return { kind: "contradiction", fields: [annotationField, specField] }
  if (listed !== "") return readAddresses(annotationField, listed, listed.split(","), pool)
  if (single !== "") return readAddresses(specField, single, [single], pool)
  return pool === undefined ? { kind: "any" } : { kind: "pool", pool }
}

const readAddresses = (field: string, value: string, texts: readonly string[], pool: PoolName | undefined): Wish => {
  const malformed = (because: string): Wish => ({ kind: "malformed", field, value, because })
  if (texts.length > 2) return malformed("a Service has at most one address a family")
  const addresses: Address[] = []
  for (const text of texts) {
    const address = parseAddress(text.trim())
    if (address === undefined) return malformed(`"${text.trim().slice(0, 64)}" is no address`)
    if (typeof address === "bigint" && isMappedIpv4(address)) return malformed("an IPv4 address is written as IPv6")
    if (addresses.some((other) => familyOf(other) === familyOf(address)))
      return malformed("two addresses are of one family")
    addresses.push(address)
  }
  return { kind: "addresses", addresses: addresses as readonly Address[] as NonEmpty<Address>, pool }
}
