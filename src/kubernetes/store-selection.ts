import type { JsonObject } from "./http.ts"
import { textAt } from "./json.ts"
import type { FieldRequirement, LabelRequirement } from "./selector.ts"
import { matchesFields, matchesLabels, parseFieldSelector, parseLabelSelector } from "./selector.ts"
import type { Refusal } from "./store-status.ts"
import { badRequest } from "./store-status.ts"

/** Which objects a list, a watch or a deletion is about. */
export type Selection = {
  readonly namespace: string | undefined
  readonly labels: readonly LabelRequirement[]
  readonly fields: readonly FieldRequirement[]
}

export const selectionOf = (
  query: Readonly<Record<string, string>>,
  namespace: string | undefined,
  name: string | undefined,
): Selection | Refusal => {
  const labels = parseLabelSelector(query["labelSelector"] ?? "")
  if (labels === undefined) return badRequest(`unable to parse requirement: labelSelector ${query["labelSelector"]}`)
  const fields = parseFieldSelector(query["fieldSelector"] ?? "")
  if (fields === undefined) return badRequest(`invalid field selector: ${query["fieldSelector"]}`)
  const named = name === undefined ? [] : [{ path: "metadata.name", equal: true, value: name }]
  return { namespace, labels, fields: [...fields, ...named] }
}

export const isSelected = (selection: Selection, object: JsonObject): boolean =>
  (selection.namespace === undefined || textAt(object, "metadata", "namespace") === selection.namespace) &&
  matchesFields(selection.fields, object) &&
  matchesLabels(selection.labels, object)
