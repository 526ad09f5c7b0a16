import type { JsonObject } from "../../kubernetes/http.ts"
import { field, objectAt, textAt, textsAt } from "../../kubernetes/json.ts"
import { rangeBetween } from "../../net/range.ts"
import type { Cluster, KindName, Knowledge, Touched } from "../cluster.ts"
import { keepEqual, sameValue } from "../equal.ts"
import { type Network, readNetwork } from "../facts.ts"
import { type AddressLedger, poolsThatGive } from "../ledger.ts"
import type { Labels, NodeName, PoolName, ServiceName } from "../name.ts"
import type { Node } from "../node.ts"
import type { Problem } from "../problem.ts"
import type { Reservation } from "../reservation.ts"
import type { EndpointView, Service } from "../service.ts"
import type { SpeakerReport } from "../speaker-report.ts"
import { readAdvertisement, type ReadAdvertisement } from "./advertisement.ts"
import { assembleConfiguration } from "./configuration.ts"
import { endpointView, readEndpointSlice, type ReadSlice } from "./endpoint-slice.ts"
import { type Faults, faultsOf, readTexts } from "./fault.ts"
import { createLedgerBook } from "./ledger-book.ts"
import { readLedger } from "./ledger.ts"
import { readNode } from "./node.ts"
import { readPool, type ReadPool } from "./pool.ts"
import { readService } from "./service.ts"
import { readSpeakerReport } from "./speaker-report.ts"

/** What became of an object; a reflector's events are such. Keys are `namespace/name`, or `name`. */
export type SnapshotEvent =
  | { readonly kind: "upserted"; readonly object: JsonObject }
  /** Seen deleted in a watch. */
  | { readonly kind: "deleted"; readonly key: string }
  /** Missing from a later list: nobody saw it deleted. */
  | { readonly kind: "vanished"; readonly key: string }
  /** A whole list is in. */
  | { readonly kind: "synced" }

export type SnapshotOptions = {
  /** MetalLB's objects are read from this namespace only. */
  readonly namespace: string
  /** Our `loadBalancerClass`; undefined: Services without one. */
  readonly loadBalancerClass: string | undefined
  /** Kinds to wait for; a kind that is left out is never listed and counts as empty. */
  readonly kinds: readonly KindName[]
}

export const allKinds: readonly KindName[] = [
  "Service",
  "Node",
  "EndpointSlice",
  "Namespace",
  "IPAddressPool",
  "L2Advertisement",
  "AddressLedger",
  "Speaker",
  "Network",
]

/** Takes objects in, gives the Cluster out. `look` also says what changed since the look before. */
export type Snapshot = {
  readonly take: (kind: KindName, event: SnapshotEvent) => void
  readonly look: () => Knowledge
}

export const createSnapshot = (options: SnapshotOptions): Snapshot => {
  const services = new Map<ServiceName, Service>()
  const endpoints = new Map<ServiceName, EndpointView>()
  const nodes = new Map<NodeName, Node>()
  const speakers = new Map<NodeName, SpeakerReport>()
  const slices = new Map<string, ReadSlice>()
  const slicesOf = new Map<ServiceName, Map<string, ReadSlice>>()
  const pools = new Map<string, ReadPool>()
  const retired = new Map<PoolName, ReadPool>()
  const advertisements = new Map<string, ReadAdvertisement>()
  const unread = new Map<string, readonly string[]>()
  const namespaces = new Map<string, Labels>()
  const networks = new Map<string, Network>()
  const book = createLedgerBook()

  const problemsOf = new Map<string, readonly Problem[]>()
  const deleted = new Set<ServiceName>()
  const missing = new Set<KindName>(options.kinds)
  let touched = new Set<ServiceName>()
  let reports = new Set<NodeName>()
  let everything = true
  let configurationStale = true
  let problemsStale = true
  let assembled = assembleConfiguration({ pools, retired, advertisements, unread, namespaces })
  let cluster: Cluster = {
    services,
    endpoints,
    nodes,
    speakers,
    ledger: book.ledger,
    configuration: assembled.configuration,
    reserved: [],
    problems: [],
  }

  const report = (kind: KindName, key: string, problems: readonly Problem[]): void => {
    const id = `${kind} ${key}`
    if (sameValue(problemsOf.get(id) ?? [], problems)) return
    if (problems.length === 0) problemsOf.delete(id)
    else problemsOf.set(id, problems)
    problemsStale = true
  }

  /** Puts `now` under `key` unless it equals what is there; answers whether it differed. */
  const put = <K, V>(map: Map<K, V>, key: K, now: V | undefined): boolean => {
    const before = map.get(key)
    if (now === undefined) return map.delete(key)
    if (sameValue(before, now)) return false
    map.set(key, now)
    return true
  }

  const putSlice = (key: string, now: ReadSlice | undefined): void => {
    for (const slice of new Set([slices.get(key)?.service, now?.service])) {
      if (slice === undefined) continue
      const of = slicesOf.get(slice) ?? new Map<string, ReadSlice>()
      if (now?.service === slice) of.set(key, now)
      else of.delete(key)
      if (of.size > 0) slicesOf.set(slice, of)
      else slicesOf.delete(slice)
      if (put(endpoints, slice, of.size === 0 ? undefined : endpointView(of.values()))) touched.add(slice)
    }
    put(slices, key, now)
  }

  const putService = (key: ServiceName, now: Service | undefined, seenDeleted: boolean): void => {
    if (put(services, key, now)) touched.add(key)
    if (now === undefined && seenDeleted) deleted.add(key)
    else deleted.delete(key)
  }

  const putNode = (key: NodeName, now: Node | undefined): void => {
    const before = nodes.get(key)?.addresses
    if (!put(nodes, key, now)) return
    everything = true
    stale(!sameValue(before, now?.addresses))
  }

  const removePool = (key: string): void => {
    const pool = pools.get(key)
    if (pool === undefined) return
    retired.set(pool.name, pool)
    stale(pools.delete(key))
  }

  /** Without those that are back and those that no address is given from: the ledger bounds what is remembered. */
  const tendRetired = (): void => {
    const there = new Set([...pools.values()].map(({ name }) => name))
    const giving = poolsThatGive(book.ledger)
    for (const name of retired.keys()) if (there.has(name) || !giving.has(name)) retired.delete(name)
    for (const name of giving) if (!there.has(name) && !retired.has(name)) retired.set(name, unseenPool(name))
  }

  /** Holds and readiness change often and decide nothing. */
  const putSpeaker = (key: NodeName, now: SpeakerReport | undefined): void => {
    const before = speakers.get(key)
    if (!put(speakers, key, now)) return
    reports.add(key)
    const decisive = (of: SpeakerReport | undefined): unknown =>
      of && { interfaces: of.interfaces, contested: of.contested }
    if (!sameValue(decisive(before), decisive(now))) everything = true
  }

  /** An advertisement that became unreadable goes on as it last was: half of one would announce in the wrong place. */
  const readOrKeep = (key: string, object: JsonObject, faults: Faults): ReadAdvertisement | undefined => {
    const read = readAdvertisement(object, faults)
    if (read !== undefined) return read
    const before = advertisements.get(key)
    const [effect, because] =
      before === undefined
        ? (["left-out", "it cannot be read, so it announces nothing"] as const)
        : (["last-valid-kept", "it cannot be read, so its last valid form goes on until the speaker restarts"] as const)
    faults.add("spec", key, effect, because, "mend the fields named beside this")
    return before
  }

  const putAdvertisement = (
    key: string,
    now: ReadAdvertisement | undefined,
    object: JsonObject,
    elsewhere: boolean,
  ): void => {
    stale(put(advertisements, key, now))
    const left = now === undefined && !elsewhere
    stale(put(unread, key, left ? textsAt(objectAt(object, "spec"), "ipAddressPools") : undefined))
  }

  const upsert = (kind: KindName, key: string, object: JsonObject): void => {
    const faults = faultsOf(kind, key)
    const elsewhere = ours.has(kind) && textAt(object, "metadata", "namespace") !== options.namespace
    if (elsewhere)
      faults.add(
        "metadata.namespace",
        textAt(object, "metadata", "namespace"),
        "left-out",
        "objects of metallb.io are read from one namespace only",
        `create it in ${options.namespace}`,
      )
    switch (kind) {
      case "Service":
        putService(key as ServiceName, readService(object, options.loadBalancerClass, faults), false)
        break
      case "Node":
        putNode(key as NodeName, readNode(object, faults))
        break
      case "EndpointSlice":
        putSlice(key, readEndpointSlice(object))
        break
      case "Namespace":
        stale(put(namespaces, key, readTexts(field(object, "metadata", "labels"), "metadata.labels", faults)))
        break
      case "IPAddressPool":
        stale(put(pools, key, elsewhere ? undefined : readPool(object, faults)))
        break
      case "L2Advertisement":
        putAdvertisement(key, elsewhere ? undefined : readOrKeep(key, object, faults), object, elsewhere)
        break
      case "AddressLedger":
        putLedger(key, readLedger(object, faults))
        break
      case "Speaker":
        putSpeaker(key as NodeName, readSpeakerReport(object, faults))
        break
      case "Network":
        stale(put(networks, key, readNetwork(object, faults)))
        break
    }
    report(kind, key, faults.problems)
  }

  const remove = (kind: KindName, key: string, seen: boolean): void => {
    switch (kind) {
      case "Service":
        putService(key as ServiceName, undefined, seen)
        break
      case "Node":
        putNode(key as NodeName, undefined)
        break
      case "EndpointSlice":
        putSlice(key, undefined)
        break
      case "Namespace":
        stale(namespaces.delete(key))
        break
      case "IPAddressPool":
        removePool(key)
        break
      case "L2Advertisement":
        stale(advertisements.delete(key))
        stale(unread.delete(key))
        break
      case "AddressLedger":
        putLedger(key, undefined)
        break
      case "Speaker":
        putSpeaker(key as NodeName, undefined)
        break
      case "Network":
        stale(networks.delete(key))
        break
    }
    report(kind, key, [])
  }

  const stale = (changed: boolean): void => {
    configurationStale ||= changed
  }
  /** An object that comes or goes changes for its whole block whether a status is adopted: nobody is named by that. */
  const putLedger = (key: string, now: AddressLedger | undefined): void => {
    const before = book.ledger.objects.get(key)
    if ((before === undefined) !== (now === undefined)) everything = true
    for (const name of book.put(key, now === undefined ? undefined : keepEqual(before, now))) touched.add(name)
    const isKnown = now === undefined || [...pools.values()].some(({ name }) => name === now.pool)
    stale(retired.size > 0 || !isKnown)
  }

  const assemble = (): void => {
    const before = assembled
    tendRetired()
    assembled = assembleConfiguration({ pools, retired, advertisements, unread, namespaces })
    const configuration = keepEqual(before.configuration, assembled.configuration)
    const reserved = keepEqual(cluster.reserved, [
      ...[...networks.values()].flatMap((network) => network.reserved),
      ...nodeReservations(nodes.values()),
    ])
    if (configuration !== before.configuration || reserved !== cluster.reserved) everything = true
    if (!sameValue(before.problems, assembled.problems)) problemsStale = true
    assembled = { ...assembled, configuration }
    cluster = { ...cluster, configuration, reserved }
    configurationStale = false
  }

  const look = (): Knowledge => {
    const [first, ...others] = missing
    if (first !== undefined) return { state: "listing", missing: [first, ...others] }
    if (configurationStale) assemble()
    const news = { reports, problems: problemsStale }
    const change: Touched = everything ? { kind: "everything" } : { kind: "services", names: touched }
    if (problemsStale) cluster = { ...cluster, problems: [...assembled.problems, ...[...problemsOf.values()].flat()] }
    for (const name of deleted) if (!book.ledger.addressesOf.has(name)) deleted.delete(name)
    touched = new Set()
    reports = new Set()
    everything = false
    problemsStale = false
    return { state: "complete", cluster, touched: change, news, deleted }
  }

  return {
    look,
    take: (kind, event) => {
      switch (event.kind) {
        case "upserted":
          upsert(kind, keyOf(event.object), event.object)
          break
        case "deleted":
          remove(kind, event.key, true)
          break
        case "vanished":
          remove(kind, event.key, false)
          break
        case "synced":
          missing.delete(kind)
      }
    },
  }
}

/** A pool that was gone before this process began: only its name is known, from the ledger. */
const unseenPool = (name: PoolName): ReadPool => ({
  name,
  labels: new Map(),
  createdAt: "",
  entries: [],
  autoAssign: false,
  avoidsBuggyAddresses: false,
  onlyFor: undefined,
  fault: "none",
})

/** A node's kernel answers for its own addresses, whatever pool they are in. */
const nodeReservations = (nodes: Iterable<Node>): readonly Reservation[] =>
  [...nodes].flatMap(({ name, addresses }) =>
    addresses.flatMap((address) => {
      const range = rangeBetween(address, address)
      return range === undefined ? [] : [{ range, kind: "node", name, network: undefined } as const]
    }),
  )

const ours: ReadonlySet<KindName> = new Set(["IPAddressPool", "L2Advertisement"])

const keyOf = (object: JsonObject): string => {
  const namespace = textAt(object, "metadata", "namespace")
  const name = textAt(object, "metadata", "name") ?? ""
  return namespace === undefined ? name : `${namespace}/${name}`
}
