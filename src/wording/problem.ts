import type { Problem } from "../cluster/problem.ts"

/** One line a problem: object, field, value, why, what happens, what to do. */
export const problemText = ({ object, field, value, because, remedy, effect }: Problem): string =>
  `${object.kind} ${object.name.replace(/(^|\/)$/, "$1(without a name)")}: ${field} ${value === "nothing" ? "" : `"${value}" `}${effectText[effect]}: ${because}; ${remedy}`

const effectText = {
  "left-out": "is left out with the whole object",
  "part-left-out": "is left out",
  "last-valid-kept": "is read as it last was valid",
  noted: "is doubtful",
} as const
