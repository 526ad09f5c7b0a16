import type { Cluster } from "../cluster/cluster.ts"
import { sameValue } from "../cluster/equal.ts"
import type { AddressLedger } from "../cluster/ledger.ts"
import type { ServiceName } from "../cluster/name.ts"
import type { Service } from "../cluster/service.ts"
import { ledgerOf } from "../cluster/read/ledger-book.ts"
import { addressesOf, type LedgerWrite, ledgerChanges, ledgerWrites } from "./allocate/ledger-change.ts"
import type { Allocations } from "./allocate/allocator.ts"
import { decide, type Decisions } from "./decide.ts"
import type { Ranking } from "./elect/ranking.ts"

/** Allocation reads its own output through status and ledger; two rounds are the rule, more would be a fault of ours. */
const roundsMax = 8

export type Settled = { readonly cluster: Cluster; readonly decisions: Decisions; readonly rounds: number }

/**
 * Decides and applies until nothing changes: where the daemons will be once all they write is read again. The brake of
 * mass releases is left out: this says what would follow, the controller whether it asks first.
 */
export const settle = (cluster: Cluster, wallSeconds: number, ranking?: Ranking): Settled => {
  let at = cluster
  for (let rounds = 1; ; rounds++) {
    const decisions = decide(at, wallSeconds, ranking)
    const next = apply(at, decisions.allocations, wallSeconds)
    if (next === at || rounds === roundsMax) return { cluster: at, decisions, rounds }
    at = next
  }
}

/** The snapshot after a controller has written the ledgers, then the status of each Service. The same object where nothing differs. */
export const apply = (cluster: Cluster, allocations: Allocations, wallSeconds: number): Cluster => {
  const changes = ledgerChanges(cluster, allocations, wallSeconds, undefined)
  const writes = ledgerWrites(cluster, changes, wallSeconds)
  const services = withStatus(cluster.services, allocations)
  if (writes.length === 0 && services === cluster.services) return cluster
  const objects = new Map(cluster.ledger.objects)
  for (const write of writes) objects.set(write.name, written(write, objects.get(write.name)))
  return { ...cluster, services, ledger: writes.length === 0 ? cluster.ledger : ledgerOf(objects.values()) }
}

const written = (
  { name, pool, grantFloor, entries, resourceVersion }: LedgerWrite,
  before: AddressLedger | undefined,
): AddressLedger => ({
  name,
  pool,
  grantFloor,
  entries,
  resourceVersion: resourceVersion ?? "",
  confirmedRelease: before?.confirmedRelease,
})

const withStatus = (services: Cluster["services"], allocations: Allocations): Cluster["services"] => {
  const changed = new Map<ServiceName, Service>()
  for (const [name, allocation] of allocations) {
    const service = services.get(name)
    if (service === undefined) continue
    const reported = addressesOf(allocation)
    const reportedPool = allocation.kind === "kept" || allocation.kind === "given" ? allocation.pool : undefined
    if (sameValue(reported, service.reported) && reportedPool === service.reportedPool) continue
    changed.set(name, { ...service, reported, reportedPool })
  }
  return changed.size === 0 ? services : new Map([...services, ...changed])
}
