import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { field, objectAt } from "../../kubernetes/json.ts"
import type { L2Advertisement, Preference } from "../advertisement.ts"
import type { Selector } from "../selector.ts"
import { type Faults, noteUnknown, readList, readName, readTextList } from "./fault.ts"
import { readSelector, readSelectors } from "./selector.ts"

/** An L2Advertisement by itself: pool selectors are resolved where the pools are known. */
export type ReadAdvertisement = Omit<L2Advertisement, "pools"> & {
  readonly poolNames: readonly string[]
  readonly poolSelectors: readonly Selector[]
}

const known = [
  "ipAddressPools",
  "ipAddressPoolSelectors",
  "nodeSelectors",
  "interfaces",
  "serviceSelectors",
  "preferredNodeSelectors",
]

/** Undefined where any part cannot be read: half an advertisement would announce in the wrong place. */
export const readAdvertisement = (object: JsonObject, faults: Faults): ReadAdvertisement | undefined => {
  const name = readName(object, faults)
  if (name === undefined) return undefined
  const spec = objectAt(object, "spec")
  noteUnknown(spec, "spec", known, faults)
  const before = faults.problems.length
  const read = {
    name,
    poolNames: readTextList(field(spec, "ipAddressPools"), "spec.ipAddressPools", faults) ?? [],
    poolSelectors: readSelectors(field(spec, "ipAddressPoolSelectors"), "spec.ipAddressPoolSelectors", faults)
      .selectors,
    nodes: readSelectors(field(spec, "nodeSelectors"), "spec.nodeSelectors", faults).selectors,
    services: readSelectors(field(spec, "serviceSelectors"), "spec.serviceSelectors", faults).selectors,
    interfaces: readInterfaces(field(spec, "interfaces"), faults),
    preferences: readPreferences(field(spec, "preferredNodeSelectors"), faults),
  }
  return faults.problems.slice(before).some(({ effect }) => effect !== "noted") ? undefined : read
}

/** Exact names, never patterns: nobody's regular expression runs here. Linux: at most 15 characters, no slash. */
const readInterfaces = (value: Json | undefined, faults: Faults): readonly string[] => {
  const names = readTextList(value, "spec.interfaces", faults) ?? []
  for (const [index, name] of names.entries())
    if (name.length > 15 || /[/\s]/.test(name))
      faults.add(
        `spec.interfaces[${index}]`,
        name,
        "noted",
        "no interface can have this name; names are exact, not patterns",
        "write a name as `ip link` shows it",
      )
  return names
}

const readPreferences = (value: Json | undefined, faults: Faults): readonly Preference[] => {
  const preferences: Preference[] = []
  for (const [index, item] of (readList(value, "spec.preferredNodeSelectors", faults) ?? []).entries()) {
    const path = `spec.preferredNodeSelectors[${index}]`
    const weight = field(item, "weight")
    const selector = readSelector(field(item, "preference") ?? null, `${path}.preference`, faults)
    if (typeof weight !== "number" || !Number.isInteger(weight) || weight < 1 || weight > 100)
      faults.add(
        `${path}.weight`,
        weight,
        "part-left-out",
        "it is no whole number from 1 to 100",
        "write a weight from 1 to 100",
      )
    else if (selector !== undefined) preferences.push({ weight, selector })
  }
  return preferences
}
