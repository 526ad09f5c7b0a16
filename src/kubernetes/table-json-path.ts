import type { Json } from "./http.ts"
import { isList, isObject, plainText } from "./json.ts"

/**
 * The part of JSONPath that printer columns use: `.spec.addresses`, `.status.conditions[?(@.type=="Ready")].status`,
 * `.spec.items[0]`, `.spec.items[*].name`, `.metadata.labels.a\.b`, `['a.b']`. What it cannot read finds nothing.
 */
export const readJsonPath = (root: Json, path: string): readonly Json[] => {
  const steps = parseSteps(path)
  let found: readonly Json[] = steps === undefined ? [] : [root]
  for (const step of steps ?? []) found = found.flatMap((value) => take(value, step))
  return found
}

type PathStep =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "where"; readonly path: string; readonly equals: string }

const STEP =
  /\.((?:\\.|[^.[\]\\])+)|\[(-?\d+)\]|(\[\*\]|\.\*)|\[['"]([^'"]+)['"]\]|\[\?\(@((?:\.[\w-]+)+)\s*==\s*["']([^"']*)["']\)\]/y

const parseSteps = (path: string): readonly PathStep[] | undefined => {
  const steps: PathStep[] = []
  let at = 0
  while (at < path.length) {
    STEP.lastIndex = at
    const match = STEP.exec(path)
    if (match === null) return undefined
    steps.push(stepOf(match))
    at = STEP.lastIndex
  }
  return steps
}

const stepOf = ([, plain, index, all, quoted, where, equals]: RegExpExecArray): PathStep => {
  if (plain === "*" || all !== undefined) return { kind: "all" }
  if (plain !== undefined) return { kind: "field", name: plain.replaceAll("\\", "") }
  if (index !== undefined) return { kind: "index", index: Number(index) }
  if (quoted !== undefined) return { kind: "field", name: quoted }
  return { kind: "where", path: where ?? "", equals: equals ?? "" }
}

const take = (value: Json, step: PathStep): readonly Json[] => {
  switch (step.kind) {
    case "field": {
      const found = isObject(value) && Object.hasOwn(value, step.name) ? value[step.name] : undefined
      return found === undefined ? [] : [found]
    }
    case "index": {
      const found = isList(value) ? value.at(step.index) : undefined
      return found === undefined ? [] : [found]
    }
    case "all":
      return isList(value) ? value : isObject(value) ? Object.values(value) : []
    case "where":
      return isList(value) ? value.filter((item) => plainText(readJsonPath(item, step.path)[0]) === step.equals) : []
  }
}
