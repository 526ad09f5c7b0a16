import { allKinds, createSnapshot } from "../../cluster/read/snapshot.ts"
import { readWish } from "../../cluster/read/wish.ts"
import type { Wish } from "../../cluster/service.ts"
import type { Cluster, KindName } from "../../cluster/cluster.ts"
import { resourceOf } from "../../cluster/kind-resource.ts"
import type { NodeName, ServiceName } from "../../cluster/name.ts"
import type { PoolName } from "../../cluster/name.ts"
import type { PoolUse } from "../../decision/allocate/pool-use.ts"
import { createDecider, decide, type Decisions } from "../../decision/decide.ts"
import type { Election } from "../../decision/elect/election.ts"
import { createRanking } from "../../decision/elect/ranking.ts"
import { addressesToAnnounce } from "../../decision/elect/address-group.ts"
import { type Surroundings, surroundingsOf } from "../../decision/allocate/surroundings.ts"
import { settle, type Settled } from "../../decision/settle.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, objectAt, textAt } from "../../kubernetes/json.ts"
import type { Address, Family } from "../../net/address.ts"
import { duplicateProblems } from "./duplicates.ts"
import { type Hearing, hearingOf } from "./hearing.ts"
import { journalOf } from "./journal.ts"
import { type Hold, type Move, readSpeakerView, type SpeakerView, type Stranger } from "./speaker-view.ts"

/** A kind that could not be read. `forbidden` is a question left open; `absent` kinds have no objects. */
export type Withheld = {
  readonly kind: KindName
  readonly why: "forbidden" | "absent" | "failed" | "not-in-dump"
  /** As the API server put it, or the file that lacks it. */
  readonly says: string
}

/** Objects as they were found, before anybody judged them. */
export type Facts = {
  /** What people call the place: a context, a file, a lab. */
  readonly name: string
  readonly source: "live" | "dump"
  readonly objects: readonly JsonObject[]
  readonly withheld: readonly Withheld[]
  /** When the objects were read, seconds since 1970: a file's are as old as the file. */
  readonly readAt: number
  /** Options that ask the same place again, as they are added to a command that is to be typed next: " --from x". */
  readonly again: string
}

export type SurveyOptions = {
  /** Where pools and advertisements are. */
  readonly metallbNamespace: string
  /** The daemons' --lb-class. */
  readonly loadBalancerClass?: string | undefined
}

/** Everything that a question is answered from: objects, what follows from them, and what speakers report. */
export type Survey = {
  readonly name: string
  readonly source: Facts["source"]
  readonly readAt: number
  readonly again: string
  readonly cluster: Cluster
  /** What follows from the objects as they are. */
  readonly decisions: Decisions
  /** Where it ends when controllers have written what follows; equal to now where they have, or wait for a person. */
  readonly settled: Settled
  /** Of the settled cluster: reservations, ledger, contests. */
  readonly around: Surroundings
  /** How full a pool is once settled; undefined for an unknown pool. */
  readonly poolUse: (pool: PoolName, family: Family) => PoolUse | undefined
  /** The election each Service takes part in, once settled. */
  readonly electionOf: ReadonlyMap<ServiceName, Election>
  readonly speakers: ReadonlyMap<NodeName, SpeakerView>
  /** Who says that it answers for an address, the best claim first: heard by others, higher grant, then higher epoch. */
  readonly holds: ReadonlyMap<Address, readonly Hold[]>
  readonly strangers: ReadonlyMap<Address, readonly Stranger[]>
  /** What a Service would ask for without its spec.loadBalancerIP. */
  readonly annotatedWish: (name: ServiceName) => Wish | undefined
  /** Where pools and advertisements are. */
  readonly metallbNamespace: string
  /** Services whose addresses stay until a person confirms their release: the controller's words about it. */
  readonly releaseWaits: ReadonlyMap<ServiceName, string>
  /** Which of the speakers the others hear. */
  readonly hearing: Hearing
  /** Nodes that Kubernetes calls not ready. It moves nothing by itself. */
  readonly notReady: ReadonlySet<NodeName>
  readonly withheld: readonly Withheld[]
}

/** Judges facts as the daemons would; nothing is asked of anybody. */
export const surveyOf = (facts: Facts, options: SurveyOptions): Survey => {
  const cluster = readCluster(facts.objects, options)
  const speakers = new Map<NodeName, SpeakerView>()
  const notReady = new Set<NodeName>()
  for (const object of facts.objects) {
    const view = isOf(object, "Speaker") ? readSpeakerView(object) : undefined
    if (view !== undefined) speakers.set(view.node, view)
    if (isOf(object, "Node") && !isReady(object)) notReady.add(textAt(object, "metadata", "name") as NodeName)
  }
  const hearing = hearingOf(speakers.values(), facts.readAt)
  const ranking = createRanking()
  const decisions = decide(cluster, facts.readAt, ranking)
  const releaseWaits = releaseWaitsIn(facts.objects, decisions)
  // Until a person confirms it all goes on as it is, and so do those who answer.
  const settled = releaseWaits.size > 0 ? { cluster, decisions, rounds: 1 } : settle(cluster, facts.readAt, ranking)
  const decider = createDecider(ranking)
  decider.decide(settled.cluster, { kind: "everything" }, facts.readAt)
  return {
    name: facts.name,
    source: facts.source,
    readAt: facts.readAt,
    again: facts.again,
    cluster,
    decisions,
    metallbNamespace: options.metallbNamespace,
    annotatedWish: (name) => {
      const object = facts.objects.find((one) => isOf(one, "Service") && nameOf(one) === name)
      return object && readWish({ ...object, spec: {} }, annotationsOf(object))
    },
    releaseWaits,
    settled,
    around: surroundingsOf(settled.cluster),
    poolUse: decider.allocator.use,
    electionOf: new Map(
      [...settled.decisions.elections.values()].flatMap((election) =>
        election.group.services.map((name) => [name, election] as const),
      ),
    ),
    speakers,
    holds: byAddress([...speakers.values()].flatMap(({ holds }) => holds).toSorted(byClaim(hearing))),
    hearing,
    strangers: byAddress(
      [...speakers.values()].flatMap(({ node, strangers }) => (hearing.unheard.has(node) ? [] : strangers)),
    ),
    notReady,
    withheld: facts.withheld,
  }
}

const readCluster = (objects: readonly JsonObject[], options: SurveyOptions): Cluster => {
  const snapshot = createSnapshot({
    namespace: options.metallbNamespace,
    loadBalancerClass: options.loadBalancerClass,
    kinds: allKinds,
  })
  const known = objects.flatMap((object) => {
    const kind = kindOf(object)
    return kind === undefined ? [] : [[kind, object] as const]
  })
  for (const [kind, object] of known) snapshot.take(kind, { kind: "upserted", object })
  for (const kind of allKinds) snapshot.take(kind, { kind: "synced" })
  const knowledge = snapshot.look()
  if (knowledge.state !== "complete") throw new Error("a snapshot of which every kind is synced is complete")
  return { ...knowledge.cluster, problems: [...knowledge.cluster.problems, ...duplicateProblems(known)] }
}

/** Which of the kinds that decisions read an object is of; another group's kind of the same name is none. */
export const kindOf = (object: JsonObject): KindName | undefined => allKinds.find((kind) => isOf(object, kind))

const isOf = (object: JsonObject, kind: KindName): boolean =>
  textAt(object, "kind") === kind && groupOf(textAt(object, "apiVersion")) === resourceOf[kind].group

const groupOf = (apiVersion = ""): string => (apiVersion.includes("/") ? apiVersion.split("/")[0]! : "")

const isReady = (node: JsonObject): boolean =>
  listAt(node, "status", "conditions").every(
    (condition) => textAt(condition, "type") !== "Ready" || textAt(condition, "status") === "True",
  )

const annotationsOf = (object: JsonObject): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(objectAt(object, "metadata", "annotations")).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value] as const] : [],
    ),
  )

const nameOf = (object: JsonObject): ServiceName =>
  `${textAt(object, "metadata", "namespace")}/${textAt(object, "metadata", "name")}` as ServiceName

/** Its own release waits, or that of an address it is to have. */
const waitingReasons: ReadonlySet<string> = new Set(["ReleaseWaits", "ReleaseAwaited"])

/** As the controller wrote it into the Service; a condition that its Service no longer needs is an old one. */
const releaseWaitsIn = (
  objects: readonly JsonObject[],
  { allocations }: Decisions,
): ReadonlyMap<ServiceName, string> => {
  const waiting = new Map<ServiceName, string>()
  for (const object of objects) {
    if (!isOf(object, "Service")) continue
    const name = nameOf(object)
    const allocation = allocations.get(name)
    if (allocation === undefined || (allocation.kind === "kept" && allocation.lost === undefined)) continue
    for (const condition of listAt(object, "status", "conditions"))
      if (waitingReasons.has(textAt(condition, "reason") ?? "")) waiting.set(name, textAt(condition, "message") ?? "")
  }
  return waiting
}

/** Addresses of a Service that speakers are to answer for once all is written. */
export const announcedAddresses = ({ settled, around }: Survey, name: ServiceName): readonly Address[] => {
  const service = settled.cluster.services.get(name)
  return service === undefined ? [] : addressesToAnnounce(around, service)
}

const byClaim =
  ({ unheard }: Hearing) =>
  (a: Hold, b: Hold): number =>
    Number(unheard.has(a.node)) - Number(unheard.has(b.node)) || b.grant - a.grant || b.epoch - a.epoch

const byAddress = <T extends { readonly address: Address }>(items: readonly T[]): ReadonlyMap<Address, readonly T[]> =>
  Map.groupBy(items, ({ address }) => address)

/** Nodes that receive a node's beats, as those say who are there; undefined where no speaker reports whom it hears. */
export const heardBy = ({ speakers, hearing }: Survey, node: NodeName): readonly NodeName[] | undefined => {
  const told = [...speakers.values()].filter(({ hears }) => hears !== undefined)
  if (told.length === 0) return undefined
  if (hearing.unheard.has(node)) return []
  return told
    .filter((view) => view.node !== node && !hearing.unheard.has(view.node) && view.hears?.includes(node))
    .map((view) => view.node)
}

/** All speakers' journals, newest first. Of moves within one second that which led to the present holder is the last. */
export const movesOf = ({ speakers, holds }: Survey): readonly Move[] => {
  const lasting = ({ address, to }: Move): number => (holds.get(address)?.[0]?.node === to ? 1 : 0)
  return journalOf(speakers.values()).toSorted((a, b) => b.at - a.at || lasting(b) - lasting(a))
}
