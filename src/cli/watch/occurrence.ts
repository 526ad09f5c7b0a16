import type { JsonObject } from "../../kubernetes/http.ts"
import { parseTimestamp } from "../../kubernetes/timestamp.ts"
import { durationText } from "../../wording/move.ts"
import type { Style } from "../style.ts"

export type OccurrenceCode =
  /** An address changed its holder. */
  | "moved"
  /** A speaker found something, or finds it no longer. */
  | "found"
  | "over"
  /** No other speaker hears a node's speaker, or one hears it again. */
  | "unheard"
  | "heard"
  /** A Service got an address, lost it, or may have none. */
  | "given"
  | "released"
  | "refused"
  /** Nobody announces a Service that has an address, or somebody does again. */
  | "silent"
  | "announced"
  /** A kind of objects cannot be followed now, or can be again. */
  | "blind"
  | "sees"

/** Something that happened, as it is told while it happens. */
export type Occurrence = {
  /** RFC 3339: as who saw it says; else when it was learnt. */
  readonly at: string
  readonly code: OccurrenceCode
  readonly severity: "good" | "note" | "risk" | "broken"
  /** A Service, a node, an address: what the sentence is about. */
  readonly about: string
  /** Services that it concerns; empty where it is about no Service. */
  readonly services: readonly string[]
  readonly says: string
  /** How long the trouble lasted that is over by this; for a takeover how long the address was away, at most. */
  readonly lastedMs?: number | undefined
  readonly facts: JsonObject
}

/** One line of `-o json`. */
export const occurrenceDocument = (occurrence: Occurrence): object => ({
  apiVersion: "porchlight.dev/v1alpha1",
  kind: "Occurrence",
  ...occurrence,
  ...(occurrence.lastedMs !== undefined && { lastedMs: Math.round(occurrence.lastedMs) }),
})

/** `21:40:03  ! 192.168.40.200 demo/whoami   attic-2 took it over from attic-3, which had fallen silent for 478 ms` */
export const occurrenceLine = (occurrence: Occurrence, style: Style): string => {
  const { at, severity, about, services, says, lastedMs, code } = occurrence
  const mark = { good: style.good, note: style.none, risk: style.warn, broken: style.bad }[severity]
  const others = services.filter((name) => name !== about).join(" ")
  const subject = [style.bold(about), others].filter((part) => part !== "").join(" ")
  // A takeover's own sentence has its silence already.
  const lasted = lastedMs === undefined || code === "moved" ? "" : `, after ${durationText(lastedMs)}`
  return `${clockText(at)}  ${mark} ${subject}   ${says}${lasted}`
}

const clockText = (at: string): string => {
  const seconds = parseTimestamp(at)
  if (seconds === undefined) return at
  const date = new Date(seconds * 1000)
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":")
}
