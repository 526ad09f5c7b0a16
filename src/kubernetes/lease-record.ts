import type { JsonObject } from "./http.ts"
import { numberAt, objectAt, textAt } from "./json.ts"
import type { KubernetesObject } from "./object.ts"
import { parseTimestamp, printMicroTimestamp } from "./timestamp.ts"

/** What a Lease says. Its times are for people: nobody here compares them with a clock. */
export type LeaseRecord = {
  /** "" where nobody holds it. */
  readonly holder: string
  /** How long its holder asks others to wait; undefined where it says nothing believable. */
  readonly leaseMs: number | undefined
  readonly acquiredAt: number | undefined
  readonly renewedAt: number | undefined
  readonly transitions: number
}

/** A holder that asks for more would keep everybody out long after its death. */
const longestLeaseSeconds = 300

export const readLease = (object: JsonObject): LeaseRecord => {
  const spec = objectAt(object, "spec")
  const seconds = numberAt(spec, "leaseDurationSeconds")
  const transitions = numberAt(spec, "leaseTransitions")
  return {
    holder: textAt(spec, "holderIdentity") ?? "",
    leaseMs: seconds !== undefined && seconds >= 1 ? Math.min(seconds, longestLeaseSeconds) * 1000 : undefined,
    acquiredAt: parseTimestamp(textAt(spec, "acquireTime") ?? ""),
    renewedAt: parseTimestamp(textAt(spec, "renewTime") ?? ""),
    transitions: transitions !== undefined && Number.isSafeInteger(transitions) && transitions >= 0 ? transitions : 0,
  }
}

/** The Lease to write. What others put into its metadata stays; its resourceVersion makes the write conditional. */
export const leaseObject = (
  place: { readonly name: string; readonly namespace: string },
  record: LeaseRecord,
  before: JsonObject | undefined,
): KubernetesObject => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  metadata: { ...objectAt(before, "metadata"), ...place },
  spec: {
    holderIdentity: record.holder,
    leaseDurationSeconds: Math.ceil((record.leaseMs ?? 1000) / 1000),
    ...(record.acquiredAt !== undefined && { acquireTime: printMicroTimestamp(record.acquiredAt) }),
    ...(record.renewedAt !== undefined && { renewTime: printMicroTimestamp(record.renewedAt) }),
    leaseTransitions: record.transitions,
  },
})
