import type { ServiceName } from "../cluster/name.ts"
import type { LabService } from "../lab/lab-service.ts"
import { explainService } from "./explain/service-explanation.ts"
import { serviceLines } from "./explain/service-lines.ts"
import type { Style } from "./style.ts"
import type { Survey } from "./survey/survey.ts"
import { table } from "./table.ts"

/** A Service, and the node that answers for it on the wire. */
export type ShownService = { readonly service: LabService; readonly node: string | undefined }

/** Each Service with its address, who answers for it, and why that node. */
export const servicesTable = (survey: Survey, shown: readonly ShownService[]): readonly string[] =>
  table([
    ["SERVICE", "ADDRESS", "NODE", "WHY THIS NODE"],
    ...shown.map(({ service, node }) => [
      service.name,
      service.addresses.join(" ") || "none",
      node ?? "nobody",
      whyText(survey, service.name, node),
    ]),
  ])

const whyText = (survey: Survey, name: string, node: string | undefined): string => {
  const { order, allocation } = explainService(survey, name as ServiceName)
  const nodes = order?.candidates.map((candidate) => candidate.node) ?? []
  if (node === undefined) return order?.silent[0]?.says ?? allocation?.because[0]?.says ?? "nobody answered yet"
  if (nodes[0] === node) return `first of ${nodes.join(", ")}`
  return `claimed it first, though ${nodes[0] ?? "nobody"} comes first of ${nodes.join(", ")}`
}

/** What `explain` prints for a Service. */
export const explanationOf = (survey: Survey, name: string, style: Style): readonly string[] =>
  serviceLines(explainService(survey, name as ServiceName), { style, wide: false, again: "" })
