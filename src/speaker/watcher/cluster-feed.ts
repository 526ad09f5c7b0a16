import type { KindName, Knowledge } from "../../cluster/cluster.ts"
import type { Ledger } from "../../cluster/ledger.ts"
import { namespacedConfiguration, resourceOf } from "../../cluster/kind-resource.ts"
import { createSnapshot, type Snapshot } from "../../cluster/read/snapshot.ts"
import type { ApiFailure } from "../../kubernetes/api-failure.ts"
import type { ApiEvent, ApiOutput } from "../../kubernetes/http.ts"
import type { KubernetesObject } from "../../kubernetes/object.ts"
import {
  createReflector,
  type Reflector,
  type ReflectorEvent,
  type ReflectorInput,
} from "../../kubernetes/reflector.ts"
import type { RequestIds } from "../../kubernetes/request.ts"
import { type At, earliest, type Instant } from "../../time/instant.ts"
import { type HeldRemoval, RemovalBrake } from "./removal-brake.ts"

/** What a speaker decides on. Network facts are for the allocator. */
const kinds: readonly KindName[] = [
  "Service",
  "Node",
  "EndpointSlice",
  "Namespace",
  "IPAddressPool",
  "L2Advertisement",
  "AddressLedger",
  "Speaker",
]

/** Ours. Where their definition is not installed there are none: grants are 0, and nobody reports. */
const mayBeMissing: ReadonlySet<KindName> = new Set(["AddressLedger", "Speaker"])

export type FeedOptions = {
  readonly namespace: string
  readonly loadBalancerClass: string | undefined
  readonly ids: RequestIds
  /** What an object is read as: itself, or without what is to be ignored. */
  readonly prepare: (kind: KindName, object: KubernetesObject) => KubernetesObject
}

/** What came of an event besides requests: objects as they came, and kinds that cannot be kept up with. */
export type FeedNews =
  | { readonly kind: "object"; readonly of: KindName; readonly object: KubernetesObject }
  /** `seen`: a watch saw it deleted; else it is missing from a list. */
  | { readonly kind: "gone"; readonly of: KindName; readonly key: string; readonly seen: boolean }
  /** A whole list is in, however short. */
  | { readonly kind: "listed"; readonly of: KindName }
  | { readonly kind: "failing"; readonly of: KindName; readonly failure: ApiFailure; readonly since: Instant }
  | { readonly kind: "recovered"; readonly of: KindName }

/** Reflectors of all kinds, what of their news is believed, and the snapshot they keep. */
export class ClusterFeed {
  readonly #reflectors: ReadonlyMap<KindName, Reflector>
  readonly #snapshot: Snapshot
  readonly #prepare: FeedOptions["prepare"]
  readonly #brake = new RemovalBrake()
  #ledger: Ledger | undefined

  constructor({ namespace, loadBalancerClass, ids, prepare }: FeedOptions) {
    this.#prepare = prepare
    this.#snapshot = createSnapshot({ namespace, loadBalancerClass, kinds })
    const within = (kind: KindName): { namespace: string } | undefined =>
      namespacedConfiguration.has(kind) ? { namespace } : undefined
    this.#reflectors = new Map(
      kinds.map((kind) => [kind, createReflector({ resource: resourceOf[kind], ids, ...within(kind) })]),
    )
  }

  step(
    input: ApiEvent | { readonly kind: "wake" },
    at: At,
  ): { requests: readonly ApiOutput[]; news: readonly FeedNews[] } {
    const requests: ApiOutput[] = []
    const news: FeedNews[] = []
    const step = (kind: KindName, reflector: Reflector, told: ReflectorInput): void => {
      const events: ReflectorEvent[] = []
      for (const output of reflector.step(told, at))
        if (output.kind === "request" || output.kind === "abort") requests.push(output)
        else events.push(output)
      if (events.length === 0) return
      for (const event of this.#brake.filter(kind, events, at)) news.push(...this.#take(kind, event))
    }
    for (const [kind, reflector] of this.#reflectors) step(kind, reflector, input)
    for (const kind of this.#brake.toList(at)) step(kind, this.#reflectors.get(kind)!, { kind: "relist" })
    for (const { of, event } of this.#brake.over(this.#ledger, at)) news.push(...this.#take(of, event))
    return { requests, news }
  }

  look(): Knowledge {
    const knowledge = this.#snapshot.look()
    if (knowledge.state === "complete") this.#ledger = knowledge.cluster.ledger
    return knowledge
  }

  /** Objects that are gone and go on counting until a person confirms it. */
  get held(): readonly HeldRemoval[] {
    return this.#brake.held
  }

  wakeAt(): Instant | undefined {
    return earliest(this.#brake.wakeAt(), ...[...this.#reflectors.values()].map((reflector) => reflector.wakeAt()))
  }

  #take(kind: KindName, event: ReflectorEvent): readonly FeedNews[] {
    switch (event.kind) {
      case "upserted": {
        this.#snapshot.take(kind, { kind: "upserted", object: this.#prepare(kind, event.object) })
        return [{ kind: "object", of: kind, object: event.object }]
      }
      case "deleted":
      case "vanished":
        this.#snapshot.take(kind, { kind: event.kind, key: event.key })
        return [{ kind: "gone", of: kind, key: event.key, seen: event.kind === "deleted" }]
      case "synced":
        this.#snapshot.take(kind, { kind: "synced" })
        return [{ kind: "listed", of: kind }]
      case "failing":
        if (event.failure.reason === "missing" && mayBeMissing.has(kind)) this.#snapshot.take(kind, { kind: "synced" })
        return [{ kind: "failing", of: kind, failure: event.failure, since: event.since }]
      case "recovered":
        return [{ kind: "recovered", of: kind }]
    }
  }
}
