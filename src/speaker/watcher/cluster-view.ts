import type { Cluster, Knowledge } from "../../cluster/cluster.ts"
import { sameValue } from "../../cluster/equal.ts"
import type { NodeName, ServiceName } from "../../cluster/name.ts"
import type { Service } from "../../cluster/service.ts"
import type { Election } from "../../decision/elect/election.ts"
import { createElector, type Elections, type Elector } from "../../decision/elect/elector.ts"
import { numberAt, textAt } from "../../kubernetes/json.ts"
import { keyOf, type KubernetesObject, uidOf } from "../../kubernetes/object.ts"
import { type Address, printAddress } from "../../net/address.ts"
import { earliest, type At, type Instant } from "../../time/instant.ts"
import type { Surroundings } from "../intent.ts"
import { DataPlane } from "./data-plane.ts"
import { holdOf } from "./hold.ts"
import { IntentQueue } from "./intent-queue.ts"
import type { WatcherOutput } from "./output.ts"
import type { LocalEvidence, ProxyEvidence } from "./readiness.ts"
import { surroundingsFrom } from "./surroundings.ts"

/** A cluster without the Namespace kube-system has no uid to tell it by; its speakers share this one. */
const unnamedCluster = "kube-system"

/** From snapshot to intents: who may answer for which address, as of now, told to the announcer in pages. */
export class ClusterView {
  readonly #node: NodeName
  readonly #elector: Elector = createElector()
  readonly #queue = new IntentQueue()
  readonly #dataPlane = new DataPlane()
  readonly #keys = new Map<string, Address>()
  #cluster: Cluster | undefined
  #elections: Elections = new Map()
  #clusterUid: string | undefined
  #surroundings: Surroundings | undefined

  constructor(node: NodeName) {
    this.#node = node
  }

  /** What decisions do not read, and this view does. */
  object(kind: string, object: KubernetesObject): void {
    if (kind === "Namespace" && object.metadata.name === "kube-system") this.#clusterUid = uidOf(object)
    if (kind !== "Service") return
    const isLocal = textAt(object, "spec", "externalTrafficPolicy") === "Local"
    const port = isLocal ? numberAt(object, "spec", "healthCheckNodePort") : undefined
    this.#dataPlane.port(keyOf(object) as ServiceName, port === 0 ? undefined : port)
  }

  /** Decides anew what changed. */
  look(knowledge: Knowledge, at: At): readonly WatcherOutput[] {
    if (knowledge.state === "listing") return []
    const { cluster, touched } = knowledge
    const first = this.#cluster === undefined
    this.#cluster = cluster
    if (!first && touched.kind === "services")
      for (const name of touched.names)
        if (cluster.services.has(name)) this.#dataPlane.changed(name, at)
        else this.#dataPlane.forget(name)
    const { elections, changed } = this.#elector.decide(cluster, touched)
    this.#elections = elections
    for (const key of touched.kind === "everything" ? [...elections.keys(), ...changed] : changed) this.#tell(key, at)
    this.#dataPlane.serves(this.#keys.size > 0, at)
    if (first) this.#queue.complete()
    return [...(touched.kind === "everything" ? this.#surround(cluster) : []), ...this.due(at)]
  }

  acknowledged(at: At): readonly WatcherOutput[] {
    this.#queue.acknowledged()
    return this.due(at)
  }

  proxySaid(evidence: ProxyEvidence, at: At): readonly WatcherOutput[] {
    this.#dataPlane.proxySaid(evidence, at)
    return this.#readinessChanged(at)
  }

  localSaid(port: number, evidence: LocalEvidence, at: At): readonly WatcherOutput[] {
    this.#dataPlane.localSaid(port, evidence)
    return this.#readinessChanged(at)
  }

  due(at: At): readonly WatcherOutput[] {
    const page = this.#cluster === undefined ? undefined : this.#queue.next()
    return [
      ...(page === undefined ? [] : [{ kind: "intents", ...page } as const]),
      ...this.#dataPlane.questions(at.now),
    ]
  }

  wakeAt(): Instant | undefined {
    return earliest(this.#dataPlane.wakeAt())
  }

  /** Whether anything may be announced by it: a process without a view has nothing to keep. */
  get isComplete(): boolean {
    return this.#cluster !== undefined
  }

  get dataPlaneWorks(): boolean {
    return this.#dataPlane.works
  }

  get cluster(): Cluster | undefined {
    return this.#cluster
  }

  get elections(): Elections {
    return this.#elections
  }

  linksOf(key: Address): readonly string[] | undefined {
    return this.#queue.holds.get(key)?.links
  }

  servicesOf(key: Address): readonly Service[] {
    const names = this.#elections.get(printAddress(key))?.group.services ?? []
    return names.flatMap((name) => this.#cluster?.services.get(name) ?? [])
  }

  #tell(key: string, at: At): void {
    const election = this.#elections.get(key)
    const before = this.#keys.get(key)
    if (election === undefined) {
      this.#keys.delete(key)
      if (before !== undefined) this.#queue.letGo(before)
      return
    }
    this.#keys.set(key, election.group.addresses[0])
    this.#queue.hold(holdOf(this.#cluster!, election, this.#node, this.#isReady(election, at)))
  }

  #isReady({ group }: Election, at: At): boolean {
    return group.services.every((service) => this.#dataPlane.isReady(service, at))
  }

  #readinessChanged(at: At): readonly WatcherOutput[] {
    for (const hold of this.#queue.holds.values()) {
      const election = this.#elections.get(printAddress(hold.key))
      if (election === undefined) continue
      const ready = this.#isReady(election, at)
      if (ready !== hold.ready) this.#queue.hold({ ...hold, ready })
    }
    return this.due(at)
  }

  #surround(cluster: Cluster): readonly WatcherOutput[] {
    const surroundings = surroundingsFrom(cluster, this.#clusterUid ?? unnamedCluster)
    if (sameValue(surroundings, this.#surroundings)) return []
    this.#surroundings = surroundings
    return [{ kind: "surroundings", surroundings }]
  }
}
