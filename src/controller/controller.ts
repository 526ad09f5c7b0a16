import type { Cluster, KindName, Touched } from "../cluster/cluster.ts"
import { namespacedConfiguration, resourceOf } from "../cluster/kind-resource.ts"
import { serviceName, type ServiceName } from "../cluster/name.ts"
import { allKinds, createSnapshot } from "../cluster/read/snapshot.ts"
import { objectAt } from "../kubernetes/json.ts"
import type { Service } from "../cluster/service.ts"
import type { Allocations } from "../decision/allocate/allocator.ts"
import type { Allocation } from "../decision/allocate/allocation.ts"
import type { MassRelease } from "../decision/allocate/release-brake.ts"
import { createDecider } from "../decision/decide.ts"
import { createEventRecorder } from "../kubernetes/event-recorder.ts"
import { createLease, type LeaseEvent } from "../kubernetes/lease.ts"
import { lastWriteTimeoutMs } from "../kubernetes/lease.ts"
import { keyOf, type KubernetesObject, namespaceOf, readObject } from "../kubernetes/object.ts"
import { createReflector, type Reflector, type ReflectorEvent } from "../kubernetes/reflector.ts"
import { type Call, createRequestIds } from "../kubernetes/request.ts"
import { createWriter, type WriterEvent, type WriterInput } from "../kubernetes/writer.ts"
import { after, type At, earliest, type Instant, type Program } from "../time/instant.ts"
import { allocationEvents, deprecatedAnnotation, type ServiceEvent } from "../wording/event.ts"
import { announcingOf, serviceConditions } from "./announced.ts"
import { createLedgerKeeper } from "./ledger-keeper.ts"
import type { ControllerInput, ControllerOutput } from "./output.ts"
import { createOwnWrites } from "./own-writes.ts"
import { poolStatusWrite, poolUses } from "./pool-status.ts"
import { remarkOf } from "./remark.ts"
import { createStatusKeeper } from "./status-keeper.ts"

export type ControllerOptions = {
  /** Where MetalLB's objects and the Lease are. */
  readonly namespace: string
  readonly loadBalancerClass: string | undefined
  /** Of this process: a restarted one is another. */
  readonly identity: string
}

/** Speakers and endpoints say who announces and who could; everything else decides who gets an address. */
const kinds: readonly KindName[] = allKinds
/** Conditions follow the speakers' reports at leisure: 1,000 moves are one write a Service, not one a report. */
const announcedAfterMs = 1000
/** Entries of the ledger that nobody needs any more are looked for so often. */
const sweepMs = 3_600_000
/** A round's cost follows the Services it looks at; so does the pause after it, and a thousand at once take few rounds. */
const pauseMsPerService = 0.05
const eventsInFlightMax = 4
const leaseName = "porchlight-controller"

/** Gives addresses: what the API server says in, what it is to be told out. Nothing is given before every kind was listed. */
export const createController = (options: ControllerOptions): Program<ControllerInput, ControllerOutput> => {
  const ids = createRequestIds()
  const snapshot = createSnapshot({ ...options, kinds })
  const decider = createDecider()
  const ledgers = createLedgerKeeper()
  const statuses = createStatusKeeper()
  const ownWrites = createOwnWrites()
  const events = createEventRecorder("metallb-controller")
  const writer = createWriter({ ids, timeoutMs: lastWriteTimeoutMs })
  /** Events go their own way, so that a thousand of them delay no address. */
  const eventWriter = createWriter({ ids, timeoutMs: lastWriteTimeoutMs, inFlightMax: eventsInFlightMax })
  const lease = createLease({ ids, namespace: options.namespace, name: leaseName, identity: options.identity })
  const reflectors = kinds.map((kind) => ({ kind, reflector: reflectorFor(kind, options.namespace, ids) }))
  const pools = new Map<string, KubernetesObject>()
  /** Annotations of MetalLB's old prefix, by Service. */
  const deprecated = new Map<ServiceName, readonly string[]>()

  let leading = false
  let stopping = false
  /** What must be judged at the next round, beside what the snapshot finds touched. */
  let everything = true
  let pending = new Set<ServiceName>()
  /** Services whose conditions may be stale because a speaker reported. */
  let reportedAt: Instant | undefined
  let conditionsStale = false
  let sweepAt: Instant | undefined
  let nextRoundAt = 0 as Instant
  let held: MassRelease | undefined
  /** What was last told of each Service. */
  const told = new Map<ServiceName, Allocation>()

  const outputs: ControllerOutput[] = []

  const write = (key: string, call: Call, at: At): void => tellWriter({ kind: "write", key, call }, at)

  const tellWriter = (input: WriterInput, at: At): void => {
    for (const output of writer.step(input, at))
      if (output.kind === "request" || output.kind === "abort") outputs.push(output)
      else onWriter(output)
  }

  const tell = (service: Service, event: ServiceEvent, at: At): void => {
    const [namespace, name] = service.name.split("/") as [string, string]
    const about = { apiVersion: "v1", kind: "Service", namespace, name, uid: service.uid }
    const recorded = events.record({ ...event, about }, at)
    if (recorded !== undefined) tellEventWriter({ kind: "write", ...recorded }, at)
  }

  const tellEventWriter = (input: WriterInput, at: At): void => {
    for (const output of eventWriter.step(input, at)) {
      if (output.kind === "request" || output.kind === "abort") outputs.push(output)
      else {
        const more = events.heard(output)
        if (more !== undefined) tellEventWriter({ kind: "write", ...more }, at)
      }
    }
  }

  /** The answer to a write is the newest there is: read at once, without waiting for the watch. */
  const onWriter = (event: WriterEvent): void => {
    const [about, ...rest] = event.key.split("/")
    const kind = kindOfKey[about ?? ""]
    if (kind === undefined) return
    if (event.kind !== "delayed" && kind === "AddressLedger") ledgers.ended(event.key)
    const object = event.kind === "written" ? event.object : event.kind === "conflicted" ? event.current : undefined
    const read = readObject(object, resourceOf[kind])
    if (read !== undefined) {
      ownWrites.wrote(`${kind} ${keyOf(read)}`, read)
      take(kind, { kind: "upserted", key: keyOf(read), object: read })
    }
    if (event.kind !== "written") {
      if (event.kind === "refused" || event.kind === "delayed") outputs.push(remarkOf(event))
      if (kind === "AddressLedger") everything = true
      else if (kind === "Service" && event.kind !== "delayed") pending.add(rest.join("/") as ServiceName)
    }
  }

  const take = (kind: KindName, event: ReflectorEvent): void => {
    if (event.kind === "failing" || event.kind === "recovered") return
    if (event.kind === "upserted" && ownWrites.isOld(`${kind} ${event.key}`, event.object)) return
    snapshot.take(kind, event)
    if (kind === "IPAddressPool") {
      if (event.kind === "upserted") pools.set(event.object.metadata.name, event.object)
      else if (event.kind !== "synced") pools.delete(event.key.slice(event.key.indexOf("/") + 1))
    }
    if (kind !== "Service" || event.kind === "synced") return
    if (event.kind !== "upserted") {
      deprecated.delete(event.key as ServiceName)
      return statuses.gone(event.key as ServiceName)
    }
    const name = serviceName(namespaceOf(event.object) ?? "", event.object.metadata.name)
    statuses.saw(name, event.object)
    const old = Object.keys(objectAt(event.object, "metadata", "annotations")).filter((key) =>
      key.startsWith("metallb.universe.tf"),
    )
    if (old.length > 0) deprecated.set(name, old)
    else deprecated.delete(name)
    // A status that somebody else changed is not in what the snapshot compares.
    pending.add(name)
  }

  const fence = (until: Instant, at: At): void => {
    tellWriter({ kind: "fence", until }, at)
    tellEventWriter({ kind: "fence", until }, at)
  }

  const onLease = (event: LeaseEvent, at: At): void => {
    switch (event.kind) {
      case "leading":
        if (!leading) everything = true
        leading = true
        fence(event.until, at)
        break
      case "stopped":
        leading = false
        fence(at.now, at)
        if (event.why === "released" && stopping) outputs.push({ kind: "exit" })
        break
      case "following":
      case "failing":
        outputs.push(remarkOf(event))
    }
  }

  const backlog = (): number => pending.size + ledgers.waiting().size

  const round = (at: At): void => {
    if (at.now < nextRoundAt) return
    nextRoundAt = after(at.now, Math.floor(backlog() * pauseMsPerService))
    const knowledge = snapshot.look()
    if (knowledge.state === "listing") return
    const { cluster, news, deleted } = knowledge
    if (conditionsStale) for (const name of cluster.services.keys()) pending.add(name)
    conditionsStale = false
    const touched: Touched = everything ? { kind: "everything" } : knowledge.touched
    const quiet = touched.kind === "services" && touched.names.size === 0 && pending.size === 0
    if (news.reports.size > 0) reportedAt ??= after(at.now, announcedAfterMs)
    if (news.problems && leading) sayProblems(cluster)
    if (!leading) {
      everything ||= touched.kind === "everything" || touched.names.size > 0
      return
    }
    if (quiet && ledgers.waiting().size === 0) return
    const { allocations, elections, changed } = decider.decide(cluster, touched, at.wallSeconds)
    const names =
      touched.kind === "everything"
        ? undefined
        : new Set([...touched.names, ...changed.services, ...pending, ...ledgers.waiting()])
    everything = false
    pending = new Set()
    writeLedgers(cluster, allocations, names, deleted, at)
    const announcing = announcingOf(cluster)
    for (const name of names ?? cluster.services.keys()) {
      const [service, allocation] = [cluster.services.get(name), allocations.get(name)]
      if (service === undefined || allocation === undefined) continue
      const conditions = serviceConditions(
        service,
        allocation,
        elections.get(decider.elector.keyOf(name) ?? ""),
        announcing,
        held,
      )
      const status = statuses.write({ cluster, service, allocation, conditions }, at.wallSeconds)
      if (status !== undefined) write(status.key, status.call, at)
    }
    tellChanges(cluster, allocations, changed.services, at)
    writePools(cluster, at)
  }

  const writeLedgers = (
    cluster: Cluster,
    allocations: Allocations,
    names: ReadonlySet<ServiceName> | undefined,
    deleted: ReadonlySet<ServiceName>,
    at: At,
  ): void => {
    const ledgerRound = ledgers.round(cluster, allocations, names, deleted, at.wallSeconds)
    for (const { key, call } of ledgerRound.writes) write(key, call, at)
    if (ledgerRound.held !== undefined && ledgerRound.held.code !== held?.code)
      outputs.push(remarkOf({ kind: "held", ...ledgerRound.held }))
    held = ledgerRound.held
  }

  const tellChanges = (cluster: Cluster, allocations: Allocations, changed: ReadonlySet<ServiceName>, at: At): void => {
    for (const name of changed) {
      const [service, allocation] = [cluster.services.get(name), allocations.get(name)]
      if (service === undefined || allocation === undefined) {
        told.delete(name)
        continue
      }
      for (const event of allocationEvents(service, told.get(name), allocation)) tell(service, event, at)
      const old = deprecated.get(name)
      if (old !== undefined) tell(service, deprecatedAnnotation(old), at)
      told.set(name, allocation)
    }
  }

  const writePools = (cluster: Cluster, at: At): void => {
    const uses = poolUses(cluster, decider.allocator)
    for (const use of uses) {
      const status = poolStatusWrite(use, pools.get(use.pool), options.namespace)
      if (status !== undefined) write(status.key, status.call, at)
    }
    outputs.push({ kind: "pools", pools: uses }, { kind: "reconciled", stale: cluster.problems.length > 0 })
  }

  const sayProblems = (cluster: Cluster): void => {
    for (const problem of cluster.problems) outputs.push(remarkOf({ kind: "problem", problem }))
  }

  const onTime = (at: At): void => {
    if (reportedAt !== undefined && reportedAt <= at.now) {
      reportedAt = undefined
      conditionsStale = true
    }
    if (sweepAt === undefined || sweepAt <= at.now) {
      everything = true
      sweepAt = after(at.now, sweepMs)
    }
  }

  const step = (input: ControllerInput, at: At): readonly ControllerOutput[] => {
    outputs.length = 0
    if (input.kind === "stop") {
      stopping = true
      if (!leading) outputs.push({ kind: "exit" })
    }
    onTime(at)
    const plain = input.kind === "stop" ? ({ kind: "wake" } as const) : input
    for (const { kind, reflector } of reflectors)
      for (const output of reflector.step(plain, at))
        if (output.kind === "request" || output.kind === "abort") outputs.push(output)
        else {
          if (output.kind === "failing" || output.kind === "recovered")
            outputs.push(remarkOf({ kind: "reflector", of: kind, event: output }))
          take(kind, output)
        }
    tellWriter(plain, at)
    tellEventWriter(plain, at)
    for (const output of lease.step(input.kind === "stop" ? { kind: "release" } : plain, at))
      if (output.kind === "request" || output.kind === "abort") outputs.push(output)
      else onLease(output, at)
    round(at)
    return [...outputs]
  }

  return {
    step,
    wakeAt: () =>
      earliest(
        backlog() > 0 ? nextRoundAt : undefined,
        writer.wakeAt(),
        eventWriter.wakeAt(),
        lease.wakeAt(),
        reportedAt,
        sweepAt,
        ...reflectors.map(({ reflector }) => reflector.wakeAt()),
      ),
  }
}

const kindOfKey: Readonly<Record<string, KindName>> = {
  ledger: "AddressLedger",
  status: "Service",
  pool: "IPAddressPool",
}

const reflectorFor = (
  kind: KindName,
  namespace: string,
  ids: Parameters<typeof createReflector>[0]["ids"],
): Reflector =>
  createReflector({ resource: resourceOf[kind], ids, ...(namespacedConfiguration.has(kind) ? { namespace } : {}) })
