import type { Address } from "../../net/address.ts"
import { sameValue } from "../equal.ts"
import type { AddressLedger, Ledger, LedgerEntry } from "../ledger.ts"
import type { ServiceName } from "../name.ts"

/** All ledgers with their indexes, kept up object by object. */
export type LedgerBook = {
  readonly ledger: Ledger
  /** Puts an object in, or takes it out; answers whom its entries named before or name now, where they differ. */
  readonly put: (name: string, ledger: AddressLedger | undefined) => ReadonlySet<ServiceName>
}

export const createLedgerBook = (): LedgerBook => {
  const objects = new Map<string, AddressLedger>()
  const entries = new Map<Address, LedgerEntry>()
  const objectOf = new Map<Address, string>()
  const addressesOf = new Map<ServiceName, Set<Address>>()

  /** `name` has put `fresh` for the address. Only where the best entry went or fell must all objects be asked. */
  const index = (name: string, address: Address, fresh: LedgerEntry | undefined): void => {
    const best = entries.get(address)
    const mine = objectOf.get(address) === name
    if (best !== undefined && !mine && (fresh === undefined || fresh.grant <= best.grant)) return
    const fell = mine && best !== undefined && (fresh === undefined || fresh.grant < best.grant)
    const chosen = fell ? bestOf(objects, address) : fresh === undefined ? undefined : ([name, fresh] as const)
    unindex(address)
    if (chosen === undefined) return
    entries.set(address, chosen[1])
    objectOf.set(address, chosen[0])
    for (const { service } of chosen[1].owners)
      addressesOf.set(service, (addressesOf.get(service) ?? new Set()).add(address))
  }

  const unindex = (address: Address): void => {
    for (const { service } of entries.get(address)?.owners ?? []) {
      const addresses = addressesOf.get(service)
      addresses?.delete(address)
      if (addresses?.size === 0) addressesOf.delete(service)
    }
    entries.delete(address)
    objectOf.delete(address)
  }

  return {
    ledger: { objects, entries, objectOf, addressesOf },
    put: (name, ledger) => {
      const before = byAddress(objects.get(name))
      const now = byAddress(ledger)
      if (ledger === undefined) objects.delete(name)
      else objects.set(name, ledger)
      const named = new Set<ServiceName>()
      for (const address of new Set([...before.keys(), ...now.keys()])) {
        const [old, fresh] = [before.get(address), now.get(address)]
        if (sameValue(old, fresh)) continue
        for (const entry of [old, fresh]) for (const { service } of entry?.owners ?? []) named.add(service)
        index(name, address, fresh)
      }
      return named
    },
  }
}

/** Two objects may name one address after a pool was renamed by hand; the higher grant is the later giving. */
const bestOf = (
  objects: ReadonlyMap<string, AddressLedger>,
  address: Address,
): readonly [string, LedgerEntry] | undefined => {
  let best: readonly [string, LedgerEntry] | undefined
  for (const [name, object] of objects) {
    const entry = byAddress(object).get(address)
    if (entry !== undefined && (best === undefined || entry.grant > best[1].grant)) best = [name, entry]
  }
  return best
}

/** One index an object, made once: objects are never changed. */
const indexes = new WeakMap<AddressLedger, ReadonlyMap<Address, LedgerEntry>>()
const nothing: ReadonlyMap<Address, LedgerEntry> = new Map()

const byAddress = (ledger: AddressLedger | undefined): ReadonlyMap<Address, LedgerEntry> => {
  if (ledger === undefined) return nothing
  const made = indexes.get(ledger) ?? new Map(ledger.entries.map((entry) => [entry.address, entry]))
  indexes.set(ledger, made)
  return made
}

/** The ledger of a list of objects, for those who have them all at once. */
export const ledgerOf = (objects: Iterable<AddressLedger>): Ledger => {
  const book = createLedgerBook()
  for (const object of objects) book.put(object.name, object)
  return book.ledger
}
