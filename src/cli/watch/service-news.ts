import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, textAt } from "../../kubernetes/json.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { type Address, parseAddress, printAddress } from "../../net/address.ts"
import type { At, Instant } from "../../time/instant.ts"
import type { Occurrence, OccurrenceCode } from "./occurrence.ts"

type Known = {
  readonly addresses: readonly string[]
  readonly refused: State | undefined
  readonly silent: State | undefined
}
/** What a condition says, and since when this program has known it. */
type State = { readonly reason: string; readonly message: string; readonly since: Instant }

/** Nobody is late yet. */
const notYet = "NotYet"

/** What Services tell as they change: addresses given and taken back, refusals, and that nobody announces them. */
export class ServiceNews {
  readonly #known = new Map<string, Known>()
  readonly #services = new Map<Address, readonly string[]>()
  #isHistory = true

  begin(): void {
    this.#isHistory = false
  }

  readonly servicesOf = (address: Address): readonly string[] => this.#services.get(address) ?? []

  get count(): number {
    return this.#services.size
  }

  /** @param object undefined: it was deleted */
  take(name: string, object: JsonObject | undefined, at: At): readonly Occurrence[] {
    const before = this.#known.get(name)
    const now = object === undefined ? undefined : knownOf(object, before, at)
    if (now === undefined) this.#known.delete(name)
    else this.#known.set(name, now)
    this.#index(name, before?.addresses ?? [], now?.addresses ?? [])
    if (this.#isHistory) return []
    const tell = (
      code: OccurrenceCode,
      severity: Occurrence["severity"],
      says: string,
      more: object = {},
    ): Occurrence => ({
      at: printTimestamp(at.wallSeconds),
      code,
      severity,
      about: name,
      services: [name],
      says,
      facts: {},
      ...more,
    })
    return [
      ...addressNews(before, now, object, tell),
      ...stateNews(before?.refused, now?.refused, at, {
        begins: ({ reason, message }) => tell("refused", "broken", `no address: ${message}`, { facts: { reason } }),
        ends: () => undefined,
      }),
      ...stateNews(before?.silent, now?.silent, at, {
        begins: ({ reason, message }) =>
          tell("silent", "broken", `nobody announces it: ${message}`, { facts: { reason } }),
        ends: (lastedMs) =>
          object === undefined ? undefined : tell("announced", "good", "is announced again", { lastedMs }),
      }),
    ]
  }

  #index(name: string, before: readonly string[], now: readonly string[]): void {
    for (const text of before) this.#change(text, (names) => names.filter((one) => one !== name))
    for (const text of now) this.#change(text, (names) => [...names, name])
  }

  #change(text: string, change: (names: readonly string[]) => readonly string[]): void {
    const address = parseAddress(text)
    if (address === undefined) return
    const names = change(this.servicesOf(address))
    if (names.length === 0) this.#services.delete(address)
    else this.#services.set(address, names)
  }
}

type Tell = (code: OccurrenceCode, severity: Occurrence["severity"], says: string, more?: object) => Occurrence

const addressNews = (
  before: Known | undefined,
  now: Known | undefined,
  object: JsonObject | undefined,
  tell: Tell,
): readonly Occurrence[] => {
  const gained = (now?.addresses ?? []).filter((address) => !before?.addresses.includes(address))
  const lost = (before?.addresses ?? []).filter((address) => !now?.addresses.includes(address))
  const why = object === undefined ? "" : conditionOf(object, "Allocated")?.message
  return [
    ...(lost.length === 0
      ? []
      : [
          tell("released", "note", `gives ${lost.join(" ")} back${object === undefined ? ": it was deleted" : ""}`, {
            facts: { addresses: lost },
          }),
        ]),
    ...(gained.length === 0
      ? []
      : [tell("given", "good", `gets ${gained.join(" ")}${why ? `: ${why}` : ""}`, { facts: { addresses: gained } })]),
  ]
}

type Words = {
  readonly begins: (state: State) => Occurrence
  readonly ends: (lastedMs: number) => Occurrence | undefined
}

const stateNews = (
  before: State | undefined,
  now: State | undefined,
  at: At,
  { begins, ends }: Words,
): readonly Occurrence[] => {
  if (now !== undefined) return before?.reason === now.reason && before.message === now.message ? [] : [begins(now)]
  const over = before === undefined ? undefined : ends(at.now - before.since)
  return over === undefined ? [] : [over]
}

const knownOf = (object: JsonObject, before: Known | undefined, at: At): Known => {
  const [allocated, announced] = [conditionOf(object, "Allocated"), conditionOf(object, "Announced")]
  const addresses = listAt(object, "status", "loadBalancer", "ingress").flatMap((entry) => {
    const address = parseAddress(textAt(entry, "ip") ?? "")
    return address === undefined ? [] : [printAddress(address)]
  })
  const state = (condition: Condition | undefined, was: State | undefined): State | undefined =>
    condition?.status === "False"
      ? { reason: condition.reason, message: condition.message, since: was?.since ?? at.now }
      : undefined
  const isLate = announced?.reason !== notYet || before?.silent !== undefined
  return {
    addresses,
    refused: state(allocated, before?.refused),
    silent: addresses.length > 0 && isLate ? state(announced, before?.silent) : undefined,
  }
}

type Condition = { readonly status: string; readonly reason: string; readonly message: string }

const conditionOf = (object: JsonObject, name: "Allocated" | "Announced"): Condition | undefined => {
  const found = listAt(object, "status", "conditions").find(
    (condition) => textAt(condition, "type") === `porchlight.dev/${name}`,
  )
  if (found === undefined) return undefined
  const [status, reason, message] = ["status", "reason", "message"].map((part) => textAt(found, part) ?? "") as [
    string,
    string,
    string,
  ]
  return { status, reason, message }
}
