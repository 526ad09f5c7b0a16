import { resourceOf } from "../../cluster/kind-resource.ts"
import type { NodeName } from "../../cluster/name.ts"
import type { ApiFailure } from "../../kubernetes/api-failure.ts"
import type { ApiEvent, ApiOutput } from "../../kubernetes/http.ts"
import { createReflector, type Reflector, type ReflectorEvent } from "../../kubernetes/reflector.ts"
import { createRequestIds } from "../../kubernetes/request.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { after, type At, earliest, type Instant, type Program } from "../../time/instant.ts"
import { readSpeakerView } from "../survey/speaker-view.ts"
import type { Occurrence } from "./occurrence.ts"
import { ServiceNews } from "./service-news.ts"
import { SpeakerNews } from "./speaker-news.ts"

export type WatchOutput =
  | ApiOutput
  | { readonly kind: "occurred"; readonly occurrence: Occurrence }
  /** Everything that was there is known: from now on it watches. */
  | { readonly kind: "begun"; readonly addresses: number; readonly speakers: number }
  /** It could not begin. */
  | { readonly kind: "failed"; readonly failure: ApiFailure; readonly of: WatchedKind }

const watchedKinds = ["Service", "Speaker"] as const
type WatchedKind = (typeof watchedKinds)[number]

/** Asking again will not help while a person waits. */
const hopeless: ReadonlySet<ApiFailure["reason"]> = new Set([
  "unreachable",
  "unauthorized",
  "forbidden",
  "missing",
] as const)

/** Ages decide who is believed, so it looks again so often, also when nothing comes. */
const lookMs = 1000

/** Follows Services and Speaker objects, and tells what happens in a cluster. */
export class ClusterWatch implements Program<ApiEvent | { readonly kind: "wake" }, WatchOutput> {
  readonly #reflectors: readonly { readonly of: WatchedKind; readonly reflector: Reflector }[]
  readonly #services = new ServiceNews()
  readonly #speakers = new SpeakerNews(this.#services.servicesOf)
  readonly #synced = new Set<WatchedKind>()
  readonly #blindSince = new Map<WatchedKind, Instant>()
  readonly #nodes = new Set<string>()
  #lookAt: Instant | undefined

  constructor() {
    const ids = createRequestIds()
    this.#reflectors = watchedKinds.map((of) => ({ of, reflector: createReflector({ resource: resourceOf[of], ids }) }))
  }

  step(input: ApiEvent | { readonly kind: "wake" }, at: At): readonly WatchOutput[] {
    const outputs: WatchOutput[] = []
    for (const { of, reflector } of this.#reflectors)
      for (const output of reflector.step(input, at))
        if (output.kind === "request" || output.kind === "abort") outputs.push(output)
        else outputs.push(...this.#take(of, output, at))
    if (this.#isBegun && (this.#lookAt === undefined || at.now >= this.#lookAt)) {
      this.#lookAt = after(at.now, lookMs)
      outputs.push(...this.#speakers.look(at).map(occurred))
    }
    return outputs
  }

  wakeAt(): Instant | undefined {
    return earliest(this.#lookAt, ...this.#reflectors.map(({ reflector }) => reflector.wakeAt()))
  }

  get #isBegun(): boolean {
    return this.#synced.size === watchedKinds.length
  }

  #take(of: WatchedKind, event: ReflectorEvent, at: At): readonly WatchOutput[] {
    switch (event.kind) {
      case "synced":
        return this.#sync(of, at)
      case "failing":
        return this.#fail(of, event.failure, at)
      case "recovered":
        return this.#recover(of, at)
      case "upserted":
      case "deleted":
      case "vanished":
        return this.#changed(of, event, at).map(occurred)
    }
  }

  #changed(
    of: WatchedKind,
    event: ReflectorEvent & { readonly kind: "upserted" | "deleted" | "vanished" },
    at: At,
  ): readonly Occurrence[] {
    const object = event.kind === "upserted" ? event.object : undefined
    if (of === "Service") return this.#services.take(event.key, object, at)
    const view = object === undefined ? undefined : readSpeakerView(object)
    if (view !== undefined) {
      this.#nodes.add(view.node)
      return this.#speakers.take(view, at)
    }
    this.#nodes.delete(event.key)
    return this.#speakers.gone(event.key as NodeName, at)
  }

  #sync(of: WatchedKind, at: At): readonly WatchOutput[] {
    const wasBegun = this.#isBegun
    this.#synced.add(of)
    if (wasBegun || !this.#isBegun) return []
    this.#services.begin()
    this.#speakers.begin(at)
    this.#lookAt = after(at.now, lookMs)
    return [{ kind: "begun", addresses: this.#services.count, speakers: this.#nodes.size }]
  }

  /** Without a beginning there is nothing to tell later; after it, a gap in the sight is told once. */
  #fail(of: WatchedKind, failure: ApiFailure, at: At): readonly WatchOutput[] {
    if (!this.#isBegun) return hopeless.has(failure.reason) ? [{ kind: "failed", failure, of }] : []
    if (this.#blindSince.has(of)) return []
    this.#blindSince.set(of, at.now)
    const because = "message" in failure ? failure.message : failure.reason
    const says = `cannot be followed now (${because}); what happens meanwhile is told when they can be`
    return [
      occurred({ ...this.#sight(of, at), code: "blind", severity: "risk", says, facts: { reason: failure.reason } }),
    ]
  }

  #recover(of: WatchedKind, at: At): readonly WatchOutput[] {
    const since = this.#blindSince.get(of)
    this.#blindSince.delete(of)
    if (since === undefined) return []
    const says = "are followed again"
    return [
      occurred({ ...this.#sight(of, at), code: "sees", severity: "good", says, lastedMs: at.now - since, facts: {} }),
    ]
  }

  #sight(of: WatchedKind, at: At): Pick<Occurrence, "at" | "about" | "services"> {
    return { at: printTimestamp(at.wallSeconds), about: `${of} objects`, services: [] }
  }
}

const occurred = (occurrence: Occurrence): WatchOutput => ({ kind: "occurred", occurrence })
