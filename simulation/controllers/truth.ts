import type { JsonObject } from "../../src/kubernetes/http.ts"
import { listAt, textAt, textsAt } from "../../src/kubernetes/json.ts"
import { parseAddress } from "../../src/net/address.ts"
import { type AddressRange, rangeHolds, rangesOverlap } from "../../src/net/range.ts"
import { readRange } from "../../src/cluster/read/range.ts"
import type { Etcd } from "./etcd.ts"

/** Who has an address by the ledgers, naively: whoever any entry of any object names that is not freed. */
export type Owner = { readonly service: string; readonly uid: string }
export type Owners = ReadonlyMap<string, readonly Owner[]>

const given = new WeakMap<JsonObject, readonly (readonly [string, Owner])[]>()

const givenIn = (ledger: JsonObject): readonly (readonly [string, Owner])[] => {
  const made =
    given.get(ledger) ??
    listAt(ledger, "spec", "entries")
      .filter((entry) => textAt(entry, "freedAt") === undefined)
      .flatMap((entry) =>
        listAt(entry, "owners").map((owner) => {
          const [service, uid] = [textAt(owner, "service") ?? "", textAt(owner, "uid") ?? ""]
          return [textAt(entry, "address") ?? "", { service, uid }] as const
        }),
      )
  given.set(ledger, made)
  return made
}

export const ownersOf = (ledgers: Iterable<JsonObject>): Owners => {
  const owners = new Map<string, Owner[]>()
  for (const ledger of ledgers)
    for (const [address, owner] of givenIn(ledger)) {
      const known = owners.get(address) ?? []
      if (!known.some(({ uid }) => uid === owner.uid)) owners.set(address, [...known, owner])
    }
  return owners
}

export const uidOf = (object: JsonObject): string => textAt(object, "metadata", "uid") ?? ""
export const isBalanced = (object: JsonObject): boolean => textAt(object, "spec", "type") === "LoadBalancer"

/** What its status says, in order of text. */
export const statusOf = (service: JsonObject | undefined): readonly string[] =>
  listAt(service, "status", "loadBalancer", "ingress")
    .map((entry) => textAt(entry, "ip") ?? "")
    .toSorted()

/** The name of the pool that holds an address; undefined: none. Of overlapping ranges the older pool's counts. */
export const poolOf = (etcd: Etcd, text: string): string | undefined => {
  const address = parseAddress(text)
  const taken: AddressRange[] = []
  for (const pool of [...etcd.all("ipaddresspools").values()].toSorted(byAge))
    for (const entry of textsAt(pool, "spec", "addresses")) {
      const read = readRange(entry)
      if (read.kind === "fault" || taken.some((range) => rangesOverlap(range, read.range))) continue
      if (address !== undefined && rangeHolds(read.range, address)) return textAt(pool, "metadata", "name")
      taken.push(read.range)
    }
  return undefined
}

const byAge = (a: JsonObject, b: JsonObject): number => (ageOf(a) < ageOf(b) ? -1 : 1)
const ageOf = (object: JsonObject): string =>
  `${textAt(object, "metadata", "creationTimestamp")} ${textAt(object, "metadata", "name")}`

/** Every address of a pool, which in these stories are few. */
export const addressesIn = (pool: JsonObject, family: "4" | "6"): readonly string[] =>
  textsAt(pool, "spec", "addresses").flatMap((text) => {
    if (text.includes(":") !== (family === "6")) return []
    const [first = "", last = first] = text.split("-")
    const separator = family === "4" ? "." : ":"
    const radix = family === "4" ? 10 : 16
    const head = first.slice(0, first.lastIndexOf(separator) + 1)
    const [from, to] = [first, last].map((end) => Number.parseInt(end.slice(end.lastIndexOf(separator) + 1), radix))
    return Array.from({ length: to! - from! + 1 }, (_, index) => head + (from! + index).toString(radix))
  })
