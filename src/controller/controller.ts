import type { Cluster, KindName, Touched } from "../cluster/cluster.ts"
import { namespacedConfiguration, resourceOf } from "../cluster/kind-resource.ts"
import { serviceName, type ServiceName } from "../cluster/name.ts"
import { allKinds, createSnapshot } from "../cluster/read/snapshot.ts"
import type { Allocations } from "../decision/allocate/allocator.ts"
import { heldAllocation } from "../decision/allocate/held-allocation.ts"
import type { MassRelease } from "../decision/allocate/release-brake.ts"
import { createDecider, type Decided } from "../decision/decide.ts"
import { createLease, lastWriteTimeoutMs, type LeaseEvent } from "../kubernetes/lease.ts"
import { keyOf, namespaceOf, readObject } from "../kubernetes/object.ts"
import {
  createReflector,
  isWholeList,
  type Reflector,
  type ReflectorEvent,
  type ReflectorInput,
} from "../kubernetes/reflector.ts"
import { type Call, createRequestIds, type RequestIds } from "../kubernetes/request.ts"
import { createWriter, type WriterEvent, type WriterInput } from "../kubernetes/writer.ts"
import { after, type At, earliest, type Instant, type Program } from "../time/instant.ts"
import { announcingOf, serviceConditions } from "./announced.ts"
import type { ControllerInside } from "./inspection.ts"
import { Leisure } from "./leisure.ts"
import { createLedgerKeeper } from "./ledger-keeper.ts"
import type { ControllerInput, ControllerOutput } from "./output.ts"
import { createLossWitness } from "./loss-witness.ts"
import { createOwnWrites, isWritten, kindOfKey } from "./own-writes.ts"
import { createPoolProof } from "./pool-proof.ts"
import { createPoolStatusKeeper, poolUses } from "./pool-status.ts"
import { Recollection } from "./recollection.ts"
import { remarkOf } from "./remark.ts"
import { createServiceTeller } from "./service-teller.ts"
import { createStatusKeeper, isRecorded } from "./status-keeper.ts"

export type ControllerOptions = {
  /** Where MetalLB's objects and the Lease are. */
  readonly namespace: string
  readonly loadBalancerClass: string | undefined
  /** Of this process: a restarted one is another. */
  readonly identity: string
}

/** Entries of the ledger that nobody needs any more are looked for so often. */
const sweepMs = 3_600_000
/** A round's cost follows the Services it looks at; so does the pause after it, and a thousand at once, with the answers to come, take few rounds. */
const pauseMsPerService = 0.05
/** So that a change in a large cluster does not wait for the one before it. */
const pauseMsMax = 100
/** While more than these wait for their address, nothing is told about the others. */
const fewServices = 8
/** A server that lags goes back with every list; one that was restored does so once. */
const distrustEveryMs = 10_000
const leaseName = "porchlight-controller"

export type Controller = Program<ControllerInput, ControllerOutput> & {
  /** What it is like at this moment; nothing changes by looking. */
  readonly inside: () => ControllerInside
}

/** Gives addresses: what the API server says in, what it is to be told out. Nothing is given before every kind was listed. */
export const createController = (options: ControllerOptions): Controller => {
  const ids = createRequestIds()
  const snapshot = createSnapshot({ ...options, kinds: allKinds })
  const decider = createDecider()
  const losses = createLossWitness()
  const poolProof = createPoolProof()
  const ledgers = createLedgerKeeper(losses)
  const statuses = createStatusKeeper()
  const pools = createPoolStatusKeeper(options.namespace)
  const ownWrites = createOwnWrites()
  const teller = createServiceTeller(ids)
  const lease = createLease({ ids, namespace: options.namespace, name: leaseName, identity: options.identity })
  const reflectors = allKinds.map((kind) => ({ kind, reflector: reflectorFor(kind, options.namespace, ids) }))
  let writer = createWriter({ ids, timeoutMs: lastWriteTimeoutMs })

  let leading = false
  let stopping = false
  /** The request that gives the lease away. */
  let release: number | undefined
  /** What must be judged at the next round, beside what the snapshot finds touched. */
  let everything = true
  let pending = new Set<ServiceName>()
  const leisure = new Leisure()
  let conditionsStale = false
  let sweepAt: Instant | undefined
  /** Somebody may have edited a pool's counters: they are looked at with the conditions, so that two writers fight slowly. */
  let poolsTouched = false
  let pauseUntil = 0 as Instant
  /** A round was due in a pause. */
  let roundWaits = false
  let held: MassRelease | undefined
  /** Kinds that must be listed again before anything is decided: the server went back. */
  let distrusted = new Set<KindName>()
  let distrustedAt: Instant | undefined
  let distrustIsNew = false
  let outputs: ControllerOutput[] = []
  /** For whoever looks inside. */
  const recollection = new Recollection()
  let decidedLast: ControllerInside["decided"]
  let writesAsked = 0

  const write = (write: { readonly key: string; readonly call: Call } | undefined, at: At): void => {
    if (write === undefined) return
    writesAsked++
    const [about = "", ...name] = write.key.split("/")
    const kind = kindOfKey[about]
    if (kind !== undefined)
      ownWrites.asked(kind, about === "pool" ? `${options.namespace}/${name.join("/")}` : name.join("/"))
    tellWriter({ kind: "write", ...write }, at)
  }

  /** Writes that are not answered yet. */
  const backlog = (): number => writer.waiting() + writer.inFlight()

  const tellWriter = (input: WriterInput, at: At): void => {
    for (const output of writer.step(input, at))
      if (output.kind === "request" || output.kind === "abort") outputs.push(output)
      else onWriter(output, at.now)
  }

  /** The answer to a write is the newest there is: read at once, without waiting for the watch. */
  const onWriter = (event: WriterEvent, now: Instant): void => {
    const [about = "", ...rest] = event.key.split("/")
    const name = rest.join("/")
    if (event.kind === "refused" || event.kind === "delayed") outputs.push(remarkOf(event))
    if (event.kind === "refused") recollection.lastRefused = { key: event.key, failure: event.failure, at: now }
    // It is on its way still.
    if (event.kind === "delayed") return
    if (about === "ledger") ledgers.ended(event, now)
    // Where a newer write of it is to come, that one is not asked for again.
    const isLast = !writer.isBusy(event.key)
    if (about === "status" && isLast) statuses.ended(name as ServiceName)
    if (about === "pool" && isLast) pools.ended(name)
    if (event.kind === "refused" || event.kind === "conflicted") {
      if (about === "ledger") everything = true
      if (about === "status") pending.add(name as ServiceName)
    }
    const kind = kindOfKey[about]
    const object = event.kind === "written" ? event.object : event.kind === "conflicted" ? event.current : undefined
    const read = kind === undefined ? undefined : readObject(object, resourceOf[kind])
    if (kind === undefined || read === undefined) return
    const reading = ownWrites.wrote(kind, keyOf(read), read, now)
    if (reading === "went-back") distrust(now)
    if (reading !== "old") take(kind, { kind: "upserted", key: keyOf(read), object: read })
  }

  /** What a reflector tells. */
  const hear = (kind: KindName, event: ReflectorEvent, now: Instant): void => {
    const object = event.kind === "upserted" ? event.object : undefined
    const shown = kind === "IPAddressPool" ? poolProof.heard(event, now) : undefined
    if (shown !== undefined) everything = true
    if (shown === "kind-gone") ledgers.listed(kind, true)
    if (event.kind === "synced") {
      for (const key of ownWrites.listed(kind)) take(kind, { kind: "vanished", key, uid: undefined })
      if (losses.listed(kind)) everything = true
      ledgers.listed(kind, event.objects === 0 && shown === undefined)
      if (distrusted.delete(kind) && distrusted.size === 0) everything = true
    }
    if (object !== undefined) ledgers.listed(kind, false)
    const reading =
      "key" in event && isWritten.has(kind)
        ? ownWrites.told(kind, event.key, object, event.kind === "upserted" ? undefined : event.uid)
        : "news"
    if (reading === "went-back") distrust(now)
    if (reading !== "old") take(kind, event)
  }

  /** The server went back: of what we know some is of a time that never was. All is listed before anything is decided. */
  const distrust = (now: Instant): void => {
    if (distrustedAt !== undefined && now < after(distrustedAt, distrustEveryMs)) return
    distrustedAt = now
    distrusted = new Set(allKinds)
    distrustIsNew = true
  }

  const take = (kind: KindName, event: ReflectorEvent): void => {
    if (event.kind === "failing" || event.kind === "recovered")
      return void outputs.push(remarkOf({ kind: "reflector", of: kind, event }))
    snapshot.take(kind, event)
    if (event.kind === "synced") return
    const object = event.kind === "upserted" ? event.object : undefined
    // It may carry the confirmation.
    if (kind === "AddressLedger" && held !== undefined) everything = true
    if (kind === "IPAddressPool") {
      pools.saw(event.key.slice(event.key.indexOf("/") + 1), object)
      poolsTouched = true
    }
    if (kind !== "Service") return
    if (object === undefined) {
      teller.gone(event.key as ServiceName)
      return statuses.gone(event.key as ServiceName)
    }
    const name = serviceName(namespaceOf(object) ?? "", object.metadata.name)
    statuses.saw(name, object)
    teller.saw(name, object)
    // A status that somebody else changed is not in what the snapshot compares.
    pending.add(name)
  }

  const onLease = (event: LeaseEvent, at: At): void => {
    recollection.heardOfLease(event, at.now)
    switch (event.kind) {
      case "leading":
        if (!leading) everything = true
        leading = true
        tellWriter({ kind: "fence", until: event.until }, at)
        outputs.push(...teller.step({ kind: "fence", until: event.until }, at))
        break
      case "stopped":
        leading = false
        withdrawWrites()
        outputs.push(...teller.step({ kind: "fence", until: at.now }, at))
        break
      case "following":
      case "failing":
        outputs.push(remarkOf(event))
    }
  }

  /** What was decided as leader is not written by one who may no longer be: should we lead again, all is decided anew. */
  const withdrawWrites = (): void => {
    writer = createWriter({ ids, timeoutMs: lastWriteTimeoutMs })
    ledgers.forget()
    statuses.forget()
    pools.forget()
  }

  /** Decides whatever changed since the last round, and writes what follows. Nothing where nothing did. */
  const round = (at: At): void => {
    roundWaits = leading && at.now < pauseUntil
    if (!leading || roundWaits || distrusted.size > 0) return
    const knowledge = snapshot.look()
    if (knowledge.state === "listing") return
    const { cluster, news, deleted } = knowledge
    const looksAtSpeakers = conditionsStale
    if (news.problems) for (const problem of cluster.problems) outputs.push(remarkOf({ kind: "problem", problem }))
    if (conditionsStale) for (const name of cluster.services.keys()) pending.add(name)
    conditionsStale = false
    const touched: Touched = everything ? { kind: "everything" } : knowledge.touched
    const isQuiet = touched.kind === "services" && touched.names.size + pending.size + ledgers.waiting().size === 0
    if (news.reports.size > 0 || poolsTouched || (!isQuiet && !looksAtSpeakers)) leisure.begin(at)
    poolsTouched = false
    if (isQuiet) return
    const decided = decider.decide(cluster, touched, at.wallSeconds)
    const names =
      touched.kind === "everything"
        ? new Set([...cluster.services.keys(), ...decided.changed.services])
        : new Set([...touched.names, ...decided.changed.services, ...pending, ...ledgers.waiting()])
    const isWhole = touched.kind === "everything"
    everything = false
    pending = new Set()
    decidedLast = { cluster, allocations: decided.allocations }
    const asked = writesAsked
    writeLedgers(cluster, decided.allocations, isWhole ? undefined : names, deleted, at)
    writeStatuses(cluster, decided, names, looksAtSpeakers, at)
    writePools(cluster, at)
    const pauseMs = Math.min(pauseMsMax, Math.floor(Math.max(names.size, backlog()) * pauseMsPerService))
    pauseUntil = after(at.now, pauseMs)
    if (backlog() > fewServices) outputs.push(...teller.step({ kind: "pause", until: after(at.now, pauseMsMax) }, at))
    recollection.finished({ at: at.now, isWhole, services: names.size, writes: writesAsked - asked, pauseMs })
  }

  const writeLedgers = (
    cluster: Cluster,
    allocations: Allocations,
    names: ReadonlySet<ServiceName> | undefined,
    deleted: ReadonlySet<ServiceName>,
    at: At,
  ): void => {
    const ledgerRound = ledgers.round(cluster, allocations, names, deleted, at, poolProof.isOpen())
    if (ledgerRound.held !== undefined && ledgerRound.held.code !== held?.code)
      outputs.push(remarkOf({ kind: "held", ...ledgerRound.held }))
    held = ledgerRound.held
    for (const one of ledgerRound.writes) write(one, at)
    if (ledgerRound.isFought) leisure.begin(at)
  }

  const writeStatuses = (
    cluster: Cluster,
    { allocations, elections }: Decided,
    names: ReadonlySet<ServiceName>,
    looksAtSpeakers: boolean,
    at: At,
  ): void => {
    const announcing = looksAtSpeakers ? announcingOf(cluster) : undefined
    const heldServices = new Set(held?.services)
    for (const name of names) {
      const service = cluster.services.get(name)
      const allocation = heldAllocation(name, allocations.get(name), held)
      if (service === undefined) continue
      if (allocation === undefined) {
        // Of another class: another controller's, whose conditions have our names where it is one of ours.
        if (service.exposure.kind !== "other-class") write(statuses.clear(service, at), at)
        continue
      }
      const isHeld = heldServices.has(name)
      const election = elections.get(decider.elector.keyOf(name) ?? "")
      const conditions = serviceConditions(allocation, election, announcing, isHeld ? held : undefined)
      write(statuses.write({ cluster, service, allocation, conditions, isHeld }, at), at)
      // What is held has not happened yet.
      if (!isHeld) outputs.push(...teller.tell(service, allocation, isRecorded(cluster, service, allocation), at))
    }
    if (statuses.isFought()) leisure.begin(at)
  }

  const writePools = (cluster: Cluster, at: At): void => {
    const uses = poolUses(cluster, decider.allocator)
    for (const one of pools.writes(uses)) write(one, at)
    outputs.push({ kind: "pools", pools: uses }, { kind: "reconciled", stale: cluster.problems.length > 0 })
  }

  const onTime = (at: At): void => {
    if (leisure.isOver(at, backlog() > fewServices)) conditionsStale = true
    if (sweepAt === undefined || sweepAt <= at.now) {
      everything = true
      sweepAt = after(at.now, sweepMs)
    }
  }

  const step = (input: ControllerInput, at: At): readonly ControllerOutput[] => {
    outputs = []
    const plain = input.kind === "stop" ? ({ kind: "wake" } as const) : input
    if (input.kind === "stop") {
      stopping = true
      if (!leading) outputs.push({ kind: "exit" })
    }
    onTime(at)
    relist(ownWrites.overdue(at.now), at)
    for (const one of reflectors) follow(one, plain, at)
    tellWriter(plain, at)
    outputs.push(...teller.step(plain, at))
    for (const output of lease.step(input.kind === "stop" ? { kind: "release" } : plain, at)) {
      if (output.kind === "request" && stopping) release = output.request.id
      if (output.kind === "request" || output.kind === "abort") outputs.push(output)
      else onLease(output, at)
    }
    if ((input.kind === "response" || input.kind === "failed") && input.id === release) outputs.push({ kind: "exit" })
    round(at)
    relist(losses.toList(), at)
    if (poolProof.isDue(at.now)) relist(new Set(["IPAddressPool"]), at)
    if (distrustIsNew) {
      distrustIsNew = false
      relist(distrusted, at)
    }
    return outputs
  }

  const relist = (kinds: ReadonlySet<KindName>, at: At): void => {
    if (kinds.size > 0) for (const one of reflectors) if (kinds.has(one.kind)) follow(one, { kind: "relist" }, at)
  }

  const follow = ({ kind, reflector }: (typeof reflectors)[number], input: ReflectorInput, at: At): void => {
    for (const output of reflector.step(input, at))
      if (output.kind === "request" || output.kind === "abort") {
        if (output.kind === "request" && isWholeList(output.request)) ownWrites.listing(kind)
        outputs.push(output)
      } else {
        recollection.heardOfWatch(kind, output, at.now)
        hear(kind, output, at.now)
      }
  }

  return {
    step,
    inside: () => ({
      identity: options.identity,
      recollection,
      decided: leading ? decidedLast : undefined,
      pools: !leading || decidedLast === undefined ? [] : poolUses(decidedLast.cluster, decider.allocator),
      held,
      pending,
      writes: { waiting: writer.waiting(), inFlight: writer.inFlight() },
      isBusy: writer.isBusy,
    }),
    wakeAt: () =>
      earliest(
        roundWaits ? pauseUntil : undefined,
        writer.wakeAt(),
        teller.wakeAt(),
        lease.wakeAt(),
        leisure.wakeAt(),
        sweepAt,
        ownWrites.dueAt(),
        poolProof.dueAt(),
        ...reflectors.map(({ reflector }) => reflector.wakeAt()),
      ),
  }
}

const reflectorFor = (kind: KindName, namespace: string, ids: RequestIds): Reflector =>
  createReflector({ resource: resourceOf[kind], ids, ...(namespacedConfiguration.has(kind) ? { namespace } : {}) })
