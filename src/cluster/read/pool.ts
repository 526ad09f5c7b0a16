import type { JsonObject } from "../../kubernetes/http.ts"
import { field, isObject, objectAt, textAt } from "../../kubernetes/json.ts"
import type { AddressRange } from "../../net/range.ts"
import type { Labels, PoolName } from "../name.ts"
import type { Pool } from "../pool.ts"
import type { Selector } from "../selector.ts"
import { type Faults, noteUnknown, readName, readTextList, readTexts } from "./fault.ts"
import { readRange } from "./range.ts"
import { readSelectors } from "./selector.ts"

/** More entries than any network needs; each is compared with every other pool's. */
const entriesMax = 4096

export type PoolEntry = { readonly field: string; readonly text: string; readonly range: AddressRange }

/** An IPAddressPool by itself: overlaps and namespace selectors are for `configuration.ts`, which sees the others. */
export type ReadPool = {
  readonly name: PoolName
  readonly labels: Labels
  readonly createdAt: string
  readonly entries: readonly PoolEntry[]
  readonly autoAssign: boolean
  readonly avoidsBuggyAddresses: boolean
  readonly onlyFor: ReadRestriction | undefined
  readonly fault: Pool["fault"]
}

export type ReadRestriction = {
  readonly priority: number
  readonly namespaces: readonly string[]
  readonly namespaceSelectors: readonly Selector[]
  readonly services: readonly Selector[]
}

export const readPool = (object: JsonObject, faults: Faults): ReadPool | undefined => {
  const name = readName(object, faults)
  if (name === undefined) return undefined
  const spec = objectAt(object, "spec")
  noteUnknown(spec, "spec", ["addresses", "autoAssign", "avoidBuggyIPs", "serviceAllocation"], faults)
  const { entries, broken } = readEntries(spec, faults)
  const autoAssign = readFlag(spec, "autoAssign", true, faults)
  const avoids = readFlag(spec, "avoidBuggyIPs", false, faults)
  const restriction = readRestriction(spec, faults)
  const rulesBroken = autoAssign === undefined || avoids === undefined || restriction.broken
  return {
    name: name as PoolName,
    labels: readTexts(field(object, "metadata", "labels"), "metadata.labels", faults),
    createdAt: textAt(object, "metadata", "creationTimestamp") ?? "",
    entries,
    autoAssign: autoAssign ?? false,
    avoidsBuggyAddresses: avoids ?? false,
    onlyFor: restriction.onlyFor,
    fault: rulesBroken ? "rules" : broken ? "addresses" : "none",
  }
}

const readEntries = (
  spec: JsonObject,
  faults: Faults,
): { readonly entries: readonly PoolEntry[]; readonly broken: boolean } => {
  const list = field(spec, "addresses")
  if (!Array.isArray(list) || list.length === 0) {
    faults.add("spec.addresses", list, "part-left-out", "the pool has no addresses", "list at least one range")
    return { entries: [], broken: true }
  }
  if (list.length > entriesMax)
    faults.add(
      "spec.addresses",
      list.length,
      "part-left-out",
      `a pool has at most ${entriesMax} entries`,
      "join neighbouring ranges",
    )
  const entries: PoolEntry[] = []
  for (const [index, text] of list.slice(0, entriesMax).entries()) {
    const path = `spec.addresses[${index}]`
    const read = typeof text === "string" ? readRange(text) : notText
    if (read.kind === "fault") faults.add(path, text, "part-left-out", read.because, read.remedy)
    else entries.push({ field: path, text: String(text), range: read.range })
  }
  return { entries, broken: entries.length < list.length }
}

const notText = { kind: "fault", because: "it is no text", remedy: "write it like 192.168.1.240/29" } as const

const readFlag = (spec: JsonObject, name: string, missing: boolean, faults: Faults): boolean | undefined => {
  const value = field(spec, name)
  if (value === undefined || value === null) return missing
  if (typeof value === "boolean") return value
  faults.add(
    `spec.${name}`,
    value,
    "part-left-out",
    "it is neither true nor false, so the pool gives nothing new",
    "write true or false",
  )
  return undefined
}

const readRestriction = (
  spec: JsonObject,
  faults: Faults,
): { readonly onlyFor: ReadRestriction | undefined; readonly broken: boolean } => {
  const value = field(spec, "serviceAllocation")
  if (value === undefined || value === null) return { onlyFor: undefined, broken: false }
  const path = "spec.serviceAllocation"
  if (!isObject(value)) {
    faults.add(
      path,
      value,
      "part-left-out",
      "it is no object, so the pool gives nothing new",
      "see IPAddressPool in MetalLB's reference",
    )
    return { onlyFor: undefined, broken: true }
  }
  noteUnknown(value, path, ["priority", "namespaces", "namespaceSelectors", "serviceSelectors"], faults)
  const priority = field(value, "priority") ?? 0
  const numbered = typeof priority === "number" && Number.isSafeInteger(priority) && priority >= 0
  if (!numbered)
    faults.add(
      `${path}.priority`,
      priority,
      "part-left-out",
      "it is no whole number from 0, so the pool gives nothing new",
      "write a number; lower is tried first, 0 last",
    )
  const namespaces = readTextList(field(value, "namespaces"), `${path}.namespaces`, faults)
  const namespaceSelectors = readSelectors(field(value, "namespaceSelectors"), `${path}.namespaceSelectors`, faults)
  const services = readSelectors(field(value, "serviceSelectors"), `${path}.serviceSelectors`, faults)
  return {
    onlyFor: {
      priority: numbered ? priority : 0,
      namespaces: namespaces ?? [],
      namespaceSelectors: namespaceSelectors.selectors,
      services: services.selectors,
    },
    broken: !numbered || namespaces === undefined || namespaceSelectors.broken || services.broken,
  }
}
