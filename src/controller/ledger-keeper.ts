import type { Cluster, KindName } from "../cluster/cluster.ts"
import { resourceOf } from "../cluster/kind-resource.ts"
import type { ServiceName } from "../cluster/name.ts"
import { printLedgerSpec } from "../cluster/read/ledger.ts"
import type { Allocations } from "../decision/allocate/allocator.ts"
import {
  addressesOf,
  type LedgerChange,
  ledgerChanges,
  type LedgerWrite,
  ledgerWrites,
} from "../decision/allocate/ledger-change.ts"
import { brake, type MassRelease, withoutExchange } from "../decision/allocate/release-brake.ts"
import type { KubernetesObject } from "../kubernetes/object.ts"
import type { WriterEvent } from "../kubernetes/writer.ts"
import { type Call, createCall, replaceCall } from "../kubernetes/request.ts"
import type { Address } from "../net/address.ts"
import type { At, Instant } from "../time/instant.ts"
import type { LossWitness } from "./loss-witness.ts"
import { createRepetitions } from "./repetition.ts"

export const ledgerKey = (name: string): string => `ledger/${name}`

export type LedgerRound = {
  readonly writes: readonly { readonly key: string; readonly call: Call }[]
  /** A release so large that a person must confirm it; what it would free stays given. */
  readonly held: MassRelease | undefined
  /** A change was put off, because somebody else undoes it every time. */
  readonly isFought: boolean
}

/**
 * Brings the ledgers to what was decided: one write under way an object, so that changes which arrive together go in
 * one, and no write is built on a version that the one before it made old.
 */
export type LedgerKeeper = {
  readonly round: (
    cluster: Cluster,
    allocations: Allocations,
    /** Undefined: all. */
    names: ReadonlySet<ServiceName> | undefined,
    deleted: ReadonlySet<ServiceName>,
    at: At,
    /** What no pool holds any more may not go yet: it is not known whether pools were meant to. */
    poolsUnproven: boolean,
  ) => LedgerRound
  /** A write ended, well or not: its object may be written again. */
  readonly ended: (event: WriterEvent, now: Instant) => void
  /** Writes under way are forgotten: they were withdrawn. */
  readonly forget: () => void
  /** A list came empty, or an object of that kind is there. */
  readonly listed: (kind: KindName, isEmpty: boolean) => void
  /** Services whose change waits for a write that is under way, or for a fight to calm down. */
  readonly waiting: () => ReadonlySet<ServiceName>
}

/** A kind's objects are gone one by one within seconds of its definition; an hour later it is another matter. */
const latelyMs = 60_000

export const createLedgerKeeper = (witness: LossWitness): LedgerKeeper => {
  /** Addresses that went unconfirmed, and not by the wish of those who had them. */
  const lately = new Map<Address, Instant>()
  /** By object, the changes that the write under way makes. */
  const underWay = new Map<string, readonly LedgerChange[]>()
  /** Two who both lead, and know different Services, would take and give the same address in turn. */
  const repetitions = createRepetitions<Address, readonly string[]>()
  let waiting = new Set<ServiceName>()
  let held: MassRelease | undefined

  const servicesOf = (change: LedgerChange): readonly ServiceName[] =>
    [...(change.entry?.owners ?? []), ...change.loses].map(({ service }) => service)

  /** Kinds of which a list had nothing, where one that is whole always has something, or nearly. */
  const emptied = new Set<KindName>()
  return {
    listed: (kind, isEmpty) => {
      if (!isEmpty) emptied.delete(kind)
      else if (kind === "Service" || kind === "IPAddressPool") emptied.add(kind)
    },
    waiting: () => waiting,
    ended: ({ key, kind }, now) => {
      // What was not written nobody undid; the writer tries it again ever more slowly.
      const changes = kind === "written" ? (underWay.get(key) ?? []) : []
      for (const change of changes) repetitions.wrote(change.address, contentOf(change), now)
      underWay.delete(key)
    },
    forget: () => underWay.clear(),
    round: (cluster, allocations, names, deleted, at, poolsUnproven) => {
      // A held release is judged as a whole again: part of it would look small.
      const asked = names === undefined || held === undefined ? names : undefined
      for (const name of names ?? allocations.keys()) {
        const uid = cluster.services.get(name)?.uid
        if (uid !== undefined) for (const address of addressesOf(allocations.get(name))) witness.saw(uid, address)
      }
      const all = ledgerChanges(cluster, allocations, at.wallSeconds, asked)
      const sifted = witness.sift(all)
      for (const [address, releasedAt] of lately) if (releasedAt + latelyMs <= at.now) lately.delete(address)
      const before = { held: new Set(held?.addresses), lately: new Set(lately.keys()), isEmptied: emptied.size > 0 }
      const braked = brake(cluster, sifted.changes, deleted, before)
      held = braked.held
      const unproven = braked.changes.filter(({ address }) => poolsUnproven && braked.groundless.includes(address))
      const losing = new Set(unproven.flatMap(({ loses }) => loses.map(({ service }) => service)))
      const changes = braked.changes
        .filter((change) => !unproven.includes(change))
        .flatMap((change) => withoutExchange(change, losing))
      waiting = new Set([...sifted.waiting, ...losing])
      const writes = []
      // What is in no ledger is written at once: an address that a new ledger lacks is announced by nobody.
      const fought = changes.filter(
        (change) => change.before !== undefined && repetitions.isTooOften(change.address, contentOf(change), at.now),
      )
      const pausing = new Set(fought.flatMap(servicesOf))
      const getting = new Set([...underWay.values()].flat().flatMap(gainersOf))
      const free = changes.filter(
        (change) =>
          !gainersOf(change).some((name) => getting.has(name)) && !servicesOf(change).some((name) => pausing.has(name)),
      )
      if (free.length < changes.length) waiting = new Set([...waiting, ...changes.flatMap(servicesOf)])
      for (const write of ledgerWrites(cluster, free, at.wallSeconds)) {
        const key = ledgerKey(write.name)
        if (underWay.has(key)) waiting = new Set([...waiting, ...changes.flatMap(servicesOf)])
        else {
          const isOfIt = ({ address }: LedgerChange): boolean =>
            write.entries.some((entry) => entry.address === address)
          for (const address of braked.groundless.filter((one) => free.some((change) => change.address === one)))
            lately.set(address, at.now)
          underWay.set(key, free.filter(isOfIt))
          writes.push({ key, call: callOf(write) })
        }
      }
      return { writes, held, isFought: fought.length > 0 }
    },
  }
}

/**
 * Who gets the address by a change. While that is under way they get no other: what they were promised would be taken
 * from them again as soon as something better is free.
 */
const gainersOf = ({ before, entry }: LedgerChange): readonly ServiceName[] => {
  const had = before?.state === "given" ? before.owners : []
  if (entry?.state !== "given") return []
  return entry.owners.filter(({ uid }) => !had.some((owner) => owner.uid === uid)).map(({ service }) => service)
}

/** Who has the address after a change, but for grant and times, which are new each time. */
const contentOf = ({ entry }: LedgerChange): readonly string[] =>
  entry === undefined ? [] : [entry.state, ...entry.owners.flatMap(({ service, uid, terms }) => [service, uid, terms])]

const callOf = (write: LedgerWrite): Call => {
  const { resourceVersion, name } = write
  const object: KubernetesObject = {
    apiVersion: "porchlight.dev/v1alpha1",
    kind: "AddressLedger",
    metadata: { name, ...(resourceVersion === undefined ? {} : { resourceVersion }) },
    spec: printLedgerSpec(write),
  }
  return resourceVersion === undefined
    ? createCall(resourceOf.AddressLedger, object)
    : replaceCall(resourceOf.AddressLedger, object)
}
