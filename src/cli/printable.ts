import { randomInt } from "node:crypto"

/**
 * Marks the sequences that this program itself sends to a terminal. Text of others cannot know it, so what they colour
 * stays uncoloured. Groups of four digits are what `stripVTControlCharacters` takes for a part of a sequence.
 */
const ours = Array.from({ length: 4 }, () => randomInt(1000, 10_000)).join(";")

const painted = new RegExp(`^\\u001b\\[(\\d+);${ours}m$`)
const own = `\\u001b\\[\\d+;${ours}m`
/** Controls, format characters (those that turn the direction of a text are such), line and paragraph separators. */
const unseen = "[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]"
const ownOrUnseen = new RegExp(`${own}|${unseen}`, "gu")

/** A sequence of `code` that `printable` lets through. */
export const paint = (code: number): string => `\u001b[${code};${ours}m`

/**
 * One line as it may go to a terminal. An annotation of anybody's Service stands in our answers: its control and format
 * characters would clear the screen of who asks, add lines of their own, colour or turn round what we say, so they are
 * shown as `\x1b`, and from U+007F on as `\u202e`, which JSON reads as the same character.
 */
export const printable = (line: string): string => line.replaceAll(ownOrUnseen, asShown)

/** The same for a text of several lines, such as a JSON document. */
export const printableLines = (text: string): string => text.split("\n").map(printable).join("\n")

const asShown = (found: string): string => {
  const code = painted.exec(found)?.[1]
  return code === undefined ? found.split("").map(escaped).join("") : `\u001b[${code}m`
}

const escaped = (unit: string): string => {
  const code = unit.charCodeAt(0)
  return code < 0x7f ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`
}
