import { stripVTControlCharacters } from "node:util"

const gap = 6

const widthOf = (text: string): number => stripVTControlCharacters(text).length

/** Two blocks of lines beside each other, or below each other where the screen is too narrow; nothing is cut. */
export const sideBySide = (
  left: readonly string[],
  right: readonly string[],
  columns: number | undefined,
): readonly string[] => {
  const width = Math.max(0, ...left.map(widthOf))
  const total = width + gap + Math.max(0, ...right.map(widthOf))
  if (columns !== undefined && total > columns) return [...left, "", ...right]
  return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => {
    const cell = left[index] ?? ""
    return (cell + " ".repeat(width - widthOf(cell) + gap) + (right[index] ?? "")).trimEnd()
  })
}
