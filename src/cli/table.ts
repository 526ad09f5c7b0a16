import { stripVTControlCharacters } from "node:util"

const widthOf = (text: string): number => stripVTControlCharacters(text).length

/** Columns as wide as their widest cell, three blanks apart; nothing is ever cut. A row may be shorter than others. */
export const table = (rows: readonly (readonly string[])[], indent = ""): string[] => {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, widthOf(cell))
  return rows.map((row) =>
    (indent + row.map((cell, column) => cell + " ".repeat(widths[column]! - widthOf(cell))).join("   ")).trimEnd(),
  )
}
