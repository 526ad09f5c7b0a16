import { keepEqual, sameValue } from "../cluster/equal.ts"
import type { ServiceName } from "../cluster/name.ts"
import type { Service } from "../cluster/service.ts"
import type { Allocation } from "../decision/allocate/allocation.ts"
import { addressesOf } from "../decision/allocate/ledger-change.ts"
import { createEventRecorder } from "../kubernetes/event-recorder.ts"
import type { ApiOutput } from "../kubernetes/http.ts"
import { objectAt } from "../kubernetes/json.ts"
import { lastWriteTimeoutMs } from "../kubernetes/lease.ts"
import type { KubernetesObject } from "../kubernetes/object.ts"
import type { RequestIds } from "../kubernetes/request.ts"
import { createWriter, type WriterInput } from "../kubernetes/writer.ts"
import type { At, Instant } from "../time/instant.ts"
import { allocationEvents, deprecatedAnnotation, type ServiceEvent } from "../wording/event.ts"

/** Tells people what became of their Services, as Events. They go a way of their own: a thousand of them delay no address. */
export type ServiceTeller = {
  readonly saw: (name: ServiceName, object: KubernetesObject) => void
  readonly gone: (name: ServiceName) => void
  /** Says what is new since this Service was told of last. `isRecorded`: the ledger agrees; until then nothing is said. */
  readonly tell: (service: Service, allocation: Allocation, isRecorded: boolean, at: At) => readonly ApiOutput[]
  readonly step: (input: WriterInput, at: At) => readonly ApiOutput[]
  readonly wakeAt: () => Instant | undefined
}

/** MetalLB's name: people's tools look for it. */
const eventSource = "metallb-controller"
const deprecatedPrefix = "metallb.universe.tf"
const inFlightMax = 4

export const createServiceTeller = (ids: RequestIds): ServiceTeller => {
  const events = createEventRecorder(eventSource)
  const writer = createWriter({ ids, timeoutMs: lastWriteTimeoutMs, inFlightMax })
  const told = new Map<ServiceName, Allocation>()
  /** Given, but not yet in the ledger. Once it is, it counts as kept, and how it was given is still to be told. */
  const promised = new Map<ServiceName, Allocation>()
  const deprecated = new Map<ServiceName, string>()
  const deprecatedTold = new Map<ServiceName, string>()

  const step = (input: WriterInput, at: At): readonly ApiOutput[] =>
    writer.step(input, at).flatMap((output) => {
      if (output.kind === "request" || output.kind === "abort") return [output]
      const more = events.heard(output)
      return more === undefined ? [] : step({ kind: "write", ...more }, at)
    })

  const say = ({ name: key, uid }: Service, event: ServiceEvent, at: At): readonly ApiOutput[] => {
    const [namespace, name] = key.split("/") as [string, string]
    const about = { apiVersion: "v1", kind: "Service", namespace, name, uid }
    const write = events.record({ ...event, about }, at)
    return write === undefined ? [] : step({ kind: "write", ...write }, at)
  }

  const deprecation = (name: ServiceName): readonly ServiceEvent[] => {
    const names = deprecated.get(name)
    if (names === undefined || deprecatedTold.get(name) === names) return []
    deprecatedTold.set(name, names)
    return [deprecatedAnnotation(names.split(" "))]
  }

  return {
    step,
    wakeAt: writer.wakeAt,
    saw: (name, object) => {
      const names = Object.keys(objectAt(object, "metadata", "annotations")).filter((key) =>
        key.startsWith(deprecatedPrefix),
      )
      if (names.length > 0) deprecated.set(name, names.join(" "))
      else deprecated.delete(name)
    },
    gone: (name) => {
      told.delete(name)
      promised.delete(name)
      deprecated.delete(name)
      deprecatedTold.delete(name)
    },
    tell: (service, allocation, isRecorded, at) => {
      const { name } = service
      if (!isRecorded) {
        promised.set(name, allocation)
        return []
      }
      const promise = promised.get(name)
      promised.delete(name)
      const before = told.get(name)
      const now = keepEqual(before, promise !== undefined && isKept(promise, allocation) ? promise : allocation)
      const news = [...allocationEvents(service, before, now), ...deprecation(name)]
      told.set(name, keepEqual(before, allocation))
      return news.flatMap((event) => say(service, event, at))
    },
  }
}

const isKept = (promise: Allocation, allocation: Allocation): boolean =>
  allocation.kind === "kept" && sameValue(addressesOf(promise), addressesOf(allocation))
