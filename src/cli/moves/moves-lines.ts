import { parseTimestamp } from "../../kubernetes/timestamp.ts"
import { durationText } from "../../wording/move.ts"
import { printSecond } from "../age.ts"
import type { Style } from "../style.ts"
import { table } from "../table.ts"
import type { MoveRow, MovesReport } from "./moves-report.ts"

export type MovesLineOptions = {
  readonly style: Style
  readonly all: boolean
  readonly wide: boolean
  readonly again: string
}

/** Moves listed without `--all`: the last ones, which people ask about. */
const movesMax = 40

/** The journal for people, newest last: that is where the eye is when a long answer has scrolled by. */
export const movesLines = (report: MovesReport, options: MovesLineOptions): readonly string[] => {
  const { all, style, wide } = options
  if (report.moves.length === 0) return [noneText(report)]
  const shown = all || wide ? report.moves : report.moves.slice(-movesMax)
  const rest = report.moves.length - shown.length
  const head = ["WHEN", "ADDRESS", "SERVICE", "FROM", "TO", "AWAY AT MOST", ...(wide ? ["REASON"] : []), "WHY"]
  return [
    ...(rest > 0 ? [`... ${rest} earlier: porchlight moves --all${options.again}`] : []),
    ...table([head, ...shown.map((row) => cells(row, style, wide))]),
  ]
}

const cells = (row: MoveRow, style: Style, wide: boolean): readonly string[] => [
  momentText(row.at),
  row.address || style.unknown,
  row.services.join(" ") || style.none,
  row.from ?? (row.toldBy === "event" ? style.unknown : style.none),
  row.to ?? style.none,
  awayText(row, style),
  ...(wide ? [row.reason] : []),
  row.says,
]

/** A takeover is measured from the last sign of life, so the address was away for no longer. */
const awayText = ({ awayMs, toldBy }: MoveRow, style: Style): string => {
  if (awayMs === undefined) return toldBy === "event" ? style.unknown : style.none
  return awayMs === 0 ? "no gap" : durationText(awayMs)
}

const momentText = (at: string): string => {
  const moment = parseTimestamp(at)
  return moment === undefined ? at : printSecond(moment)
}

const noneText = ({ name, journals, withheld }: MovesReport): string => {
  if (withheld.includes("Speaker")) return `The journals of ${name} could not be read, so no move is known.`
  if (journals.length === 0)
    return `Nobody keeps a journal in ${name}: it has no Speaker objects, so Porchlight's speakers do not run there.`
  return `No such move is known in ${name}. Each of ${journals.length} speakers remembers its last 32 since its process began.`
}
