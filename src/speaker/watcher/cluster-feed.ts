import type { KindName, Knowledge } from "../../cluster/cluster.ts"
import { namespacedConfiguration, resourceOf } from "../../cluster/kind-resource.ts"
import { createSnapshot, type Snapshot } from "../../cluster/read/snapshot.ts"
import type { ApiFailure } from "../../kubernetes/api-failure.ts"
import type { ApiEvent, ApiOutput } from "../../kubernetes/http.ts"
import type { KubernetesObject } from "../../kubernetes/object.ts"
import { createReflector, type Reflector, type ReflectorEvent } from "../../kubernetes/reflector.ts"
import type { RequestIds } from "../../kubernetes/request.ts"
import { type At, earliest, type Instant } from "../../time/instant.ts"

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
  | { readonly kind: "gone"; readonly of: KindName; readonly key: string }
  /** A whole list is in, however short. */
  | { readonly kind: "listed"; readonly of: KindName }
  | { readonly kind: "failing"; readonly of: KindName; readonly failure: ApiFailure; readonly since: Instant }
  | { readonly kind: "recovered"; readonly of: KindName }

/** Reflectors of all kinds, and the snapshot they keep. */
export class ClusterFeed {
  readonly #reflectors: ReadonlyMap<KindName, Reflector>
  readonly #snapshot: Snapshot
  readonly #prepare: FeedOptions["prepare"]

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
    for (const [kind, reflector] of this.#reflectors)
      for (const output of reflector.step(input, at))
        if (output.kind === "request" || output.kind === "abort") requests.push(output)
        else news.push(...this.#take(kind, output))
    return { requests, news }
  }

  look(): Knowledge {
    return this.#snapshot.look()
  }

  wakeAt(): Instant | undefined {
    return earliest(...[...this.#reflectors.values()].map((reflector) => reflector.wakeAt()))
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
        return [{ kind: "gone", of: kind, key: event.key }]
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
