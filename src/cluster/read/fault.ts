import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { isObject, textAt } from "../../kubernetes/json.ts"
import type { Labels } from "../name.ts"
import { nearestName } from "../nearest.ts"
import { type Problem, shown } from "../problem.ts"

/** Collects what is wrong with one object while it is read. */
export type Faults = {
  readonly problems: readonly Problem[]
  readonly add: (field: string, value: unknown, effect: Problem["effect"], because: string, remedy: string) => void
}

/** Faults of one object kept; further ones would say the same again. */
const problemsPerObjectMax = 32

export const faultsOf = (kind: string, name: string): Faults => {
  const problems: Problem[] = []
  return {
    problems,
    add: (field, value, effect, because, remedy) => {
      if (problems.length >= problemsPerObjectMax) return
      problems.push({ object: { kind, name }, field, value: shown(value), effect, because, remedy })
    },
  }
}

/** `namespace/name` or `name`; undefined, with a problem, where the object has no name. */
export const readName = (object: JsonObject, faults: Faults): string | undefined => {
  const name = textAt(object, "metadata", "name")
  if (name !== undefined && name !== "") return name
  faults.add("metadata.name", name, "left-out", "it has no name", "give the object a name")
  return undefined
}

/** A map of texts (labels, annotations); an entry that is no text is left out with a problem. */
export const readTexts = (value: Json | undefined, path: string, faults: Faults): Labels => {
  const texts = new Map<string, string>()
  if (value === undefined || value === null) return texts
  if (!isObject(value)) {
    faults.add(path, value, "part-left-out", "it is no map of texts", "write it as `name: value` lines")
    return texts
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text === "string") texts.set(key, text)
    else faults.add(`${path}.${shown(key)}`, text, "part-left-out", "its value is no text", "put the value in quotes")
  }
  return texts
}

/** Notes fields that nobody reads: mostly a spelling mistake, which an API server drops without a word. */
export const noteUnknown = (object: JsonObject, path: string, known: readonly string[], faults: Faults): void => {
  for (const name of Object.keys(object)) {
    if (known.includes(name)) continue
    const nearest = nearestName(name, known)
    faults.add(
      `${path}.${shown(name)}`,
      object[name],
      "noted",
      "there is no such field, so it does nothing",
      nearest === undefined ? "remove it" : `write ${nearest}`,
    )
  }
}

/** A list field: absent is empty, anything else that is no list is a problem. */
export const readList = (value: Json | undefined, path: string, faults: Faults): readonly Json[] | undefined => {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value as readonly Json[]
  faults.add(path, value, "part-left-out", "it is no list", "write it as a list")
  return undefined
}

/** A list of texts; undefined, with a problem, where one item is none. A text that comes twice counts once. */
export const readTextList = (value: Json | undefined, path: string, faults: Faults): readonly string[] | undefined => {
  const list = readList(value, path, faults)
  if (list === undefined) return undefined
  const texts = new Set<string>()
  let whole = true
  for (const [index, item] of list.entries()) {
    if (typeof item !== "string" || item === "") {
      faults.add(`${path}[${index}]`, item, "part-left-out", "it is no name", "write a name")
      whole = false
    } else if (texts.has(item))
      faults.add(`${path}[${index}]`, item, "noted", "it is in the list twice", "remove the second")
    else texts.add(item)
  }
  return whole ? [...texts] : undefined
}
