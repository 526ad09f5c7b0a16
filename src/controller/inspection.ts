import type { Cluster } from "../cluster/cluster.ts"
import type { Ledger } from "../cluster/ledger.ts"
import type { ServiceName } from "../cluster/name.ts"
import { allKinds } from "../cluster/read/snapshot.ts"
import type { Allocations } from "../decision/allocate/allocator.ts"
import type { MassRelease } from "../decision/allocate/release-brake.ts"
import type { Json, JsonObject } from "../kubernetes/http.ts"
import { printTimestamp } from "../kubernetes/timestamp.ts"
import type { At, Instant } from "../time/instant.ts"
import { allocationSentence, massReleaseSentence } from "../wording/allocation.ts"
import { failureText } from "../wording/api-failure.ts"
import { problemText } from "../wording/problem.ts"
import type { PoolUse } from "./output.ts"
import type { LeaseSight, Recollection, WatchSight } from "./recollection.ts"
import { isRecorded, statusKey } from "./status-keeper.ts"

/** The parts of a controller that are worth a look. Its maps are the program's own: good until its next step. */
export type ControllerInside = {
  readonly identity: string
  readonly recollection: Recollection
  /** Of the last round; undefined before the first, and for one that does not lead. */
  readonly decided: { readonly cluster: Cluster; readonly allocations: Allocations } | undefined
  readonly pools: readonly PoolUse[]
  readonly held: MassRelease | undefined
  /** Services that the next round looks at. */
  readonly pending: ReadonlySet<ServiceName>
  readonly writes: { readonly waiting: number; readonly inFlight: number }
  /** A write of that key waits or is under way. */
  readonly isBusy: (key: string) => boolean
}

/** Ten thousand Services without an address have one cause, and it is in the first few. The counts are whole. */
const listedMax = 50

/** All of a controller as JSON, for people, bug reports and the command line. Times are ages in milliseconds. */
export const inspection = (inside: ControllerInside, version: string, at: At): JsonObject => {
  const { identity, recollection, decided, held, pools, writes } = inside
  const { lastRefused, rounds } = recollection
  const ago = (then: Instant): number => Math.round(at.now - then)
  return {
    apiVersion: "porchlight.dev/v1alpha1",
    kind: "ControllerInspection",
    identity,
    version,
    at: printTimestamp(at.wallSeconds),
    lease: leaseOf(recollection, at.now),
    watches: Object.fromEntries(allKinds.map((kind) => [kind, watchOf(recollection.watchOf(kind), at.now)])),
    pools: pools.map(poolOf),
    ledgers: decided === undefined ? null : ledgersOf(decided.cluster.ledger),
    services: decided === undefined ? null : servicesOf(inside, decided),
    problems: (decided?.cluster.problems ?? []).slice(0, listedMax).map(problemText),
    ...(held !== undefined && { heldRelease: { code: held.code, says: massReleaseSentence(held) } }),
    writes: {
      ...writes,
      ...(lastRefused !== undefined && {
        lastRefused: { key: lastRefused.key, msAgo: ago(lastRefused.at), says: failureText(lastRefused.failure) },
      }),
    },
    rounds: rounds.map(({ at: then, ...round }) => ({ msAgo: ago(then), ...round })),
  }
}

const leaseOf = ({ lease, leaseFailing }: Recollection, now: Instant): Json => ({
  ...leaseSight(lease, now),
  ...(leaseFailing !== undefined && {
    failing: { msAgo: Math.round(now - leaseFailing.at), says: failureText(leaseFailing.failure) },
  }),
})

const leaseSight = (lease: LeaseSight, now: Instant): JsonObject => {
  switch (lease.is) {
    case "unknown":
      return { is: "unknown" }
    case "leading":
      return { is: "leading", forMs: Math.round(now - lease.since), mayWriteForMs: Math.round(lease.until - now) }
    case "following":
      return { is: "following", holder: lease.holder, forMs: Math.round(now - lease.since) }
    case "stopped":
      return { is: "stopped", why: lease.why, forMs: Math.round(now - lease.since) }
  }
}

const watchOf = ({ list, failing }: WatchSight, now: Instant): Json => ({
  is: failing !== undefined ? "failing" : list === undefined ? "listing" : "following",
  ...(list !== undefined && { listed: list.objects, listedMsAgo: Math.round(now - list.at) }),
  ...(failing !== undefined && {
    forMs: Math.round(now - failing.since),
    againInMs: Math.max(0, Math.round(failing.retryAt - now)),
    says: failureText(failing.failure),
  }),
})

/** JSON has no 64-bit integers: free IPv6 addresses are a text. */
const poolOf = (use: PoolUse): Json => ({
  pool: use.pool,
  ipv4: { given: use.assignedIpv4, free: use.availableIpv4 },
  ipv6: { given: use.assignedIpv6, free: String(use.availableIpv6) },
})

const ledgersOf = ({ objects, entries }: Ledger): Json => {
  const given = [...entries.values()].filter(({ state }) => state === "given").length
  return { objects: objects.size, given, freed: entries.size - given }
}

type Decided = NonNullable<ControllerInside["decided"]>

const servicesOf = (inside: ControllerInside, decided: Decided): Json => {
  const { cluster, allocations } = decided
  const held = new Set([...(inside.held?.services ?? []), ...(inside.held?.awaited.keys() ?? [])])
  const without: Json[] = []
  const behind: Json[] = []
  let [withoutCount, behindCount] = [0, 0]
  for (const [service, allocation] of allocations) {
    if (allocation.kind === "pending" && ++withoutCount <= listedMax)
      without.push({
        service,
        because: allocation.because.map((reason) => ({ code: reason.code, says: allocationSentence(reason) })),
      })
    const because = whyBehind(inside, decided, held, service)
    if (because !== undefined && ++behindCount <= listedMax) behind.push({ service, because })
  }
  return {
    known: cluster.services.size,
    withoutAddress: { count: withoutCount, first: without },
    behind: { count: behindCount, first: behind },
  }
}

/** What still keeps the objects of the API from saying what was decided for a Service; undefined: they say it. */
const whyBehind = (
  { pending, isBusy }: ControllerInside,
  { cluster, allocations }: Decided,
  held: ReadonlySet<ServiceName>,
  name: ServiceName,
): string | undefined => {
  const [service, allocation] = [cluster.services.get(name), allocations.get(name)]
  if (held.has(name)) return "release-held"
  if (service !== undefined && allocation !== undefined && !isRecorded(cluster, service, allocation))
    return "ledger-not-written"
  if (isBusy(statusKey(name))) return "status-under-way"
  return pending.has(name) ? "next-round" : undefined
}
