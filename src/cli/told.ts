import type { Json, JsonObject } from "../kubernetes/http.ts"
import { type Address, printAddress } from "../net/address.ts"
import { type Mac, printMac } from "../net/mac.ts"
import { type AddressRange, printRange } from "../net/range.ts"

/** A reason as people and programs read it: the code with its facts, and the sentence. */
export type Told = { readonly code: string; readonly facts: JsonObject; readonly says: string }

type Coded = { readonly code: string }

/** A member of one of decision's unions, said. Its numbers become the texts that people know: addresses, MACs, ranges. */
export const tell = <Reason extends Coded>(reason: Reason, sentence: (reason: Reason) => string): Told => {
  const { code, ...facts } = reason
  return { code, facts: factsOf(facts), says: sentence(reason) }
}

export const tellAll = <Reason extends Coded>(
  reasons: readonly Reason[],
  sentence: (reason: Reason) => string,
): readonly Told[] => reasons.map((reason) => tell(reason, sentence))

/** What is so, of a sentence that goes on to say what to do about it. */
export const clauseOf = (sentence: string): string => sentence.split("; ")[0]!

/** Fields whose numbers are addresses; a name in the same field stays a name. */
const addressFields: ReadonlySet<string> = new Set(["address", "addresses", "wished", "clusterAddresses"])

const factsOf = (facts: object): JsonObject =>
  Object.fromEntries(
    Object.entries(facts)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [name, factOf(name, value)]),
  )

const factOf = (name: string, value: unknown): Json => {
  if (typeof value === "number" || typeof value === "bigint") return numberOf(name, value)
  if (Array.isArray(value) || value instanceof Set) return [...value].map((item) => factOf(name, item))
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), factOf("", item)]))
  if (typeof value === "object" && value !== null)
    return name === "range" ? printRange(value as AddressRange) : factsOf(value)
  return typeof value === "string" || typeof value === "boolean" ? value : String(value)
}

/** JSON has no 64-bit integers: a larger one is written as text. */
const numberOf = (name: string, value: number | bigint): Json => {
  if (addressFields.has(name)) return printAddress(value as Address)
  if (name === "mac") return printMac(value as Mac)
  return typeof value === "bigint" && value > BigInt(Number.MAX_SAFE_INTEGER) ? String(value) : Number(value)
}
