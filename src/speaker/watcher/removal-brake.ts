import type { KindName } from "../../cluster/cluster.ts"
import type { Ledger } from "../../cluster/ledger.ts"
import type { ServiceName } from "../../cluster/name.ts"
import type { ReflectorEvent } from "../../kubernetes/reflector.ts"
import { sha256 } from "../../net/sha256.ts"
import { utf8Bytes } from "../../net/utf8.ts"
import { after, type At, earliest, type Instant } from "../../time/instant.ts"

/** Who deletes a definition deletes its objects first, one by one: their deletion counts once the kind outlived it so long. */
const proofMs = 5000
/** Who brings a kind back brings all of its objects within so long. */
const returnMs = 30_000
/** So many may always vanish from a list at once, as they may be released at once. */
const vanishAlwaysFree = 3
const vanishShareMax = 0.1

/** Kinds without whose objects addresses fall silent. Pools that are gone are remembered by the snapshot itself. */
const braked: ReadonlySet<KindName> = new Set([
  "Service",
  "Node",
  "EndpointSlice",
  "Namespace",
  "L2Advertisement",
  "AddressLedger",
])
/** Of those, the ones whose definition may be deleted, and whose deletion then silences somebody. */
const definable: ReadonlySet<KindName> = new Set(["L2Advertisement"])

/** Why objects that are gone go on being believed in. */
export type HeldBecause = "definition-gone" | "list-empty" | "many-vanished" | "addresses-lost"

/** Objects of a kind that are gone, in a way nobody may have meant. */
export type HeldRemoval = {
  readonly of: KindName
  readonly because: HeldBecause
  /** `namespace/name`, or `name`; of addresses that are lost their texts. */
  readonly keys: readonly string[]
  /** What a person writes into `porchlight.dev/confirm-release` of a ledger if it is meant; these objects' own. */
  readonly code: string
}

type Kept = { readonly uid: string | undefined; readonly because: HeldBecause | "unproven" }

/** One kind's objects that are gone and still count. */
type Keeping = {
  readonly kept: Map<string, Kept>
  /** When to list the kind again, to see that it exists. */
  proveAt: Instant | undefined
  /** That list is under way. */
  proving: boolean
  /** Since when the kind has objects. */
  backSince: Instant | undefined
  /** Its definition was not there, and no list has come since. */
  isGone: boolean
}

/**
 * Stands between what the API tells and what is decided on: objects that go by the mass, or with their definition, go on
 * counting until they are back, until a ledger says that nobody has the address, or until a person confirms it.
 */
export class RemovalBrake {
  readonly #kinds = new Map<KindName, Keeping>()
  #lookedAt: Instant = -Infinity as Instant

  /** The events of one step of a kind's reflector, without the removals that are not believed. */
  filter(kind: KindName, events: readonly ReflectorEvent[], at: At): ReflectorEvent[] {
    if (!braked.has(kind)) return [...events]
    const keeping = this.#keepingOf(kind)
    const synced = events.find((event) => event.kind === "synced")
    const held = synced === undefined ? undefined : massOf(kind, events, synced.objects, keeping.isGone)
    return events.flatMap((event): ReflectorEvent[] => {
      switch (event.kind) {
        case "upserted":
          keeping.kept.delete(event.key)
          keeping.backSince ??= at.now
          return [event]
        case "deleted":
          if (!definable.has(kind)) return [event]
          keeping.kept.set(event.key, { uid: event.uid, because: "unproven" })
          keeping.proveAt = after(at.now, proofMs)
          return []
        case "vanished":
          if (held === undefined || !held.keys.has(event.key)) return [event]
          keeping.kept.set(event.key, { uid: event.uid, because: held.because })
          return []
        case "synced":
          keeping.isGone = false
          if (event.objects === 0) keeping.backSince = undefined
          return [...proven(keeping), event]
        case "failing":
          if (event.failure.reason === "missing") definitionGone(keeping)
          return [event]
        case "recovered":
          return [event]
      }
    })
  }

  /** Kinds that must be listed again now. */
  toList(at: At): readonly KindName[] {
    return [...this.#kinds].flatMap(([kind, keeping]) => {
      if (keeping.proveAt === undefined || keeping.proveAt > at.now) return []
      keeping.proveAt = undefined
      keeping.proving = true
      return [kind]
    })
  }

  /** Removals that count from now on. */
  over(ledger: Ledger | undefined, at: At): readonly { readonly of: KindName; readonly event: ReflectorEvent }[] {
    this.#lookedAt = at.now
    return [...this.#kinds].flatMap(([of, keeping]) => {
      if (keeping.kept.size === 0) return []
      const code = this.held.find((held) => held.of === of)?.code
      return [...keeping.kept].flatMap(([key, kept]) => {
        if (kept.because === "unproven") return []
        if (!isConfirmed(code, ledger) && !isOver(of, key, kept, keeping, ledger, at)) return []
        keeping.kept.delete(key)
        return [{ of, event: removal(key, kept) }]
      })
    })
  }

  wakeAt(): Instant | undefined {
    const all = [...this.#kinds.values()].flatMap((keeping) => [keeping.proveAt, returnOver(keeping)])
    return earliest(...all.filter((instant) => instant !== undefined && instant > this.#lookedAt))
  }

  /** What a person should know of, by kind. */
  get held(): readonly HeldRemoval[] {
    return [...this.#kinds].flatMap(([of, { kept }]) => {
      const told = [...kept].filter(([, { because }]) => because !== "unproven").sort(([a], [b]) => (a < b ? -1 : 1))
      const because = told[0]?.[1].because
      if (because === undefined || because === "unproven") return []
      return [{ of, because, keys: told.map(([key]) => key), code: codeOf(of, told) }]
    })
  }

  #keepingOf(kind: KindName): Keeping {
    const known = this.#kinds.get(kind)
    if (known !== undefined) return known
    const made: Keeping = {
      kept: new Map(),
      proveAt: undefined,
      proving: false,
      backSince: undefined,
      isGone: false,
    }
    this.#kinds.set(kind, made)
    return made
  }
}

/** The kind exists though its objects were deleted: somebody meant these. */
const proven = (keeping: Keeping): readonly ReflectorEvent[] => {
  if (!keeping.proving) return []
  keeping.proving = false
  return [...keeping.kept].flatMap(([key, kept]) => {
    if (kept.because !== "unproven") return []
    keeping.kept.delete(key)
    return [removal(key, kept)]
  })
}

const definitionGone = (keeping: Keeping): void => {
  for (const [key, kept] of keeping.kept)
    if (kept.because === "unproven") keeping.kept.set(key, { ...kept, because: "definition-gone" })
  keeping.proveAt = undefined
  keeping.proving = false
  keeping.backSince = undefined
  keeping.isGone = true
}

/** Those of a new list's missing objects that are too many to be believed. */
const massOf = (
  kind: KindName,
  events: readonly ReflectorEvent[],
  left: number,
  wasGone: boolean,
): { readonly because: HeldBecause; readonly keys: ReadonlySet<string> } | undefined => {
  const vanished = events.flatMap((event) => (event.kind === "vanished" ? [event.key] : []))
  if (wasGone) return { because: "definition-gone", keys: new Set(vanished) }
  if (vanished.length > 0 && left === 0) return { because: "list-empty", keys: new Set(vanished) }
  // Services are judged by their addresses, where lost ledgers show too (`lost-groups.ts`).
  if (kind !== "L2Advertisement" || !isMass(vanished.length, vanished.length + left)) return undefined
  return { because: "many-vanished", keys: new Set(vanished) }
}

/** The ledger, where there is one, knows best whether a Service is gone: the controller frees only what may be freed. */
const isOver = (
  kind: KindName,
  key: string,
  { because }: Kept,
  keeping: Keeping,
  ledger: Ledger | undefined,
  at: At,
): boolean => {
  if (kind === "Service" && ledger !== undefined && ledger.objects.size > 0) return !isGiven(ledger, key)
  return because !== "many-vanished" && (returnOver(keeping) ?? Infinity) <= at.now
}

const returnOver = ({ backSince, kept }: Keeping): Instant | undefined =>
  backSince === undefined || kept.size === 0 ? undefined : after(backSince, returnMs)

const isGiven = (ledger: Ledger | undefined, service: string): boolean => {
  for (const address of ledger?.addressesOf.get(service as ServiceName) ?? [])
    if (ledger?.entries.get(address)?.state === "given") return true
  return false
}

const removal = (key: string, { uid }: Kept): ReflectorEvent => ({ kind: "vanished", key, uid })

const codeOf = (kind: KindName, kept: readonly (readonly [string, Kept])[]): string =>
  confirmCode([kind, ...kept.map(([key, { uid }]) => `${key} ${uid ?? ""}`)])

/** Six hexadecimal characters that name these very things: made or given again they have other uids and grants. */
export const confirmCode = (lines: readonly string[]): string =>
  [...sha256(utf8Bytes(lines.join("\n"))).subarray(0, 3)].map((byte) => byte.toString(16).padStart(2, "0")).join("")

/** Whether a person wrote the code into the annotation of a ledger. */
export const isConfirmed = (code: string | undefined, ledger: Ledger | undefined): boolean =>
  code !== undefined && [...(ledger?.objects.values() ?? [])].some((object) => object.confirmedRelease === code)

/** Too many of `all` at once to be believed. */
export const isMass = (count: number, all: number): boolean => count > Math.max(vanishAlwaysFree, all * vanishShareMax)
