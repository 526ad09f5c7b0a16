import type { Address } from "../net/address.ts"

/** An address as a Map key: V8 hashes only the low digits of a bigint, so IPv6 is keyed by its text. */
export type AddressIndex = number | string

export const addressIndex = (address: Address): AddressIndex =>
  typeof address === "number" ? address : address.toString(36)
