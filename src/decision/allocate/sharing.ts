import { sha256 } from "../../net/sha256.ts"
import { utf8Bytes } from "../../net/utf8.ts"
import type { Labels, SharingKey } from "../../cluster/name.ts"
import type { Service, ServicePort } from "../../cluster/service.ts"
import type { SharingRefusal } from "./allocation.ts"

export const sharingKeyOf = (service: Service): SharingKey | undefined =>
  service.exposure.kind === "ours" ? service.exposure.sharingKey : undefined

/** The pods that must be the same: those of a Local Service; a Cluster one reaches any pod from any node. */
const podsOf = (service: Service): Labels | undefined => (service.policy === "Local" ? service.selector : undefined)

/** MetalLB's backend key: the selector as sorted `k=v,k2=v2` for Local, empty for Cluster. Its namespace is no part of it. */
export const backendOf = (service: Service): string =>
  [...(podsOf(service) ?? [])]
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(",")

/** Every rule that keeps two Services from one address: none means that they may share. */
export const sharingRefusals = (ours: Service, theirs: Service): readonly SharingRefusal[] => {
  const refusals: SharingRefusal[] = []
  const [ourKey, theirKey] = [sharingKeyOf(ours), sharingKeyOf(theirs)]
  if (ourKey === undefined || theirKey === undefined) {
    const on = ourKey !== undefined ? "other" : theirKey !== undefined ? "this" : "both"
    refusals.push({ rule: "key-missing", on })
  } else if (ourKey !== theirKey) refusals.push({ rule: "key-differs", ours: ourKey, theirs: theirKey })
  if (backendOf(ours) !== backendOf(theirs))
    refusals.push({ rule: "pods-differ", ours: podsOf(ours), theirs: podsOf(theirs) })
  const port = clash(ours.ports, theirs.ports)
  if (port !== undefined) refusals.push({ rule: "port-taken", port })
  return refusals
}

/** The first port both have; TCP/53 and UDP/53 are two. Both lists are sorted by port, then protocol. */
const clash = (ours: readonly ServicePort[], theirs: readonly ServicePort[]): ServicePort | undefined => {
  for (let i = 0, j = 0; i < ours.length && j < theirs.length;) {
    const [a, b] = [ours[i]!, theirs[j]!]
    if (a.port === b.port && a.protocol === b.protocol) return a
    if (a.port < b.port || (a.port === b.port && a.protocol < b.protocol)) i++
    else j++
  }
  return undefined
}

/**
 * Sharing key, backend and ports in 16 characters, for the ledger: whoever still has the terms under which it shares
 * keeps the address when sharers stop fitting together. Empty where nothing is shared.
 */
export const sharingTerms = (service: Service): string => {
  const key = sharingKeyOf(service)
  if (key === undefined) return ""
  const made =
    terms.get(service) ??
    digest([key, backendOf(service), ...service.ports.map(({ protocol, port }) => `${protocol}/${port}`)])
  terms.set(service, made)
  return made
}

const terms = new WeakMap<Service, string>()

const digest = (parts: readonly string[]): string =>
  [...sha256(utf8Bytes(JSON.stringify(parts))).subarray(0, 8)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("")
