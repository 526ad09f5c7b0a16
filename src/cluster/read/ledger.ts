import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { field, isObject, listAt, numberAt, textAt } from "../../kubernetes/json.ts"
import { parseTimestamp, printTimestamp } from "../../kubernetes/timestamp.ts"
import { type NonEmpty, parseAddress, printAddress } from "../../net/address.ts"
import { type AddressLedger, givenBys, type LedgerEntry, type LedgerOwner } from "../ledger.ts"
import type { PoolName, ServiceName } from "../name.ts"
import { type Faults, readList, readName } from "./fault.ts"

export const confirmAnnotation = "porchlight.dev/confirm-release"

/** A ledger holds a block of 256 addresses; more entries than this is no ledger of ours. */
const entriesMax = 1024
/** Grants travel in 32 bits of a beat. */
const grantMax = 2 ** 32 - 1

export const readLedger = (object: JsonObject, faults: Faults): AddressLedger | undefined => {
  const name = readName(object, faults)
  const pool = textAt(object, "spec", "pool")
  if (name === undefined) return undefined
  if (pool === undefined || pool === "") {
    faults.add(
      "spec.pool",
      pool,
      "left-out",
      "it names no pool",
      "restore the ledger, or delete it: addresses in use are then adopted from the Services",
    )
    return undefined
  }
  const items = (readList(field(object, "spec", "entries"), "spec.entries", faults) ?? []).slice(0, entriesMax)
  return {
    name,
    pool: pool as PoolName,
    resourceVersion: textAt(object, "metadata", "resourceVersion") ?? "",
    grantFloor: Math.min(grantMax, Math.max(0, Math.trunc(numberAt(object, "spec", "grantFloor") ?? 0))),
    entries: items.flatMap((item, index) => readEntry(item, pool as PoolName, `spec.entries[${index}]`, faults)),
    confirmedRelease: textAt(object, "metadata", "annotations", confirmAnnotation),
  }
}

const readEntry = (item: Json, pool: PoolName, path: string, faults: Faults): readonly LedgerEntry[] => {
  const address = parseAddress(textAt(item, "address") ?? "")
  const grant = numberAt(item, "grant")
  const owners = listAt(item, "owners").flatMap(readOwner)
  const freedAt = parseTimestamp(textAt(item, "freedAt") ?? "")
  const since = parseTimestamp(textAt(item, "since") ?? "")
  const numbered = grant !== undefined && Number.isInteger(grant) && grant >= 0 && grant <= grantMax
  if (address === undefined || !numbered || owners.length === 0 || (freedAt === undefined && since === undefined)) {
    faults.add(
      path,
      item,
      "part-left-out",
      "it does not say who has which address, since when, under which grant",
      "remove the entry: the address is then adopted from its Service",
    )
    return []
  }
  const entry = { address, pool, grant, owners: owners as readonly LedgerOwner[] as NonEmpty<LedgerOwner> }
  if (freedAt !== undefined) return [{ ...entry, state: "freed", freedAt }]
  const by = givenBys.find((known) => known === textAt(item, "by"))
  return [{ ...entry, state: "given", since: since ?? 0, by }]
}

const readOwner = (item: Json): readonly LedgerOwner[] => {
  const service = textAt(item, "service")
  if (!isObject(item) || service === undefined || !service.includes("/")) return []
  return [{ service: service as ServiceName, uid: textAt(item, "uid") ?? "", terms: textAt(item, "terms") ?? "" }]
}

/** The `spec` of an AddressLedger, entries in the order given. */
export const printLedgerSpec = (ledger: Pick<AddressLedger, "pool" | "grantFloor" | "entries">): JsonObject => ({
  pool: ledger.pool,
  grantFloor: ledger.grantFloor,
  entries: ledger.entries.map((entry) => ({
    address: printAddress(entry.address),
    grant: entry.grant,
    ...(entry.state === "given" ? { since: printTimestamp(entry.since) } : { freedAt: printTimestamp(entry.freedAt) }),
    ...(entry.state === "given" && entry.by !== undefined ? { by: entry.by } : {}),
    owners: entry.owners.map(({ service, uid, terms }) => ({ service, uid, ...(terms === "" ? {} : { terms }) })),
  })),
})
