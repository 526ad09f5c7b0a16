import type { At } from "../time/instant.ts"
import type { Json, JsonObject } from "./http.ts"
import type { Kind, PrinterColumn } from "./kinds.ts"
import { resourceName } from "./kinds.ts"
import { readJsonPath } from "./table-json-path.ts"
import { isoAge } from "./table-age.ts"
import { builtinColumns } from "./table-builtin.ts"
import type { TableColumn } from "./table-column.ts"
import { ageColumn, nameColumn } from "./table-column.ts"

const columnsOf = (kind: Kind): readonly TableColumn[] => {
  const own = builtinColumns(resourceName(kind))
  if (own !== undefined) return own
  if (kind.printerColumns.length === 0) return [nameColumn, ageColumn]
  return [nameColumn, ...kind.printerColumns.map(printerColumn)]
}

const printerColumn = (column: PrinterColumn): TableColumn => ({
  name: column.name,
  type: column.type,
  ...(column.format === undefined ? {} : { format: column.format }),
  ...(column.priority === undefined ? {} : { priority: column.priority }),
  ...(column.description === undefined ? {} : { description: column.description }),
  cell: (object, at) => printerCell(object, column, at),
})

/** Values that are no plain ones are shown as JSON; dates as their age. */
const printerCell = (object: JsonObject, column: PrinterColumn, at: At): Json => {
  const [found] = readJsonPath(object, column.jsonPath)
  if (found === undefined || found === null) return null
  if (column.type === "date") return typeof found === "string" ? isoAge(found, at) : "<invalid>"
  if (typeof found === "object") return JSON.stringify(found)
  return column.type === "string" ? String(found) : found
}

/** A `meta.k8s.io/v1` Table of objects already in the shape of their version. */
export const tableOf = (
  kind: Kind,
  objects: readonly JsonObject[],
  metadata: JsonObject,
  include: "None" | "Metadata" | "Object",
  at: At,
): JsonObject => {
  const columns = columnsOf(kind)
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata,
    columnDefinitions: columns.map(({ name, type, format, priority, description }) => ({
      name,
      type,
      format: format ?? "",
      description: description ?? "",
      priority: priority ?? 0,
    })),
    rows: objects.map((object) => ({
      cells: columns.map((column) => column.cell(object, at)),
      ...included(object, include),
    })),
  }
}

const included = (object: JsonObject, include: "None" | "Metadata" | "Object"): JsonObject => {
  if (include === "None") return {}
  if (include === "Object") return { object }
  const metadata = object["metadata"] ?? {}
  return { object: { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata } }
}
