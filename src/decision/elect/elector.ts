import type { Address } from "../../net/address.ts"
import type { Cluster, Touched } from "../../cluster/cluster.ts"
import { sameValue } from "../../cluster/equal.ts"
import type { ServiceName } from "../../cluster/name.ts"
import type { Service } from "../../cluster/service.ts"
import { createChangeFinder } from "../change-finder.ts"
import { asNonEmpty } from "../allocate/occupancy.ts"
import { type Surroundings, surroundingsOf } from "../allocate/surroundings.ts"
import { addressesToAnnounce, grantOf, groupOf } from "./address-group.ts"
import { type Candidates, createCandidates } from "./candidates.ts"
import type { Election, SilentReason } from "./election.ts"
import { createRanking, type Ranking } from "./ranking.ts"
import { voiceOf, type Voice } from "./voice.ts"

/** By key of the group. Live, like a Cluster's maps. */
export type Elections = ReadonlyMap<string, Election>

export type Elected = {
  readonly elections: Elections
  /** Keys whose election differs from the one before, or is gone. */
  readonly changed: ReadonlySet<string>
}

/** Owns the groups and the ranking, so that its work follows the change. Its answers equal `elect`'s at each look. */
export type Elector = {
  readonly decide: (cluster: Cluster, touched: Touched) => Elected
  /** The group a Service belongs to, after the last decision. */
  readonly keyOf: (service: ServiceName) => string | undefined
}

/** Who may answer for each address, best first, from nothing but the snapshot. Who lives is not asked here. */
export const elect = (cluster: Cluster, ranking: Ranking = createRanking()): Elections =>
  createElector(ranking).decide(cluster, { kind: "everything" }).elections

export const createElector = (ranking: Ranking = createRanking()): Elector => {
  const elections = new Map<string, Election>()
  const keys = new Map<ServiceName, string>()
  const addresses = new Map<ServiceName, readonly Address[]>()
  const services = new Map<Address, Set<ServiceName>>()
  const candidates = createCandidates(ranking)
  const finder = createChangeFinder()
  let surroundings: Surroundings | undefined
  let looked: Cluster | undefined

  const place = (name: ServiceName, now: readonly Address[]): void => {
    if (sameValue(addresses.get(name) ?? nothing, now)) return
    for (const address of addresses.get(name) ?? []) {
      const at = services.get(address)
      at?.delete(name)
      if (at?.size === 0) services.delete(address)
    }
    if (now.length > 0) addresses.set(name, now)
    else addresses.delete(name)
    for (const address of now) {
      const at = services.get(address)
      if (at === undefined) services.set(address, new Set([name]))
      else at.add(name)
    }
  }

  /** Puts the named Services where their addresses are now, and answers all whose group may be another by that. */
  const replace = (cluster: Cluster, around: Surroundings, names: Iterable<ServiceName>): ReadonlySet<ServiceName> => {
    const found = new Set(names)
    for (const name of found) {
      const before = keys.get(name)
      const group = before === undefined ? undefined : elections.get(before)?.group
      if (group !== undefined && group.services.length > 1) for (const member of group.services) found.add(member)
      const service = cluster.services.get(name)
      place(name, service === undefined ? [] : addressesToAnnounce(around, service))
      for (const address of addresses.get(name) ?? [])
        if (services.get(address)!.size > 1) for (const sharer of services.get(address)!) found.add(sharer)
    }
    return found
  }

  const replaceAll = (cluster: Cluster, around: Surroundings): readonly ServiceName[] => {
    for (const [name, service] of cluster.services) place(name, addressesToAnnounce(around, service))
    const gone = [...keys.keys()].filter((name) => !cluster.services.has(name))
    for (const name of gone) place(name, nothing)
    return [...cluster.services.keys(), ...gone]
  }

  /** The usual case, without making anything: an address of one Service, whose election would be the same again. */
  const isUnchanged = (cluster: Cluster, around: Surroundings, name: ServiceName): boolean => {
    const own = addresses.get(name)
    const election = elections.get(keys.get(name) ?? "")
    const service = cluster.services.get(name)
    const ballot = own?.[0]
    if (own?.length !== 1 || ballot === undefined || election === undefined || service === undefined) return false
    const { group, outcome } = election
    if (group.services.length !== 1 || group.addresses[0] !== ballot || group.addresses.length !== 1 || !isAlone(name))
      return false
    if (outcome.kind === "nobody" || group.moveTo !== service.moveTo || group.grant !== grantOf(cluster, ballot))
      return false
    const voice = voiceOf(cluster, around, service, ballot)
    return !("code" in voice) && candidates.order([voice], ballot) === outcome.order
  }

  const isAlone = (name: ServiceName): boolean =>
    (addresses.get(name) ?? nothing).every((address) => services.get(address)?.size === 1)

  const connected = (name: ServiceName): readonly ServiceName[] => {
    if (isAlone(name)) return [name]
    const found = new Set([name])
    for (const member of found)
      for (const address of addresses.get(member) ?? [])
        for (const sharer of services.get(address) ?? []) found.add(sharer)
    return [...found]
  }

  const decide: Elector["decide"] = (cluster, touched) => {
    const differing = finder.find(cluster, touched)
    const isSame = looked?.configuration === cluster.configuration && looked.reserved === cluster.reserved
    const around =
      isSame && surroundings !== undefined ? { ...surroundings, ledger: cluster.ledger } : surroundingsOf(cluster)
    const reordered = (touched.kind === "everything" || !isSame) && candidates.look(cluster)
    const names =
      isSame && !reordered && differing !== undefined
        ? replace(cluster, around, differing)
        : replaceAll(cluster, around)
    surroundings = around
    looked = cluster
    const changed = new Set<string>()
    const left = new Set<string>()
    const grouped = new Set<ServiceName>()
    const join = (name: ServiceName, key: string | undefined): void => {
      const before = keys.get(name)
      if (before === key) return
      if (before !== undefined) left.add(before)
      if (key === undefined) keys.delete(name)
      else keys.set(name, key)
    }
    for (const name of names) {
      if (grouped.has(name) || isUnchanged(cluster, around, name)) continue
      if (!addresses.has(name)) {
        join(name, undefined)
        continue
      }
      const members = connected(name).flatMap((member) => cluster.services.get(member) ?? [])
      const election = electOne(cluster, around, candidates, members, (service) => addresses.get(service.name) ?? [])
      const { key } = election.group
      for (const member of members) join(member.name, key)
      if (members.length > 1) for (const member of members) grouped.add(member.name)
      if (sameValue(elections.get(key), election)) continue
      elections.set(key, election)
      changed.add(key)
    }
    for (const key of left) {
      const election = elections.get(key)
      if (election === undefined || election.group.services.some((name) => keys.get(name) === key)) continue
      elections.delete(key)
      candidates.forget(election.group.addresses[0])
      changed.add(key)
    }
    return { elections, changed }
  }

  return { decide, keyOf: (service) => keys.get(service) }
}

const nothing: readonly never[] = []

const electOne = (
  cluster: Cluster,
  around: Surroundings,
  candidates: Candidates,
  members: readonly Service[],
  addressesOf: (service: Service) => readonly Address[],
): Election => {
  const group = groupOf(cluster, members, addressesOf)
  const voices: Voice[] = []
  const silent: SilentReason[] = []
  for (const name of group.services) {
    const service = cluster.services.get(name)!
    const voice = voiceOf(cluster, around, service, addressesOf(service)[0]!)
    if ("code" in voice) silent.push(voice)
    else voices.push(voice)
  }
  const order = asNonEmpty(candidates.order(voices, group.addresses[0]))
  if (order !== undefined) return { group, outcome: { kind: "ordered", order } }
  const because = asNonEmpty([...silent, ...disagreement(candidates, voices, group.addresses[0])])
  return {
    group,
    outcome: { kind: "nobody", because: because ?? [{ code: "no-candidate", service: group.services[0] }] },
  }
}

/** Why voices have no candidate in common: one of them has none, or two of them have different ones. */
const disagreement = (candidates: Candidates, voices: readonly Voice[], ballot: Address): readonly SilentReason[] => {
  const lone = voices.filter((voice) => candidates.order([voice], ballot).length === 0)
  if (lone.length > 0) return lone.map(({ service }) => ({ code: "no-candidate", service: service.name }))
  for (const [index, voice] of voices.entries())
    for (const other of voices.slice(index + 1))
      if (candidates.order([voice, other], ballot).length === 0)
        return [{ code: "candidates-disjoint", services: [voice.service.name, other.service.name] }]
  return voices.map(({ service }) => ({ code: "no-candidate", service: service.name }))
}
