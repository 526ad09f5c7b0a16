import type { JsonObject } from "./http.ts"
import { objectAt, sameJson, textAt, textsAt } from "./json.ts"
import type { Cause } from "./schema-validate.ts"
import { invalid } from "./schema-validate.ts"
import { isExternalName, isHeadless, selectorIsEmpty } from "./service-defaults.ts"

export type ServiceFamily = "IPv4" | "IPv6"

/** `ipFamilies` and `ipFamilyPolicy` as a real API server completes them on a cluster that has these families. */
export const withFamilies = (
  service: JsonObject,
  before: JsonObject | undefined,
  offered: readonly ServiceFamily[],
): JsonObject | readonly Cause[] => {
  if (isExternalName(service)) return service
  const policy = policyOf(service, before)
  const shrunk = policy === "SingleStack" ? shrinkToSingle(service, before) : service
  const asked = inferFamilies(shrunk)
  const causes = [...checkPolicy(shrunk, policy, asked), ...releaseCauses(service, before, policy)]
  const freely = isHeadless(service) && selectorIsEmpty(service)
  if (!freely) causes.push(...checkOffered(policy, asked, offered))
  if (causes.length > 0) return causes
  const families = completeFamilies(asked, policy, freely ? ["IPv4", "IPv6"] : offered, offered)
  return withSpec(shrunk, { ipFamilyPolicy: policy, ipFamilies: families })
}

const withSpec = (service: JsonObject, fields: JsonObject): JsonObject => ({
  ...service,
  spec: { ...objectAt(service, "spec"), ...fields },
})

const policyOf = (service: JsonObject, before: JsonObject | undefined): string =>
  textAt(service, "spec", "ipFamilyPolicy") ??
  textAt(before, "spec", "ipFamilyPolicy") ??
  (isHeadless(service) && selectorIsEmpty(service) ? "RequireDualStack" : "SingleStack")

/** SingleStack on a Service that had two families, with nothing else changed, gives the second back. */
const shrinkToSingle = (service: JsonObject, before: JsonObject | undefined): JsonObject => {
  if (before === undefined) return service
  const fields: Record<string, readonly string[]> = {}
  for (const name of ["clusterIPs", "ipFamilies"]) {
    const mine = textsAt(service, "spec", name)
    if (mine.length > 1 && sameJson(mine, textsAt(before, "spec", name))) fields[name] = mine.slice(0, 1)
  }
  return withSpec(service, fields)
}

const familyOfText = (ip: string): ServiceFamily => (ip.includes(":") ? "IPv6" : "IPv4")

/** Families named, and those that named cluster IPs imply. */
const inferFamilies = (service: JsonObject): readonly string[] => {
  const named = textsAt(service, "spec", "ipFamilies")
  const ips = isHeadless(service) ? [] : textsAt(service, "spec", "clusterIPs")
  return [...named, ...ips.slice(named.length).map(familyOfText)]
}

const checkPolicy = (service: JsonObject, policy: string, families: readonly string[]): Cause[] => {
  if (policy !== "SingleStack") return []
  const must = "must be 'RequireDualStack' or 'PreferDualStack' when multiple"
  if (textsAt(service, "spec", "clusterIPs").length === 2)
    return [invalid("spec.ipFamilyPolicy", policy, `${must} cluster IPs are specified`)]
  return families.length === 2 ? [invalid("spec.ipFamilyPolicy", policy, `${must} IP families are specified`)] : []
}

const releaseCauses = (service: JsonObject, before: JsonObject | undefined, policy: string): readonly Cause[] => {
  if (before === undefined || policy === "SingleStack") return []
  const reduced = (name: string): boolean => {
    const mine = textsAt(service, "spec", name).length
    return mine > 0 && mine < textsAt(before, "spec", name).length
  }
  const must = "must be 'SingleStack' to release the secondary"
  return [
    ...(reduced("clusterIPs") ? [invalid("spec.ipFamilyPolicy", policy, `${must} cluster IP`)] : []),
    ...(reduced("ipFamilies") ? [invalid("spec.ipFamilyPolicy", policy, `${must} IP family`)] : []),
  ]
}

const checkOffered = (
  policy: string,
  families: readonly string[],
  offered: readonly ServiceFamily[],
): readonly Cause[] => [
  ...(policy === "RequireDualStack" && offered.length < 2
    ? [invalid("spec.ipFamilyPolicy", policy, "this cluster is not configured for dual-stack services")]
    : []),
  ...families.flatMap((family, index) =>
    offered.some((one) => one === family)
      ? []
      : [invalid(`spec.ipFamilies[${index}]`, family, "not configured on this cluster")],
  ),
]

const completeFamilies = (
  asked: readonly string[],
  policy: string,
  candidates: readonly ServiceFamily[],
  offered: readonly ServiceFamily[],
): readonly string[] => {
  const first = asked.length > 0 ? asked : offered.slice(0, 1)
  if (policy === "SingleStack" || first.length > 1) return first
  return [...first, ...candidates.filter((family) => family !== first[0]).slice(0, 1)]
}
