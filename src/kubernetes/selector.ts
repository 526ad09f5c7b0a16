import type { JsonObject } from "./http.ts"
import { field, objectAt } from "./json.ts"
import { parseWhole, type LabelRequirement, type ParsedSelector } from "./label-selector.ts"

export type FieldRequirement = { readonly path: string; readonly equal: boolean; readonly value: string }

export const matchesLabels = (requirements: readonly LabelRequirement[], object: JsonObject): boolean => {
  const labels = objectAt(object, "metadata", "labels")
  return requirements.every((requirement) => meets(requirement, labels))
}

const meets = (requirement: LabelRequirement, labels: JsonObject): boolean => {
  const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined
  switch (requirement.kind) {
    case "exists":
      return value !== undefined
    case "not-exists":
      return value === undefined
    case "in":
      return typeof value === "string" && requirement.values.includes(value)
    case "not-in":
      return typeof value !== "string" || !requirement.values.includes(value)
    case "above":
    case "below": {
      const number = typeof value === "string" ? parseWhole(value) : undefined
      if (number === undefined) return false
      return requirement.kind === "above" ? number > requirement.bound : number < requirement.bound
    }
  }
}

/** Requirements of a `fieldSelector` (`metadata.name=x,status.phase!=Running`), as Kubernetes reads it: to the letter. */
export const parseFieldSelector = (selector: string): ParsedSelector<FieldRequirement> => {
  const requirements: FieldRequirement[] = []
  // Kubernetes sorts the terms: what is wrong with the first of them is said.
  for (const term of (selector.match(/(?:[^,\\]|\\.|\\$)+/gs) ?? []).toSorted()) {
    const [, path, operator, written = ""] = /^((?:[^=!]|!(?!=))*)(==|=|!=)(.*)$/s.exec(term) ?? []
    if (path === undefined)
      return { kind: "malformed", message: `invalid selector: '${selector}'; can't understand '${term}'` }
    const fault = escapeFault(written)
    if (fault !== undefined) return { kind: "malformed", message: `invalid field selector: ${fault}` }
    const value = written.replace(/\\(.)/gs, "$1")
    // Kubernetes: nothing compared with nothing asks for nothing.
    if (path !== "" || value !== "") requirements.push({ path, equal: operator !== "!=", value })
  }
  return { kind: "selector", requirements }
}

/** In a value a backslash comes before a backslash, a comma or an equals sign, and these two only after one. */
const escapeFault = (value: string): string | undefined => {
  const [wrong] = value.replace(/\\[\\,=]/g, "").match(/\\.?|=/s) ?? []
  if (wrong === undefined) return undefined
  return wrong === "=" ? `unescaped character in value: ${wrong.charCodeAt(0)}` : `invalid escape sequence: ${wrong}`
}

/** Fields that are missing count as empty, as in Kubernetes. */
export const matchesFields = (requirements: readonly FieldRequirement[], object: JsonObject): boolean =>
  requirements.every(({ path, equal, value }) => {
    const found = field(object, ...path.split("."))
    const said =
      typeof found === "string" || typeof found === "number" || typeof found === "boolean" ? String(found) : ""
    return (said === value) === equal
  })
