import type { JsonObject } from "./http.ts"
import { field, objectAt } from "./json.ts"

/** One requirement of a label selector as a URL writes it: `app=web,tier in (a, b),!old`. */
export type LabelRequirement =
  | { readonly kind: "in"; readonly key: string; readonly values: readonly string[] }
  | { readonly kind: "not-in"; readonly key: string; readonly values: readonly string[] }
  | { readonly kind: "exists"; readonly key: string }
  | { readonly kind: "not-exists"; readonly key: string }

export type FieldRequirement = { readonly path: string; readonly equal: boolean; readonly value: string }

const KEY = /^(?:[a-z0-9](?:[-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/

/** Requirements of a `labelSelector`, all of which must hold; undefined where the text is none. */
export const parseLabelSelector = (selector: string): readonly LabelRequirement[] | undefined => {
  const found: LabelRequirement[] = []
  for (const part of splitOutsideParentheses(selector)) {
    const requirement = parseRequirement(part.trim())
    if (requirement === undefined) return undefined
    found.push(requirement)
  }
  return found
}

const splitOutsideParentheses = (selector: string): readonly string[] =>
  selector.trim() === "" ? [] : (selector.match(/(?:[^,(]|\([^)]*\))+|,(?=,|$)/g) ?? [])

const parseRequirement = (part: string): LabelRequirement | undefined => {
  const set = /^(\S+)\s+(in|notin)\s*\(([^()]*)\)$/.exec(part)
  if (set !== null) return oneOf(set[2] === "in" ? "in" : "not-in", set[1] ?? "", (set[3] ?? "").split(","))
  const equality = /^([^=!\s]+)\s*(==|=|!=)\s*([^=!\s]*)$/.exec(part)
  if (equality !== null) return oneOf(equality[2] === "!=" ? "not-in" : "in", equality[1] ?? "", [equality[3] ?? ""])
  const absent = part.startsWith("!")
  const key = absent ? part.slice(1).trim() : part
  return KEY.test(key) ? { kind: absent ? "not-exists" : "exists", key } : undefined
}

const oneOf = (kind: "in" | "not-in", key: string, texts: readonly string[]): LabelRequirement | undefined => {
  const values = texts.map((value) => value.trim())
  return KEY.test(key) && values.every((value) => VALUE.test(value)) ? { kind, key, values } : undefined
}

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
  }
}

/** Requirements of a `fieldSelector` (`metadata.name=x,status.phase!=Running`); undefined where the text is none. */
export const parseFieldSelector = (selector: string): readonly FieldRequirement[] | undefined => {
  const found: FieldRequirement[] = []
  for (const part of selector.split(/(?<!\\),/)) {
    if (part.trim() === "") continue
    const parsed = /^\s*([^=!\s]+)\s*(==|=|!=)(.*)$/s.exec(part)
    if (parsed === null) return undefined
    const value = (parsed[3] ?? "").replace(/\\([\\,=])/g, "$1")
    found.push({ path: parsed[1] ?? "", equal: parsed[2] !== "!=", value })
  }
  return found
}

/** Fields that are missing count as empty, as in Kubernetes. */
export const matchesFields = (requirements: readonly FieldRequirement[], object: JsonObject): boolean =>
  requirements.every(({ path, equal, value }) => {
    const found = field(object, ...path.split("."))
    const said =
      typeof found === "string" || typeof found === "number" || typeof found === "boolean" ? String(found) : ""
    return (said === value) === equal
  })
