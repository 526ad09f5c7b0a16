import type { Cluster } from "../cluster/cluster.ts"
import { sameValue } from "../cluster/equal.ts"
import { resourceOf } from "../cluster/kind-resource.ts"
import type { ServiceName } from "../cluster/name.ts"
import type { Service } from "../cluster/service.ts"
import type { Allocation } from "../decision/allocate/allocation.ts"
import { addressesOf } from "../decision/allocate/ledger-change.ts"
import { gives } from "../decision/allocate/surroundings.ts"
import type { KubernetesObject } from "../kubernetes/object.ts"
import { type Call, strategicPatchCall } from "../kubernetes/request.ts"
import type { Address } from "../net/address.ts"
import type { ServiceConditions } from "./announced.ts"
import { readWrittenStatus, statusPatch, type WantedStatus, type WrittenStatus } from "./service-status.ts"

export const statusKey = (service: ServiceName): string => `status/${service}`

/**
 * Writes what Services say of themselves. An address stands in a status only while the ledger gives it to that very
 * Service, and goes only when the ledger no longer does: the ledger is always written first.
 */
export type StatusKeeper = {
  readonly saw: (name: ServiceName, object: KubernetesObject) => void
  readonly gone: (name: ServiceName) => void
  /** The write that makes the status true; undefined where it is or is about to be, or where the ledger is not yet. */
  readonly write: (wish: StatusWish, wallSeconds: number) => StatusWrite | undefined
  /** Takes our conditions off a Service that is no load balancer and to which we never gave anything. */
  readonly clear: (service: Service, wallSeconds: number) => StatusWrite | undefined
  /** The write of that Service's status ended, well or not. */
  readonly ended: (name: ServiceName) => void
  /** Writes under way are forgotten: they were withdrawn. */
  readonly forget: () => void
}

export type StatusWrite = { readonly key: string; readonly call: Call }

export type StatusWish = {
  readonly cluster: Cluster
  readonly service: Service
  readonly allocation: Allocation
  readonly conditions: ServiceConditions
  /** Its addresses would go, but a person must confirm that first. */
  readonly isHeld: boolean
}

export const createStatusKeeper = (): StatusKeeper => {
  const written = new Map<ServiceName, WrittenStatus>()
  /** What the write under way says. */
  const asked = new Map<ServiceName, WantedStatus>()
  const put = (service: Service, wanted: WantedStatus, wallSeconds: number): StatusWrite | undefined => {
    const before = written.get(service.name)
    if (before === undefined || sameValue(asked.get(service.name), wanted)) return undefined
    const patch = statusPatch(before, wanted, wallSeconds)
    if (patch === undefined) return undefined
    asked.set(service.name, wanted)
    const [namespace, name] = service.name.split("/") as [string, string]
    const place = { resource: resourceOf.Service, namespace, name, subresource: "status" } as const
    return { key: statusKey(service.name), call: strategicPatchCall(place, patch) }
  }
  return {
    ended: (name) => void asked.delete(name),
    forget: () => asked.clear(),
    saw: (name, object) => void written.set(name, readWrittenStatus(object)),
    gone: (name) => void written.delete(name),
    clear: (service, wallSeconds) => put(service, { given: undefined, conditions: [], left: [] }, wallSeconds),
    write: (wish, wallSeconds) => {
      const wanted = wantedStatus(wish)
      return wanted === undefined ? undefined : put(wish.service, wanted, wallSeconds)
    },
  }
}

/** Undefined: leave all as it is, because the ledger has not followed yet. */
const wantedStatus = ({ cluster, service, allocation, conditions, isHeld }: StatusWish): WantedStatus | undefined => {
  const { wanted, left } = conditions
  if (isHeld) return { given: undefined, conditions: wanted, left }
  const addresses = addressesOf(allocation)
  if (!isRecorded(cluster, service, allocation)) return undefined
  if (addresses.length === 0 && stillGiven(cluster, service).length > 0) return undefined
  const pool = allocation.kind === "kept" || allocation.kind === "given" ? allocation.pool : undefined
  return { given: { addresses, pool }, conditions: wanted, left }
}

/** Whether the ledger gives the Service all that was decided. */
export const isRecorded = ({ ledger }: Cluster, service: Service, allocation: Allocation): boolean =>
  addressesOf(allocation).every((address) => gives(ledger, service, address))

const stillGiven = (cluster: Cluster, service: Service): readonly Address[] =>
  [...(cluster.ledger.addressesOf.get(service.name) ?? [])].filter((address) => gives(cluster.ledger, service, address))
