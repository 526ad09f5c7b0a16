import type { JsonObject } from "./http.ts"
import { textAt } from "./json.ts"
import type { Kind } from "./kinds.ts"
import { resourceName } from "./kinds.ts"
import type { LabelRequirement } from "./label-selector.ts"
import { parseLabelSelector, parseWhole } from "./label-selector.ts"
import type { FieldRequirement } from "./selector.ts"
import { matchesFields, matchesLabels, parseFieldSelector } from "./selector.ts"
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
  kind: Kind,
): Selection | Refusal => {
  const unread = ["limit", "timeoutSeconds"].find((name) => !isWholeOrAbsent(query[name]))
  if (unread !== undefined)
    return badRequest(
      `${unread}: Invalid value: ${JSON.stringify(query[unread])}: write a whole number, or leave it out`,
    )
  const labels = parseLabelSelector(query["labelSelector"] ?? "")
  if (labels.kind === "malformed") return badRequest(labels.message)
  const fields = parseFieldSelector(query["fieldSelector"] ?? "")
  if (fields.kind === "malformed") return badRequest(fields.message)
  const unknown = fields.requirements.find(({ path }) => !isSelectable(kind, path))
  if (unknown !== undefined) return badRequest(`field label not supported: ${unknown.path}`)
  const named = name === undefined ? [] : [{ path: "metadata.name", equal: true, value: name }]
  return { namespace, labels: labels.requirements, fields: [...fields.requirements, ...named] }
}

const isWholeOrAbsent = (said: string | undefined): boolean => said === undefined || parseWhole(said) !== undefined

/** Fields that a built-in kind can be selected by besides its name and namespace, as Kubernetes has them. */
const SELECTABLE: Readonly<Record<string, readonly string[]>> = {
  events: ["involvedObject.", "reason", "reportingComponent", "source", "type"],
  "events.events.k8s.io": ["regarding.", "reason", "reportingController", "type"],
  namespaces: ["status.phase"],
  nodes: ["spec.unschedulable"],
  pods: ["spec.", "status."],
  secrets: ["type"],
  services: ["spec.clusterIP", "spec.type"],
}

const isSelectable = (kind: Kind, path: string): boolean =>
  path === "metadata.name" ||
  (path === "metadata.namespace" && kind.namespaced) ||
  (SELECTABLE[resourceName(kind)] ?? []).some((one) => (one.endsWith(".") ? path.startsWith(one) : path === one))

export const isSelected = (selection: Selection, object: JsonObject): boolean =>
  (selection.namespace === undefined || textAt(object, "metadata", "namespace") === selection.namespace) &&
  matchesFields(selection.fields, object) &&
  matchesLabels(selection.labels, object)
