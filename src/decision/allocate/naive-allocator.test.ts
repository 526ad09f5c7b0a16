/** A second allocator, too simple to be wrong in the same way: lists, loops, and every address of every pool in turn. */
import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { type Address, familyOf, printAddress } from "../../net/address.ts"
import { clusterOf } from "../../cluster/cluster-fixture.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { Pool } from "../../cluster/pool.ts"
import type { Service } from "../../cluster/service.ts"
import { generatedStory, objectsOf, type Story } from "../generated-cluster.ts"
import { settle } from "../settle.ts"
import { allocate } from "./allocator.ts"

const now = 1_800_000_000

test("gives everybody what the naive allocator gives", () => {
  fc.assert(
    fc.property(generatedStory, generatedStory, fc.constantFrom(60, 3600), (first, second, seconds) => {
      const cluster = changed(first, second, seconds)
      assert.deepEqual(told(cluster), naive(cluster))
    }),
    { numRuns: 600 },
  )
})

type Place = { readonly service: Service; readonly address: Address }
type Outcome = Record<string, readonly string[]>

const naive = (cluster: Cluster): Outcome => {
  const places: Place[] = []
  const done = new Map<Service, readonly Address[]>()
  const ours = [...cluster.services.values()].filter((service) => service.exposure.kind === "ours").sort(byAge)
  const put = (service: Service, addresses: readonly Address[]): void => {
    for (const address of addresses) places.push({ service, address })
    done.set(service, addresses)
  }
  const able = ours.filter((service) => familiesOf(service).length > 0)
  const loyal = able.filter((service) =>
    had(cluster, service).every((address) => termsStand(cluster, service, address)),
  )
  const halves: Service[] = []
  for (const service of [...loyal, ...able.filter((service) => !loyal.includes(service))]) {
    const held = had(cluster, service)
    if (held.length === 0 || !mayKeep(cluster, service, held, places)) continue
    if (service.secondFamily === "required" && held.length < 2) halves.push(service)
    else put(service, held)
  }
  for (const service of halves.sort(byAge)) {
    const found = pickAnywhere(cluster, service, places, had(cluster, service))
    if (found !== undefined && had(cluster, service).every((address) => found.includes(address))) put(service, found)
  }
  for (const service of able) {
    const wish = wishOf(service)
    if (done.has(service) || wish === "any" || wish === "pool") continue
    const granted =
      wish === "nonsense" ? [] : mayHaveWished(cluster, service, wish, places) ? [...wish].sort(byFamily) : []
    put(service, granted)
  }
  for (const service of able) {
    const have = done.get(service)
    if (have === undefined) put(service, pickAnywhere(cluster, service, places, former(cluster, service)) ?? [])
    else if (
      have.length === 1 &&
      familiesOf(service).length === 2 &&
      wishOf(service) !== "nonsense" &&
      mayKeepMore(cluster, service, have)
    ) {
      const pool = poolOf(cluster, have[0]!)
      const missing = familyOf(have[0]!) === 4 ? 6 : 4
      const more = pool === undefined ? undefined : pickIn(cluster, service, pool, missing, places, [])
      if (more === undefined) continue
      places.push({ service, address: more })
      done.set(service, [...have, more].sort(byFamily))
    }
  }
  return Object.fromEntries(ours.map((service) => [service.name, (done.get(service) ?? []).map(printAddress)]))
}

/** Only those that are kept are completed; one family of two given anew waits for the next look. */
const mayKeepMore = (cluster: Cluster, service: Service, have: readonly Address[]): boolean =>
  have.every((address) => had(cluster, service).includes(address))

const byAge = (a: Service, b: Service): number => {
  const key = (service: Service): readonly string[] => [service.createdAt, ...service.name.split("/")]
  const [ours, theirs] = [key(a), key(b)]
  for (const [index, text] of ours.entries()) if (text !== theirs[index]) return text < theirs[index]! ? -1 : 1
  return 0
}

const byFamily = (a: Address, b: Address): number => familyOf(a) - familyOf(b)

const familiesOf = ({ clusterAddresses, secondFamily }: Service): readonly (4 | 6)[] => {
  const families = clusterAddresses.map(familyOf)
  if (families.length === 1) return secondFamily === "required" ? [] : families
  return families.length === 2 && families[0] !== families[1] && secondFamily !== "never" ? [4, 6] : []
}

/** "nonsense", "any", "pool", or addresses. */
const wishOf = (service: Service): "nonsense" | "any" | "pool" | readonly Address[] => {
  const wish = service.exposure.kind === "ours" ? service.exposure.wish : undefined
  if (wish === undefined || wish.kind === "contradiction" || wish.kind === "malformed") return "nonsense"
  if (wish.kind !== "addresses") return wish.kind
  const families = wish.addresses.map(familyOf).sort((a, b) => a - b)
  return families.join() === [...familiesOf(service)].join() ? wish.addresses : "nonsense"
}

const wishedPool = (service: Service): string | undefined => {
  const wish = service.exposure.kind === "ours" ? service.exposure.wish : undefined
  if (wishOf(service) === "nonsense" || wish === undefined) return undefined
  return wish.kind === "pool" || wish.kind === "addresses" ? wish.pool : undefined
}

const entryOf = (cluster: Cluster, address: Address): ReturnType<Cluster["ledger"]["entries"]["get"]> =>
  cluster.ledger.entries.get(address)

const owns = (cluster: Cluster, service: Service, address: Address): boolean => {
  const entry = entryOf(cluster, address)
  return (
    entry?.state === "given" &&
    entry.owners.some((owner) => owner.service === service.name && owner.uid === service.uid)
  )
}

const had = (cluster: Cluster, service: Service): readonly Address[] => {
  const given = [...cluster.ledger.entries.keys()].filter((address) => owns(cluster, service, address))
  const blocks = new Set([...cluster.ledger.entries.keys()].map(blockOf))
  const adopted = service.reported.filter((address) => {
    const pool = poolOf(cluster, address)
    if (pool === undefined) return cluster.ledger.objects.size === 0
    return (
      !blocks.has(blockOf(address)) ||
      ![...cluster.ledger.objects.values()].some(
        (object) =>
          object.pool === pool.name && object.entries.some((entry) => blockOf(entry.address) === blockOf(address)),
      )
    )
  })
  const all = given.length > 0 ? given : adopted.filter((address) => entryOf(cluster, address) === undefined)
  return familiesOf(service).flatMap((family) => {
    const of = all.filter((address) => familyOf(address) === family).sort((a, b) => (a < b ? -1 : 1))
    return of.find((address) => service.reported.includes(address)) ?? of[0] ?? []
  })
}

const blockOf = (address: Address): string =>
  typeof address === "number" ? `4 ${Math.floor(address / 256)}` : `6 ${address >> 8n}`

const former = (cluster: Cluster, service: Service): readonly Address[] => {
  const time = (address: Address): number => {
    const entry = entryOf(cluster, address)
    return entry?.state === "freed" ? entry.freedAt : Infinity
  }
  const all = [...cluster.ledger.entries.values()]
    .filter((entry) => entry.owners.some((owner) => owner.service === service.name))
    .map(({ address }) => address)
  return ([4, 6] as const).flatMap(
    (family) =>
      all
        .filter((address) => familyOf(address) === family)
        .sort((a, b) => (time(b) === time(a) ? (a < b ? -1 : 1) : time(b) - time(a)))[0] ?? [],
  )
}

const termsStand = (cluster: Cluster, service: Service, address: Address): boolean => {
  const owner = entryOf(cluster, address)?.owners.find((owner) => owner.service === service.name)
  const key = service.exposure.kind === "ours" ? service.exposure.sharingKey : undefined
  return (
    owner === undefined ||
    ((owner.terms === "") === (key === undefined) &&
      (key === undefined || owner.terms === termsNow.get(JSON.stringify([key, backend(service), service.ports]))))
  )
}

/** Terms as the ledger wrote them, found by what they stand for. */
const termsNow = new Map<string, string>()

const poolOf = (cluster: Cluster, address: Address): Pool | undefined =>
  [...cluster.configuration.pools.values()].find((pool) =>
    pool.ranges.some((range) => range.family === familyOf(address) && range.first <= address && address <= range.last),
  )

const isFor = (pool: Pool, service: Service): boolean => {
  const only = pool.onlyFor
  if (only === undefined) return true
  if (only.namespaces !== undefined && !only.namespaces.has(service.name.split("/")[0]!)) return false
  return only.services.length === 0 || service.labels.get("tier") === "front"
}

const isBuggy = (pool: Pool, address: Address): boolean =>
  pool.avoidsBuggyAddresses && typeof address === "number" && (address % 256 === 0 || address % 256 === 255)

const backend = (service: Service): string =>
  service.policy === "Local"
    ? [...service.selector]
        .map((pair) => pair.join("="))
        .sort()
        .join()
    : ""

const fits = (service: Service, address: Address, places: readonly Place[]): boolean =>
  places.every(({ service: other, address: taken }) => {
    if (taken !== address || other === service) return true
    const [a, b] = [service, other].map((one) => (one.exposure.kind === "ours" ? one.exposure.sharingKey : undefined))
    if (a === undefined || a !== b || backend(service) !== backend(other)) return false
    return !service.ports.some((port) =>
      other.ports.some((their) => their.port === port.port && their.protocol === port.protocol),
    )
  })

const mayKeep = (cluster: Cluster, service: Service, held: readonly Address[], places: readonly Place[]): boolean => {
  const pools = held.map((address) => poolOf(cluster, address))
  const wish = wishOf(service)
  const wished = wishedPool(service)
  if (typeof wish !== "string" && [...wish].sort(byFamily).join() !== held.join()) return false
  if (wished !== undefined && pools[0]?.name !== wished) return false
  return held.every((address, index) => {
    const pool = pools[index]
    return (
      pool !== undefined &&
      pool === pools[0] &&
      isFor(pool, service) &&
      !isBuggy(pool, address) &&
      fits(service, address, places)
    )
  })
}

const mayHaveWished = (
  cluster: Cluster,
  service: Service,
  wish: readonly Address[],
  places: readonly Place[],
): boolean => {
  const pools = wish.map((address) => poolOf(cluster, address))
  const wished = wishedPool(service)
  return wish.every((address, index) => {
    const pool = pools[index]
    return (
      pool !== undefined &&
      pool === pools[0] &&
      (wished === undefined || pool.name === wished) &&
      isFor(pool, service) &&
      !isBuggy(pool, address) &&
      fits(service, address, places)
    )
  })
}

const pickAnywhere = (
  cluster: Cluster,
  service: Service,
  places: readonly Place[],
  before: readonly Address[],
): readonly Address[] | undefined => {
  const all = [...cluster.configuration.pools.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  const priority = (pool: Pool): number => (pool.onlyFor?.priority ?? 0) || 1e9
  const wished = wishedPool(service)
  const open = all.filter(
    (pool) => isFor(pool, service) && (wished === undefined ? pool.autoAssign : pool.name === wished),
  )
  const pinned = open.filter((pool) => pool.onlyFor !== undefined).sort((a, b) => priority(a) - priority(b))
  const passes = wished === undefined ? [pinned, open.filter((pool) => pool.onlyFor === undefined)] : [open]
  const again = passes.flat().find((pool) => before.some((address) => poolOf(cluster, address) === pool))
  const found = again === undefined ? undefined : pickInPass(cluster, service, [again], places, before)
  if (found?.some((address) => before.includes(address))) return found
  for (const pass of passes) {
    const picked = pickInPass(cluster, service, pass, places, [])
    if (picked !== undefined) return picked
  }
  return undefined
}

const pickInPass = (
  cluster: Cluster,
  service: Service,
  pools: readonly Pool[],
  places: readonly Place[],
  before: readonly Address[],
): readonly Address[] | undefined => {
  const families = familiesOf(service)
  const picks = pools.map((pool) => families.map((family) => pickIn(cluster, service, pool, family, places, before)))
  const whole = picks.find((pick) => pick.every((address) => address !== undefined))
  if (whole !== undefined) return whole
  if (service.secondFamily === "required") return undefined
  const primary = families.length === 1 ? families[0]! : (service.primaryFamily ?? 4)
  for (const family of [primary, primary === 4 ? 6 : 4])
    for (const pick of picks)
      for (const address of pick) if (address !== undefined && familyOf(address) === family) return [address]
  return undefined
}

const pickIn = (
  cluster: Cluster,
  service: Service,
  pool: Pool,
  family: 4 | 6,
  places: readonly Place[],
  before: readonly Address[],
): Address | undefined => {
  const usable = addressesIn(pool, family).filter(
    (address) => !isBuggy(pool, address) && fits(service, address, places),
  )
  const again = before.find((address) => usable.includes(address))
  const isTaken = (address: Address): boolean => places.some((place) => place.address === address)
  const rests = (address: Address): boolean => {
    const entry = entryOf(cluster, address)
    return entry !== undefined && (entry.state === "given" || entry.freedAt + 600 > now)
  }
  const free = usable.filter((address) => !isTaken(address))
  const rested = free.filter((address) => !rests(address))
  const choice = [...usable.filter(isTaken), ...(rested.length > 0 ? rested : free).slice(0, 1)]
  return again ?? choice.sort((a, b) => addressesIn(pool, family).indexOf(a) - addressesIn(pool, family).indexOf(b))[0]
}

const addressesIn = (pool: Pool, family: 4 | 6): readonly Address[] =>
  pool.ranges.flatMap((range) => {
    const count = Number(BigInt(range.last) - BigInt(range.first)) + 1
    return range.family !== family
      ? []
      : Array.from(
          { length: count },
          (_, index) =>
            (typeof range.first === "number" ? range.first + index : range.first + BigInt(index)) as Address,
        )
  })

const told = (cluster: Cluster): Outcome =>
  Object.fromEntries(
    [...cluster.services.values()]
      .filter((service) => service.exposure.kind === "ours")
      .sort(byAge)
      .map((service) => {
        const allocation = allocate(cluster, now).get(service.name)
        return [
          service.name,
          allocation?.kind === "kept" || allocation?.kind === "given" ? allocation.addresses.map(printAddress) : [],
        ]
      }),
  )

/** The second story upon what the first one led to, `seconds` ago; terms are learnt from a ledger, not computed. */
const changed = (first: Story, second: Story, seconds: number): Cluster => {
  const settled = settle(clusterOf(...objectsOf(first)), now - seconds).cluster
  const next = clusterOf(...objectsOf(second))
  learnTerms(settled)
  learnTerms(settle(next, now).cluster)
  const services = new Map(
    [...next.services].map(([name, service]) => [
      name,
      { ...service, reported: settled.services.get(name)?.reported ?? service.reported },
    ]),
  )
  return { ...next, services, ledger: settled.ledger }
}

const learnTerms = (cluster: Cluster): void => {
  for (const { owners } of cluster.ledger.entries.values())
    for (const { service, terms } of owners) {
      const found = cluster.services.get(service)
      if (found?.exposure.kind === "ours" && terms !== "")
        termsNow.set(JSON.stringify([found.exposure.sharingKey, backend(found), found.ports]), terms)
    }
}
