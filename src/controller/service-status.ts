import type { Json, JsonObject } from "../kubernetes/http.ts"
import { listAt, objectAt, textAt } from "../kubernetes/json.ts"
import { resourceVersionOf, uidOf, type KubernetesObject } from "../kubernetes/object.ts"
import { printTimestamp } from "../kubernetes/timestamp.ts"
import { type Address, printAddress } from "../net/address.ts"

/** `metallb.io/ip-allocated-from-pool`: the pool an address came from, as MetalLB writes it. */
const poolAnnotation = "metallb.io/ip-allocated-from-pool"

/** What our conditions' types begin with. */
const ourPrefix = "porchlight.dev/"

/** What a person reads of one matter under `status.conditions`. */
export type Condition = {
  readonly type: string
  readonly status: "True" | "False" | "Unknown"
  readonly reason: string
  readonly message: string
}

/** What this controller wants a Service's status to say. */
export type WantedStatus = {
  /** Undefined: they stay as they stand, and the pool with them. */
  readonly given: { readonly addresses: readonly Address[]; readonly pool: string | undefined } | undefined
  readonly conditions: readonly Condition[]
  /** Types of ours that stay as they stand. All others of our prefix go; those of others are none of our business. */
  readonly left: readonly string[]
}

/** The part of a Service object that this controller writes, as the API server has it. */
export type WrittenStatus = {
  readonly uid: string | undefined
  readonly version: string | undefined
  /** `ip` and `ipMode` of each ingress entry, as text, in order. */
  readonly ingress: readonly string[]
  readonly pool: string | undefined
  readonly conditions: ReadonlyMap<string, Condition & { readonly since: string }>
}

export const readWrittenStatus = (object: KubernetesObject): WrittenStatus => ({
  uid: uidOf(object),
  version: resourceVersionOf(object),
  ingress: listAt(object, "status", "loadBalancer", "ingress").map(ingressText),
  pool: textAt(objectAt(object, "metadata", "annotations"), poolAnnotation),
  conditions: new Map(
    listAt(object, "status", "conditions").map((condition) => [
      textAt(condition, "type") ?? "",
      readCondition(condition),
    ]),
  ),
})

/** An entry without `ipMode` is stored with `VIP` (Kubernetes 1.29 and later): the two are one. */
const ingressText = (entry: Json): string =>
  `${textAt(entry, "ip") ?? textAt(entry, "hostname") ?? ""} ${textAt(entry, "ipMode") ?? "VIP"}`

const readCondition = (condition: Json): Condition & { readonly since: string } => {
  const status = textAt(condition, "status")
  return {
    type: textAt(condition, "type") ?? "",
    status: status === "True" || status === "False" ? status : "Unknown",
    reason: textAt(condition, "reason") ?? "",
    message: textAt(condition, "message") ?? "",
    since: textAt(condition, "lastTransitionTime") ?? "",
  }
}

/**
 * The strategic merge patch of `services/NAME/status` that makes the object say what is wanted; undefined where it does
 * already. It names the uid, so that it never lands on another Service of the same name; the API server keeps metadata
 * of a status write, so annotation and status change together.
 */
export const statusPatch = (
  written: WrittenStatus,
  wanted: WantedStatus,
  wallSeconds: number,
): JsonObject | undefined => {
  const conditions = wanted.conditions.filter(
    (condition) => !sameCondition(written.conditions.get(condition.type), condition),
  )
  const addresses = wanted.given?.addresses.map(printAddress)
  const ingressDiffers =
    addresses !== undefined &&
    !sameTexts(
      written.ingress,
      addresses.map((ip) => `${ip} VIP`),
    )
  const poolDiffers = wanted.given !== undefined && written.pool !== wanted.given.pool
  const stale = [...written.conditions.keys()].filter(
    (type) =>
      type.startsWith(ourPrefix) &&
      !wanted.left.includes(type) &&
      !wanted.conditions.some((condition) => condition.type === type),
  )
  if (!ingressDiffers && !poolDiffers && conditions.length + stale.length === 0) return undefined
  const status: { [key: string]: Json } = {}
  if (ingressDiffers)
    status["loadBalancer"] = {
      ingress: addresses.map((ip) => ({ ip, ipMode: "VIP" })),
    }
  if (conditions.length + stale.length > 0)
    status["conditions"] = [
      ...conditions.map((condition) => conditionObject(condition, written, wallSeconds)),
      ...stale.map((type) => ({ type, $patch: "delete" })),
    ]
  const metadata: { [key: string]: Json } = written.uid === undefined ? {} : { uid: written.uid }
  if (poolDiffers) metadata["annotations"] = { [poolAnnotation]: wanted.given?.pool ?? null }
  return { metadata, status }
}

const sameCondition = (a: Condition | undefined, b: Condition): boolean =>
  a !== undefined && a.status === b.status && a.reason === b.reason && a.message === b.message

const sameTexts = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((text, index) => text === b[index])

/** Kubernetes: `lastTransitionTime` moves only when `status` does. */
const conditionObject = (condition: Condition, written: WrittenStatus, wallSeconds: number): JsonObject => {
  const before = written.conditions.get(condition.type)
  const since = before?.status === condition.status && before.since !== "" ? before.since : printTimestamp(wallSeconds)
  return { ...condition, lastTransitionTime: since }
}
