import type { Address } from "../../net/address.ts"
import type { L2Advertisement } from "../../cluster/advertisement.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { Pool } from "../../cluster/pool.ts"
import type { EndpointView, Service } from "../../cluster/service.ts"
import { gives, homeOf, type Surroundings } from "../allocate/surroundings.ts"
import { restriction } from "../allocate/eligibility.ts"
import type { SilentReason } from "./election.ts"
import { advertisementsOf, matching } from "./candidacy.ts"

/** One Service of a group that says who may answer: its advertisements, and for Local the nodes with its pods. */
export type Voice = {
  readonly service: Service
  readonly advertisements: readonly L2Advertisement[]
  /** Undefined: any node will do. */
  readonly local: EndpointView | undefined
}

/** A Service without endpoints or advertisement has no say, and does not silence those it shares with. */
export const voiceOf = (
  cluster: Cluster,
  around: Surroundings,
  service: Service,
  address: Address,
): Voice | SilentReason => {
  const pool = homeOf(around, service, address) ?? giverOf(around, service, address)
  if (pool === undefined || isShutOut(around, pool, service, address))
    return { code: "pool-not-for-it", service: service.name }
  const node = around.nodes.get(address)
  if (node !== undefined) return { code: "node-address", service: service.name, node }
  if (!service.reported.includes(address)) return { code: "not-in-status", service: service.name }
  const endpoints = cluster.endpoints.get(service.name)
  if (endpoints === undefined || (endpoints.serving.size === 0 && endpoints.unplaced === 0))
    return { code: "no-endpoints", service: service.name }
  const all = advertisementsOf(cluster, pool)
  if (all.length === 0)
    return { code: isUnseen(around, pool) ? "pool-gone" : "no-advertisement", service: service.name, pool: pool.name }
  const advertisements = matching(all, service)
  if (advertisements.length === 0) return { code: "not-advertised", service: service.name, pool: pool.name }
  const selective = advertisements.find(({ services }) => services.length > 0)
  if (service.hasSharingAnnotation && selective !== undefined)
    return { code: "shared-with-service-selectors", service: service.name, advertisement: selective.name }
  return { service, advertisements, local: service.policy === "Local" ? endpoints : undefined }
}

/**
 * A pool that is not (any more) for a Service has nothing to say about an address that the ledger gives to it: the
 * controller takes it back, at once or, where a slip of the hand would shut out many, when a person confirms it.
 */
const isShutOut = ({ ledger }: Surroundings, pool: Pool, service: Service, address: Address): boolean =>
  pool.fault !== "rules" && restriction(pool, service) !== undefined && !gives(ledger, service, address)

/**
 * The pool an address was given from where no pool holds it any more: until the ledger frees it, it is the Service's,
 * and a release that waits for a person must not be a silence.
 */
const giverOf = ({ configuration, ledger }: Surroundings, service: Service, address: Address): Pool | undefined => {
  const entry = gives(ledger, service, address) ? ledger.entries.get(address) : undefined
  return entry && (configuration.pools.get(entry.pool) ?? configuration.retired.get(entry.pool))
}

/** Gone before this process began, so that its labels, by which an advertisement may select it, are not known. */
const isUnseen = ({ configuration }: Surroundings, pool: Pool): boolean =>
  configuration.retired.get(pool.name) === pool && pool.ranges.length === 0
