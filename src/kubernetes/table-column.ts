import type { At } from "../time/instant.ts"
import type { Json, JsonObject } from "./http.ts"
import { textAt } from "./json.ts"
import { ageOf } from "./table-age.ts"

/** A column of a Table: kubectl shows those of priority 0, and all of them with `-o wide`. */
export type TableColumn = {
  readonly name: string
  readonly type: string
  readonly format?: string
  readonly priority?: number
  readonly description?: string
  readonly cell: (object: JsonObject, at: At) => Json
}

export const nameColumn: TableColumn = {
  name: "Name",
  type: "string",
  format: "name",
  cell: (object) => textAt(object, "metadata", "name") ?? "",
}

export const ageColumn: TableColumn = { name: "Age", type: "string", cell: ageOf }

export const column = (name: string, cell: TableColumn["cell"]): TableColumn => ({ name, type: "string", cell })

/** Shown with `-o wide` only. */
export const wideColumn = (name: string, cell: TableColumn["cell"]): TableColumn => ({
  ...column(name, cell),
  priority: 1,
})
