/** The only sequences this program itself sends to a terminal: see Style. */
const own = new Set(["1", "2", "22", "31", "32", "33", "39"].map((code) => `\u001b[${code}m`))

// oxlint-disable-next-line no-control-regex
const sequenceOrControl = /\u001b\[\d+m|[\u0000-\u001f\u007f-\u009f]/g

/**
 * One line as it may go to a terminal. An annotation of anybody's Service stands in our answers: its control characters
 * would clear the screen of who asks, or add lines of their own, so they are shown as `\x1b`.
 */
export const printable = (line: string): string => line.replaceAll(sequenceOrControl, asShown)

/** The same for a text of several lines, such as a JSON document. */
export const printableLines = (text: string): string => text.split("\n").map(printable).join("\n")

const asShown = (found: string): string =>
  own.has(found) ? found : `\\x${found.charCodeAt(0).toString(16).padStart(2, "0")}${found.slice(1)}`
