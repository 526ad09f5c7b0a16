import type { ApiRequest, JsonObject } from "../../src/kubernetes/http.ts"
import { objectAt, sameJson, textAt } from "../../src/kubernetes/json.ts"
import type { Target } from "./api-server.ts"
import type { Change } from "./etcd.ts"
import { mayShare } from "./legal-share.ts"
import { isBalanced, type Owners, ownersOf, poolOf, statusOf, uidOf } from "./truth.ts"
import type { World } from "./world.ts"

/** A law that did not hold: which, and what was seen instead. */
export type Violation = { readonly law: string; readonly seen: string }

/** Watches every write on what is true, and says which law it broke. */
export type Judge = {
  readonly violations: readonly Violation[]
  readonly writes: readonly { readonly atMs: number; readonly text: string; readonly isNeedless: boolean }[]
  readonly broke: (law: string, seen: string) => void
}

/** So old may what a controller knows be when its write arrives: a freeze, a lease, a way that is late. */
const staleMs = 120_000
/** A release that is not the Service's own doing: so many a minute, or one in ten, go unasked. */
const freeReleases = 3
const releaseWindowMs = 60_000

type Given = { readonly address: string; readonly sinceMs: number }

export const createJudge = (world: World): Judge => {
  const { etcd, timeline, gate } = world
  const violations: Violation[] = []
  const writes: { atMs: number; text: string; isNeedless: boolean }[] = []
  /** By uid: what the ledger gives it, or gave it when somebody else than a controller took the ledger away. */
  const having = new Map<string, readonly Given[]>()
  const everGiven = new Map<string, Set<string>>()
  /** Services whose own edit, or that of one they share with, may cost them their address. */
  const asked = new Set<string>()
  /** When an address was in which pool; looked at whenever pools change. */
  const homes = new Map<string, { readonly fromMs: number; readonly pool: string | undefined }[]>()
  const legalUntil = new Map<string, number>()
  let owners: Owners = new Map()
  let releases: { readonly atMs: number; readonly by: string; readonly address: string }[] = []
  let confirmed = false
  let versionBefore = 0

  const broke = (law: string, seen: string): void => {
    world.story(`  ✗ ${law}: ${seen}`)
    violations.push({ law, seen: `${seen}, at ${timeline.now().toFixed(1)} ms` })
  }

  const note = (map: Map<string, Set<string>>, uid: string, address: string): void =>
    void map.set(uid, (map.get(uid) ?? new Set()).add(address))

  const onService = ({ before, after, key }: Change): void => {
    if (gate.author !== "somebody") return onStatus(key, before, after)
    const known = before ?? after
    if (known === undefined) return
    for (const address of statusOf(after)) note(everGiven, uidOf(known), address)
    if (before !== undefined && after !== undefined) onForged(before, after)
    if (before === undefined || (after !== undefined && sameWish(before, after))) return
    for (const other of etcd.all("services").values()) {
      if (uidOf(other) !== uidOf(before) && isLegal(before, other))
        legalUntil.set(pairOf(before, other), timeline.now())
    }
    if (after === undefined) return
    asked.add(uidOf(after))
    for (const sharers of owners.values())
      if (sharers.some(({ uid }) => uid === uidOf(after))) for (const { uid } of sharers) asked.add(uid)
  }

  /** Where no ledger says who has an address, statuses do: who writes another there takes and gives. */
  const onForged = (before: JsonObject, after: JsonObject): void => {
    const [had, has] = [statusOf(before), statusOf(after)]
    const changed = [...had, ...has].filter((address) => had.includes(address) !== has.includes(address))
    for (const address of changed.filter((one) => !owners.has(one))) {
      asked.add(uidOf(after))
      for (const [uid, list] of having) if (list.some((one) => one.address === address)) asked.add(uid)
    }
  }

  /** A controller wrote it: an address that it tells of was given before. */
  const onStatus = (key: string, before: JsonObject | undefined, after: JsonObject | undefined): void => {
    if (after === undefined || before === undefined) return
    const had = statusOf(before)
    for (const address of statusOf(after))
      if (!had.includes(address) && everGiven.get(uidOf(after))?.has(address) !== true)
        broke("told before given", `${gate.author} wrote ${address} into the status of ${key}, which no ledger gave it`)
  }

  const isLegal = (a: JsonObject, b: JsonObject): boolean => {
    const { room, twin } = mayShare(a, b)
    if (room !== twin) broke("twins agree", `room says ${room}, twin ${twin}: ${JSON.stringify([a, b])}`)
    return twin
  }

  const onLedgers = (): void => {
    const before = owners
    owners = ownersOf(etcd.all("addressledgers").values())
    const live = new Map([...etcd.all("services").values()].map((service) => [uidOf(service), service]))
    for (const [address, list] of owners) {
      const present = list.filter(({ uid }) => live.has(uid))
      for (const { uid } of present) note(everGiven, uid, address)
      for (const [index, one] of present.entries())
        for (const two of present.slice(0, index)) {
          const wasPair = [one, two].every(
            ({ uid }) => before.get(address)?.some((owner) => owner.uid === uid) === true,
          )
          if (!wasPair) onPair(address, live.get(one.uid)!, live.get(two.uid)!)
        }
    }
    if (gate.author !== "somebody") weighLosses(live)
    remember(live)
  }

  const onPair = (address: string, a: JsonObject, b: JsonObject): void => {
    if (isLegal(a, b) || (legalUntil.get(pairOf(a, b)) ?? -Infinity) >= timeline.now() - staleMs) return
    const names = [a, b].map((service) => textAt(service, "metadata", "name")).join(" and ")
    broke("one address, one owner", `${gate.author} gave ${address} to ${names}, who may not share it`)
  }

  const addressesNow = (uid: string): readonly string[] =>
    [...owners].flatMap(([address, list]) => (list.some((owner) => owner.uid === uid) ? [address] : []))

  const weighLosses = (live: ReadonlyMap<string, JsonObject>): void => {
    const lost: string[] = []
    for (const [uid, list] of having) {
      const service = live.get(uid)
      if (service === undefined || asked.has(uid)) continue
      const now = addressesNow(uid)
      for (const { address, sinceMs } of list) {
        if (now.includes(address)) continue
        const isSame = (other: string): boolean => other.includes(":") === address.includes(":")
        const instead = now.filter(isSame)
        const together = [...(everGiven.get(uid) ?? [])]
        const isPlaceless = together.some((one) => wasUncovered(service, one, sinceMs))
        if (!isPlaceless || poolOf(etcd, address) === undefined) lost.push(address)
        // What no status told of was nobody's yet.
        if (isPlaceless || !statusOf(service).includes(address) || listedLate()) continue
        const name = textAt(service, "metadata", "name")
        broke(
          "nobody renumbered",
          `${gate.author} took ${address} from ${name} unasked and gave it ${instead.join(" ") || "nothing"}`,
        )
      }
    }
    if (lost.length === 0 || confirmed) return
    const atMs = timeline.now()
    releases = [...releases, ...lost.map((address) => ({ atMs, by: gate.author, address }))].filter(
      (one) => one.atMs > atMs - releaseWindowMs && one.by === gate.author,
    )
    const gone = new Set(releases.map(({ address }) => address))
    const free = Math.max(freeReleases, Math.floor((owners.size + gone.size) / 10))
    if (gone.size > free) broke("the brake holds", `${[...gone].join(" ")} went unasked`)
  }

  /** Kubernetes promises that a list is no older than its request: where it is, only the ledger itself is safe. */
  const listedLate = (): boolean => gate.listedLateAtMs > timeline.now() - staleMs

  /** It was in no pool at some time since it was given, or in another and the Service cares which. */
  const wasUncovered = (service: JsonObject, address: string, sinceMs: number): boolean => {
    const cares =
      textAt(service, "metadata", "annotations", "metallb.io/address-pool") !== undefined ||
      textAt(service, "spec", "ipFamilyPolicy") !== "SingleStack"
    const spans = homes.get(address) ?? []
    const during = spans.filter((_, index) => (spans[index + 1]?.fromMs ?? Infinity) >= sinceMs - staleMs)
    return during.some(({ pool }) => pool === undefined || (cares && pool !== during[0]?.pool))
  }

  const remember = (live: ReadonlyMap<string, JsonObject>): void => {
    for (const uid of live.keys()) {
      const now = addressesNow(uid)
      const before = having.get(uid) ?? []
      // A ledger that a person removed took nobody's address: it stands in the status.
      const left = gate.author === "somebody" ? before.filter(({ address }) => !now.includes(address)) : []
      const fresh = now.map(
        (address) => before.find((one) => one.address === address) ?? { address, sinceMs: timeline.now() },
      )
      having.set(uid, [...left, ...fresh])
    }
    for (const address of owners.keys()) if (!homes.has(address)) lookAtHome(address)
  }

  const lookAtHome = (address: string): void => {
    const list = homes.get(address) ?? []
    const pool = poolOf(etcd, address)
    if (list.length === 0 || list.at(-1)!.pool !== pool) homes.set(address, [...list, { fromMs: timeline.now(), pool }])
  }

  world.onChange = (change) => {
    if (change.resource === "services") onService(change)
    if (change.resource === "addressledgers") onLedgers()
    if (change.resource === "ipaddresspools") for (const address of homes.keys()) lookAtHome(address)
  }
  world.onConfirmed = () => (confirmed = true)
  world.onRestored = (before) => {
    owners = ownersOf(etcd.all("addressledgers").values())
    having.clear()
    releases = []
    remember(new Map([...etcd.all("services").values()].map((service) => [uidOf(service), service])))
    for (const address of homes.keys()) lookAtHome(address)
    const lostServices = [...(before.objects.get("services")?.values() ?? [])]
    for (const [index, one] of lostServices.entries())
      for (const two of lostServices.slice(0, index))
        if (isLegal(one, two)) legalUntil.set(pairOf(one, two), timeline.now())
    // What a controller knew of the time that is lost, it may act upon until it lists again.
    for (const [key, service] of etcd.all("services")) {
      const lost = before.objects.get("services")?.get(key)
      if (lost === undefined || uidOf(lost) !== uidOf(service) || !sameWish(lost, service)) asked.add(uidOf(service))
      for (const address of statusOf(service)) note(everGiven, uidOf(service), address)
    }
  }
  gate.onCarryOut = () => (versionBefore = etcd.version())
  gate.onCarriedOut = (client, request, target, answer) => {
    if (!isJudged(request, target)) return
    if (answer.status >= 300) return
    const isNeedless = etcd.version() === versionBefore
    writes.push({ atMs: timeline.now(), text: `${client.name}: ${request.method} ${request.path}`, isNeedless })
    world.story(`  ${client.name}: ${request.method} ${request.path} ${JSON.stringify(request.body)}`)
    if (target.resource !== "addressledgers") return
    for (const owner of ownersOf([request.body as JsonObject]))
      for (const { uid } of owner[1]) note(everGiven, uid, owner[0])
  }

  return { violations, writes, broke }
}

/** Leases and events are told apart: they are renewed, and said, all the time. */
const isJudged = ({ method }: ApiRequest, { resource }: Target): boolean =>
  method !== "GET" && resource !== "leases" && resource !== "events"

const sameWish = (a: JsonObject, b: JsonObject): boolean =>
  sameJson(a["spec"], b["spec"]) && sameJson(wishesOf(a), wishesOf(b))

const wishesOf = (service: JsonObject): JsonObject => {
  const { "metallb.io/ip-allocated-from-pool": _, ...wishes } = objectAt(service, "metadata", "annotations")
  return isBalanced(service) ? wishes : {}
}

const pairOf = (a: JsonObject, b: JsonObject): string => [uidOf(a), uidOf(b)].toSorted().join(" ")
