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
import { LostGroups, type ToldGroup } from "./lost-groups.ts"
import type { WatcherOutput } from "./output.ts"
import type { HeldRemoval } from "./removal-brake.ts"
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
  readonly #told = new Map<string, ToldGroup>()
  readonly #lost = new LostGroups()
  readonly #deleted = new Set<ServiceName>()
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

  /** A watch saw the Service deleted: whatever it had is let go. */
  seenDeleted(service: ServiceName): void {
    this.#deleted.add(service)
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
    this.#settleLost([...changed, ...this.#lost.keys], cluster, at)
    this.#dataPlane.serves(this.#told.size > 0, at)
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

  wake(at: At): readonly WatcherOutput[] {
    const wakeAt = this.#lost.wakeAt()
    if (this.#cluster !== undefined && wakeAt !== undefined && wakeAt <= at.now)
      this.#settleLost([...this.#lost.keys], this.#cluster, at)
    return this.due(at)
  }

  wakeAt(): Instant | undefined {
    return earliest(this.#dataPlane.wakeAt(), this.#lost.wakeAt())
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

  /** Addresses that are lost and go on being answered for until a person confirms it. */
  get held(): readonly HeldRemoval[] {
    return this.#lost.held
  }

  linksOf(key: Address): readonly string[] | undefined {
    return this.#queue.holds.get(key)?.links
  }

  /** Whether any node may. */
  mayBeAnnounced(key: Address): boolean {
    return (this.#queue.holds.get(key)?.order.length ?? 0) > 0
  }

  servicesOf(key: Address): readonly Service[] {
    const names = this.#elections.get(printAddress(key))?.group.services ?? []
    return names.flatMap((name) => this.#cluster?.services.get(name) ?? [])
  }

  /** A group whose status was wiped goes on as it was told until it is known what that means. */
  #tell(key: string, at: At): void {
    const election = this.#elections.get(key)
    if (election === undefined || this.#isLost(key)) return
    this.#told.set(key, election.group)
    this.#queue.hold(holdOf(this.#cluster!, election, this.#node, this.#isReady(election, at)))
  }

  /** It was told, and now nobody has it: it has no election, or one in which no status names it any more. */
  #isLost(key: string): boolean {
    const group = this.#told.get(key)
    if (group === undefined) return false
    const outcome = this.#elections.get(key)?.outcome
    if (outcome === undefined) return true
    const isHeld = (this.#queue.holds.get(group.addresses[0])?.order.length ?? 0) > 0
    return isHeld && outcome.kind === "nobody" && outcome.because.every(({ code }) => code === "not-in-status")
  }

  /** Lets go of those of these keys that nobody has any more, unless it seems that nobody meant that. */
  #settleLost(keys: Iterable<string>, cluster: Cluster, at: At): void {
    const gone = new Map<string, ToldGroup>()
    for (const key of keys) {
      const group = this.#isLost(key) ? this.#told.get(key) : undefined
      if (group !== undefined) gone.set(key, group)
    }
    const isElsewhere = (service: ServiceName, address: Address, key: string): boolean => {
      const other = this.#elector.keyOf(service)
      return (
        other !== undefined && other !== key && this.#elections.get(other)?.group.addresses.includes(address) === true
      )
    }
    const found = { cluster, deleted: this.#deleted, isElsewhere }
    for (const key of this.#lost.settle(gone, this.#told.size, found, at)) {
      const [group, election] = [this.#told.get(key), this.#elections.get(key)]
      if (election !== undefined) this.#queue.hold(holdOf(cluster, election, this.#node, this.#isReady(election, at)))
      else if (group !== undefined) {
        this.#told.delete(key)
        this.#queue.letGo(group.addresses[0])
      }
    }
    this.#deleted.clear()
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
