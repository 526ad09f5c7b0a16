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
import { type Address, compareAddresses } from "../net/address.ts"
import type { At } from "../time/instant.ts"
import type { ServiceConditions } from "./announced.ts"
import { createRepetitions } from "./repetition.ts"
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
  readonly write: (wish: StatusWish, at: At) => StatusWrite | undefined
  /** Takes our conditions off a Service that is no load balancer and to which we never gave anything. */
  readonly clear: (service: Service, at: At) => StatusWrite | undefined
  /** The write of that Service's status ended, well or not. */
  readonly ended: (name: ServiceName) => void
  /** Whether a write was put off since this was asked last, because somebody else writes otherwise every time. */
  readonly isFought: () => boolean
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
  const repetitions = createRepetitions<ServiceName, WantedStatus>()
  let fought = false
  const put = (service: Service, wanted: WantedStatus, at: At): StatusWrite | undefined => {
    const before = written.get(service.name)
    if (before === undefined || sameValue(asked.get(service.name), wanted)) return undefined
    const patch = statusPatch(before, wanted, at.wallSeconds)
    if (patch === undefined) return undefined
    if (repetitions.isTooOften(service.name, wanted, at.now)) {
      fought = true
      return undefined
    }
    repetitions.wrote(service.name, wanted, at.now)
    asked.set(service.name, wanted)
    const [namespace, name] = service.name.split("/") as [string, string]
    const place = { resource: resourceOf.Service, namespace, name, subresource: "status" } as const
    return { key: statusKey(service.name), call: strategicPatchCall(place, patch) }
  }
  return {
    ended: (name) => void asked.delete(name),
    forget: () => asked.clear(),
    saw: (name, object) => void written.set(name, readWrittenStatus(object)),
    gone: (name) => {
      written.delete(name)
      repetitions.forget(name)
    },
    clear: (service, at) => put(service, { given: undefined, conditions: [], left: [] }, at),
    write: (wish, at) => {
      const wanted = wantedStatus(wish)
      return wanted === undefined ? undefined : put(wish.service, wanted, at)
    },
    isFought: () => {
      const was = fought
      fought = false
      return was
    },
  }
}

/** Undefined: leave all as it is, because the ledger has not followed yet. */
const wantedStatus = ({ cluster, service, allocation, conditions, isHeld }: StatusWish): WantedStatus | undefined => {
  const { wanted, left } = conditions
  if (isHeld) {
    const given = service.exposure.kind === "ours" ? givenStill(cluster, service) : undefined
    return { given, conditions: wanted, left }
  }
  const addresses = addressesOf(allocation)
  if (!isRecorded(cluster, service, allocation)) return undefined
  if (addresses.length === 0 && stillGiven(cluster, service).length > 0) return undefined
  const pool = allocation.kind === "kept" || allocation.kind === "given" ? allocation.pool : undefined
  return { given: { addresses, pool }, conditions: wanted, left }
}

/** Whether the ledger gives the Service all that was decided. */
export const isRecorded = ({ ledger }: Cluster, service: Service, allocation: Allocation): boolean =>
  addressesOf(allocation).every((address) => gives(ledger, service, address))

/** What is to go, but has not gone: the ledger gives it, whatever somebody else wrote. */
const givenStill = (cluster: Cluster, service: Service): WantedStatus["given"] => {
  const addresses = stillGiven(cluster, service).toSorted(compareAddresses)
  const pool = addresses[0] === undefined ? undefined : cluster.ledger.entries.get(addresses[0])?.pool
  return addresses.length === 0 ? undefined : { addresses, pool }
}

const stillGiven = (cluster: Cluster, service: Service): readonly Address[] =>
  [...(cluster.ledger.addressesOf.get(service.name) ?? [])].filter((address) => gives(cluster.ledger, service, address))
