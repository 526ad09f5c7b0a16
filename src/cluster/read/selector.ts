import type { Json } from "../../kubernetes/http.ts"
import { field, isObject, textsAt } from "../../kubernetes/json.ts"
import { keyFault } from "../../kubernetes/label-syntax.ts"
import { shown } from "../problem.ts"
import type { Requirement, Selector } from "../selector.ts"
import { type Faults, noteUnknown, readList } from "./fault.ts"

/** Labels' values may have 63 characters (Kubernetes), so a longer one selects nothing, ever. */
const valueLengthMax = 63
const operators = ["In", "NotIn", "Exists", "DoesNotExist"] as const

/** A meta/v1 LabelSelector. Undefined, with the problems, where any part of it cannot be read: half a selector selects the wrong ones. */
export const readSelector = (value: Json | undefined, path: string, faults: Faults): Selector | undefined => {
  if (!isObject(value)) {
    faults.add(path, value, "part-left-out", "it is no label selector", "write matchLabels or matchExpressions")
    return undefined
  }
  noteUnknown(value, path, ["matchLabels", "matchExpressions"], faults)
  const before = faults.problems.length
  const labels = readMatchLabels(field(value, "matchLabels"), `${path}.matchLabels`, faults)
  const expressions = readList(field(value, "matchExpressions"), `${path}.matchExpressions`, faults) ?? []
  const requirements = expressions.map((item, i) => readRequirement(item, `${path}.matchExpressions[${i}]`, faults))
  const broken = faults.problems.slice(before).some(({ effect }) => effect !== "noted")
  return broken ? undefined : [...labels, ...requirements.filter((requirement) => requirement !== undefined)]
}

/** A list of selectors, ORed; `broken` where one of them could not be read. */
export const readSelectors = (
  value: Json | undefined,
  path: string,
  faults: Faults,
): { readonly selectors: readonly Selector[]; readonly broken: boolean } => {
  const list = readList(value, path, faults)
  const read = (list ?? []).map((item, index) => readSelector(item, `${path}[${index}]`, faults))
  const selectors = read.filter((selector) => selector !== undefined)
  return { selectors, broken: list === undefined || selectors.length < read.length }
}

const readMatchLabels = (value: Json | undefined, path: string, faults: Faults): readonly Requirement[] => {
  if (value === undefined || value === null) return []
  if (!isObject(value)) {
    faults.add(path, value, "part-left-out", "it is no map of labels", "write it as `label: value` lines")
    return []
  }
  const found: Requirement[] = []
  for (const [key, text] of Object.entries(value)) {
    if (usable(key, text, `${path}.${key}`, faults)) found.push({ key, operator: "In", values: new Set([text]) })
  }
  return found
}

const readRequirement = (value: Json, path: string, faults: Faults): Requirement | undefined => {
  const key = field(value, "key")
  if (typeof key !== "string" || key === "") {
    faults.add(`${path}.key`, key, "part-left-out", "it names no label", "write the label's name")
    return undefined
  }
  const operator = operators.find((known) => known === field(value, "operator"))
  if (operator === undefined) {
    faults.add(
      `${path}.operator`,
      field(value, "operator"),
      "part-left-out",
      "there is no such operator",
      `write one of ${operators.join(", ")}`,
    )
    return undefined
  }
  const values = textsAt(value, "values")
  const wantsValues = operator === "In" || operator === "NotIn"
  if (wantsValues !== values.length > 0) {
    const remedy = wantsValues ? "list at least one value" : "remove the values"
    faults.add(
      `${path}.values`,
      values,
      "part-left-out",
      `${operator} ${wantsValues ? "needs" : "takes no"} values`,
      remedy,
    )
    return undefined
  }
  if (!values.every((text) => usable(key, text, `${path}.values`, faults))) return undefined
  return { key, operator, values: new Set(values) }
}

const usable = (key: string, text: Json | undefined, path: string, faults: Faults): text is string => {
  if (keyFault(key) !== undefined)
    faults.add(
      path,
      text,
      "part-left-out",
      `no label can be named "${shown(key)}"`,
      "write a label's name as `kubectl get --show-labels` shows it",
    )
  else if (typeof text !== "string")
    faults.add(path, text, "part-left-out", "a label's value is a text", "put it in quotes")
  else if (text.length > valueLengthMax)
    faults.add(
      path,
      text,
      "part-left-out",
      `no label is that long (${valueLengthMax} characters at most)`,
      "shorten it",
    )
  else return true
  return false
}
