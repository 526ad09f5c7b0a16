import type { Labels } from "./name.ts"

/** One condition of a meta/v1 LabelSelector; a `matchLabels` entry is an `In` of one value. */
export type Requirement = {
  readonly key: string
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist"
  readonly values: ReadonlySet<string>
}
/** All requirements must hold; an empty selector selects everything. */
export type Selector = readonly Requirement[]

/** `NotIn` holds where the label is absent (Kubernetes rule). */
export const selects = (selector: Selector, labels: Labels): boolean =>
  selector.every(({ key, operator, values }) => {
    const value = labels.get(key)
    switch (operator) {
      case "In":
        return value !== undefined && values.has(value)
      case "NotIn":
        return value === undefined || !values.has(value)
      case "Exists":
        return value !== undefined
      case "DoesNotExist":
        return value === undefined
    }
  })

/** A list of selectors is ORed (MetalLB rule). */
export const anySelects = (selectors: readonly Selector[], labels: Labels): boolean =>
  selectors.some((selector) => selects(selector, labels))

export const printSelector = (selector: Selector): string => {
  if (selector.length === 0) return "everything"
  return selector
    .map(({ key, operator, values }) => {
      const list = [...values].sort()
      if (operator === "In") return list.length === 1 ? `${key}=${list[0]}` : `${key} in (${list.join(",")})`
      if (operator === "NotIn") return `${key} notin (${list.join(",")})`
      return operator === "Exists" ? key : `!${key}`
    })
    .join(",")
}
