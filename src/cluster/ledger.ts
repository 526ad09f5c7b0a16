import { type Address, type NonEmpty, printAddress } from "../net/address.ts"
import type { PoolName, ServiceName } from "./name.ts"

/** One Service that has an address. */
export type LedgerOwner = {
  readonly service: ServiceName
  readonly uid: string
  /**
   * Sharing key, backend and ports under which it shares, empty where it shares with nobody. When sharers stop fitting
   * together, those who still stand by their terms keep the address.
   */
  readonly terms: string
}

type Recorded = { readonly address: Address; readonly pool: PoolName; readonly grant: number }

/**
 * Why somebody was given this address. `wish`: asked for by address. `former`: it had it before. `choice`: the lowest
 * that was free or might be shared. `adopted`: its status named it before there was a ledger.
 */
export type GivenBy = (typeof givenBys)[number]
export const givenBys = ["wish", "former", "choice", "adopted"] as const

/** What an AddressLedger says of one address. Times are seconds since 1970. */
export type LedgerEntry =
  | (Recorded & {
      readonly state: "given"
      readonly owners: NonEmpty<LedgerOwner>
      readonly since: number
      /** Undefined: not told, or others have joined or left since. */
      readonly by: GivenBy | undefined
    })
  /** Nobody has it; its last owners are remembered, so that a re-created Service gets it back. */
  | (Recorded & { readonly state: "freed"; readonly owners: NonEmpty<LedgerOwner>; readonly freedAt: number })

/** One AddressLedger object: up to 256 addresses of one pool. */
export type AddressLedger = {
  readonly name: string
  readonly pool: PoolName
  readonly resourceVersion: string
  readonly entries: readonly LedgerEntry[]
  /**
   * Grants of entries that are not here (any more) were not above this. A new object starts at the wall clock, so that
   * grants go on rising though somebody deleted the old one.
   */
  readonly grantFloor: number
  /** Annotation `porchlight.dev/confirm-release`: the code of a mass release that a person allows. */
  readonly confirmedRelease: string | undefined
}

/** All ledgers together. */
export type Ledger = {
  readonly objects: ReadonlyMap<string, AddressLedger>
  /** Where two objects name one address, the entry with the higher grant. */
  readonly entries: ReadonlyMap<Address, LedgerEntry>
  /** The ledger object that holds an address' entry. */
  readonly objectOf: ReadonlyMap<Address, string>
  /** Addresses whose entry names the Service as owner or last owner. */
  readonly addressesOf: ReadonlyMap<ServiceName, ReadonlySet<Address>>
}

/** Pools of which somebody has an address. */
export const poolsThatGive = ({ entries }: Ledger): ReadonlySet<PoolName> =>
  new Set([...entries.values()].filter(({ state }) => state === "given").map(({ pool }) => pool))

/**
 * The object a new entry of `address` goes to. It depends on nothing but pool and address, so two controllers that give
 * one address at once write to one object, and its resourceVersion lets only one of them. `POOL-N`: N is the
 * address' block of 256, as its first address for IPv4 (`first-pool-10.69.1.0`), as 30 hexadecimal digits for IPv6.
 */
export const ledgerNameFor = (pool: PoolName, address: Address): string =>
  typeof address === "number"
    ? `${pool}-${printAddress((address - (address % 256)) as typeof address)}`
    : `${pool}-${(address >> 8n).toString(16).padStart(30, "0")}`
