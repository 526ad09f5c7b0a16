import type { NodeName } from "../../cluster/name.ts"
import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { field, isList, listAt, numberAt, textAt, textsAt } from "../../kubernetes/json.ts"
import { parseTimestamp } from "../../kubernetes/timestamp.ts"
import { type Address, parseAddress } from "../../net/address.ts"

/** A node answers for an address, as its speaker reports. Times are seconds since 1970. */
export type Hold = {
  readonly node: NodeName
  readonly address: Address
  readonly link: string
  readonly grant: number
  readonly epoch: number
  readonly since: number | undefined
  /** When the gateway last asked for the address or answered about it. */
  readonly gatewayConfirmedAt: number | undefined
}

/** Somebody who is none of our speakers answers for an address. */
export type Stranger = {
  readonly seenBy: NodeName
  readonly address: Address
  readonly mac: string
  readonly class: string
  /** The node whose MAC it is. */
  readonly node: string | undefined
}

export type Move = {
  readonly at: number
  readonly address: Address
  readonly from: string | undefined
  readonly to: string | undefined
  readonly reason: string
  /** Why the giver offered it; only the giver knows. */
  readonly offeredBecause: string | undefined
  /** How long the former holder had given no sign of life when it was replaced. */
  readonly silentMs: number | undefined
}

/** What a speaker finds wrong, in its own words. */
export type SpeakerFinding = { readonly code: string; readonly message: string; readonly facts: Json }

/** A Speaker object's status, whole: what people ask about beyond what decisions read of it. */
export type SpeakerView = {
  readonly node: NodeName
  readonly version: string | undefined
  /** `active`, or why it is not: `warming`, `doubting`, `restarting`, `leaving`, `no-segment`. */
  readonly state: string | undefined
  readonly dataPlaneReady: boolean
  readonly links: readonly { readonly name: string; readonly up: boolean; readonly use: string | undefined }[]
  readonly holds: readonly Hold[]
  readonly strangers: readonly Stranger[]
  readonly findings: readonly SpeakerFinding[]
  readonly moves: readonly Move[]
  /** Nodes whose beats it receives on any segment; undefined where the report does not say. */
  readonly hears: readonly string[] | undefined
  /** Per network it speaks in. */
  readonly segments: readonly { readonly name: string; readonly hears: readonly string[] }[]
  /** Nodes whose beats something filters, while they answer questions. */
  readonly beatsBlocked: readonly string[]
}

/** Reads whatever the object says; what is missing or of another shape counts as not said. */
export const readSpeakerView = (object: JsonObject): SpeakerView | undefined => {
  const node = textAt(object, "metadata", "name") as NodeName | undefined
  const status = field(object, "status")
  if (node === undefined || status === undefined) return undefined
  return {
    node,
    version: textAt(status, "version"),
    state: textAt(status, "state"),
    dataPlaneReady: field(status, "dataPlaneReady") !== false,
    links: listAt(status, "interfaces").map(readLink),
    holds: listAt(status, "holds").flatMap((item) => readHold(item, node)),
    strangers: listAt(status, "contested").flatMap((item) => readStranger(item, node)),
    findings: listAt(status, "findings").flatMap(readFinding),
    moves: listAt(status, "moves").flatMap(readMove),
    hears: isList(field(status, "segments"))
      ? [...new Set(listAt(status, "segments").flatMap((segment) => textsAt(segment, "hears")))]
      : undefined,
    segments: listAt(status, "segments").map((segment) => ({
      name: textAt(segment, "segment") ?? "",
      hears: textsAt(segment, "hears"),
    })),
    beatsBlocked: listAt(status, "findings").flatMap((finding) =>
      textAt(finding, "code") === "beats-blocked" ? (textAt(finding, "facts", "node")?.split(", ") ?? []) : [],
    ),
  }
}

const readLink = (item: Json): SpeakerView["links"][number] => ({
  name: textAt(item, "name") ?? "",
  up: field(item, "up") !== false,
  use: textAt(item, "use"),
})

const readHold = (item: Json, node: NodeName): readonly Hold[] => {
  const address = addressAt(item)
  if (address === undefined) return []
  return [
    {
      node,
      address,
      link: textAt(item, "link") ?? "",
      grant: numberAt(item, "grant") ?? 0,
      epoch: numberAt(item, "epoch") ?? 0,
      since: timeAt(item, "since"),
      gatewayConfirmedAt: timeAt(item, "gatewayConfirmedAt"),
    },
  ]
}

const readStranger = (item: Json, seenBy: NodeName): readonly Stranger[] => {
  const address = addressAt(item)
  const mac = textAt(item, "mac")
  if (address === undefined || mac === undefined) return []
  return [{ seenBy, address, mac, class: textAt(item, "class") ?? "unknown", node: textAt(item, "node") }]
}

const readFinding = (item: Json): readonly SpeakerFinding[] => {
  const message = textAt(item, "message")
  return message === undefined ? [] : [{ code: textAt(item, "code") ?? "", message, facts: field(item, "facts") ?? {} }]
}

const readMove = (item: Json): readonly Move[] => {
  const address = addressAt(item)
  const at = timeAt(item, "at")
  if (address === undefined || at === undefined) return []
  return [
    {
      at,
      address,
      from: textAt(item, "from"),
      to: textAt(item, "to"),
      reason: textAt(item, "reason") ?? "",
      offeredBecause: textAt(item, "offeredBecause"),
      silentMs: numberAt(item, "silentMs"),
    },
  ]
}

const addressAt = (item: Json): Address | undefined => parseAddress(textAt(item, "address") ?? "")

const timeAt = (item: Json, name: string): number | undefined => parseTimestamp(textAt(item, name) ?? "")
