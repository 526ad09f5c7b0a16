/** Width of the words at the left. */
const labelWidth = 10

/** Lines under a word at their left, which stands beside the first of them. */
export const section = (label: string, lines: readonly string[]): readonly string[] =>
  lines.map((line, index) => `${(index === 0 ? label : "").padEnd(labelWidth)}${line}`.trimEnd())
