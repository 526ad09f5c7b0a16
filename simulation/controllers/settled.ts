import { readCluster } from "../../src/cluster/read/whole-cluster.ts"
import { allocate } from "../../src/decision/allocate/allocator.ts"
import type { ServiceName } from "../../src/cluster/name.ts"
import type { LedgerEntry } from "../../src/cluster/ledger.ts"
import { ledgerChanges } from "../../src/decision/allocate/ledger-change.ts"
import { brake, type MassRelease } from "../../src/decision/allocate/release-brake.ts"
import type { Json, JsonObject } from "../../src/kubernetes/http.ts"
import { listAt, objectAt, textAt } from "../../src/kubernetes/json.ts"
import { printAddress } from "../../src/net/address.ts"
import { mayShare } from "./legal-share.ts"
import { namespace } from "./process.ts"
import { addressesIn, isBalanced, poolOf, type Owners, ownersOf, statusOf, uidOf } from "./truth.ts"
import { leaseOf, runningOf, type World } from "./world.ts"

const kinds = ["services", "nodes", "namespaces", "ipaddresspools", "addressledgers"]

/** What is still missing until everybody has what he can have and everything says so; undefined: nothing. */
export const unsettled = (world: World): string | undefined => {
  const { etcd } = world
  const holder = textAt(leaseOf(world), "spec", "holderIdentity")
  if (!runningOf(world).some(({ name }) => name === holder)) return `nobody leads (the lease names ${holder})`
  const owners = ownersOf(etcd.all("addressledgers").values())
  const services = [...etcd.all("services")]
  const held = stillToWrite(world)
  if (typeof held === "string") return held
  for (const [key, service] of services) {
    const isHeld = held?.services.some((name) => name === key) === true
    // It is to have what a held release would free.
    const isWaiting = held?.awaited.has(key as ServiceName) === true
    const wrong =
      wrongStatus(key, service, owners, held, isHeld) ??
      (isWaiting
        ? unsaidWait(key, service, held)
        : held === undefined
          ? missed(world, key, service, owners)
          : undefined)
    if (wrong !== undefined) return wrong
  }
  return held !== undefined
    ? undefined
    : wrongShare(new Map(services.map(([, service]) => [uidOf(service), service])), owners)
}

/** What the daemons' own decision would write now; what waits for a person is handed back. */
const stillToWrite = (world: World): string | MassRelease | undefined => {
  const objects = kinds.flatMap((kind) => [...world.etcd.all(kind).values()])
  const cluster = readCluster(objects, { namespace, loadBalancerClass: undefined })
  const allocations = allocate(cluster, world.wallSeconds())
  const all = ledgerChanges(cluster, allocations, world.wallSeconds(), undefined)
  const isSaid = (code: string): boolean =>
    world.remarks.some(({ remark }) => remark.message.includes(`confirm-release=${code}`))
  const held = { held: new Set(all.map(({ address }) => address)), lately: new Set<never>(), isEmptied: false }
  const gone = all.flatMap(({ loses }) => loses.map(({ service }) => service))
  // The leader may have seen Services deleted, and held a release as part of a larger one: nobody else knows that.
  const told = [new Set<ServiceName>(), new Set(gone.filter((name) => !cluster.services.has(name)))]
    .flatMap((deleted) => [brake(cluster, all, deleted), brake(cluster, all, deleted, held)])
    .find((one) => one.changes.length === 0 && one.held !== undefined && isSaid(one.held.code))
  if (told !== undefined) return told.held
  const { changes } = brake(cluster, all, new Set())
  const [first] = changes
  if (first !== undefined)
    return `the ledger still lacks a change of ${printAddress(first.address)}: ${ownersIn(first.before)} to ${ownersIn(first.entry)}`
  return all.length > 0
    ? `a release of ${all.map(({ address }) => printAddress(address)).join(" ")} is held and nobody said so`
    : undefined
}

const ownersIn = (entry: LedgerEntry | undefined): string => {
  const owners = entry?.owners.map(({ service, uid, terms }) => `${service} ${uid} ${terms}`.trim())
  return entry === undefined ? "nobody" : `${entry.state} ${owners?.join(", ")}`
}

const wrongStatus = (
  key: string,
  service: JsonObject,
  owners: Owners,
  held: MassRelease | undefined,
  isHeld: boolean,
): string | undefined => {
  const says = statusOf(service).join(" ")
  const has = [...owners].flatMap(([address, list]) =>
    list.some(({ uid }) => uid === uidOf(service)) ? [address] : [],
  )
  if (isHeld && !isBalanced(service)) return undefined
  // What somebody wrote into the status of a Service that is no load balancer is nobody's here.
  if (isBalanced(service) ? says !== has.toSorted().join(" ") : has.length > 0)
    return `the status of ${key} says "${says}", the ledger gives it "${has.toSorted().join(" ")}"`
  const condition = allocatedOf(service)
  const expected = isBalanced(service) ? (has.length > 0 ? "True" : "False") : undefined
  if (isHeld)
    return textAt(condition, "message")?.includes(held?.code ?? "?") === true
      ? undefined
      : `${key} does not say that its release is held`
  const isAnnouncedSaid = listAt(service, "status", "conditions").some(
    (one) => textAt(one, "type") === "porchlight.dev/Announced",
  )
  if (isBalanced(service) && !isAnnouncedSaid) return `${key} does not say whether it is announced`
  return textAt(condition, "status") === expected
    ? undefined
    : `the condition Allocated of ${key} is ${textAt(condition, "status")}: ${textAt(condition, "message")}`
}

const unsaidWait = (key: string, service: JsonObject, { code }: MassRelease): string | undefined =>
  statusOf(service).length > 0 || textAt(allocatedOf(service), "message")?.includes(code) === true
    ? undefined
    : `${key} does not say that it waits for a release that is held`

const allocatedOf = (service: JsonObject): Json | undefined =>
  listAt(service, "status", "conditions").find((one) => textAt(one, "type") === "porchlight.dev/Allocated")

/** A naive look for an address that a Service without one could have; undefined: there is none, or it has one. */
const missed = (world: World, key: string, service: JsonObject, owners: Owners): string | undefined => {
  if (!isBalanced(service) || statusOf(service).length > 0) return undefined
  const annotations = objectAt(service, "metadata", "annotations")
  const wished = textAt(annotations, "metallb.io/loadBalancerIPs")
  const policy = textAt(service, "spec", "ipFamilyPolicy")
  if (policy === "RequireDualStack" || wished?.includes(",") === true) return undefined
  const families = listAt(service, "spec", "ipFamilies").map((family) => (family === "IPv4" ? "4" : "6"))
  const isMine = (address: string): boolean =>
    (owners.get(address) ?? []).every(({ uid }) => isShared(world, service, uid))
  for (const [, pool] of world.etcd.all("ipaddresspools")) {
    const name = textAt(pool, "metadata", "name")
    const named = textAt(annotations, "metallb.io/address-pool")
    if (named !== undefined ? named !== name : wished === undefined && objectAt(pool, "spec")["autoAssign"] === false)
      continue
    for (const address of families.flatMap((family) => addressesIn(pool, family)))
      if (
        (wished === undefined || wished === address) &&
        poolOf(world.etcd, address) === name &&
        isMine(address) &&
        families.length === 1
      )
        return `${key} has no address and could have ${address} of ${name}`
  }
  return undefined
}

const isShared = (world: World, service: JsonObject, uid: string): boolean => {
  for (const other of world.etcd.all("services").values())
    if (uidOf(other) === uid) return mayShare(service, other).twin
  // Of somebody who is gone: nobody knows any more whether he would have shared.
  return false
}

const wrongShare = (services: ReadonlyMap<string, JsonObject>, owners: Owners): string | undefined => {
  for (const [address, list] of owners)
    for (const [index, one] of list.entries())
      for (const two of list.slice(0, index)) {
        const [a, b] = [services.get(one.uid), services.get(two.uid)]
        if (a === undefined || b === undefined) continue
        if (!mayShare(a, b).twin)
          return `${address} is still given to ${one.service} and ${two.service}, who may not share it`
      }
  return undefined
}
