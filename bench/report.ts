import { printMs, type Summary } from "./statistics.ts"

/** One of the bars that Porchlight sets itself; `met` is undefined where it could not be measured. */
export type Bar = { readonly bar: string; readonly measured: string; readonly met: boolean | undefined }

/** Prints figures as they come, and keeps the bars for the table at the end. */
export type Report = {
  readonly figure: (what: string, value: string) => void
  readonly times: (what: string, summary: Summary, more?: string) => void
  readonly bar: (bar: string, measured: string, met: boolean | undefined) => void
}

export const createReport = (bars: Bar[]): Report => {
  const figure = (what: string, value: string): void => console.log(`  ${what.padEnd(44)} ${value}`)
  return {
    figure,
    times: (what, { runs, median, p99, worst }, more = "") =>
      figure(
        what,
        `median ${printMs(median)}  p99 ${printMs(p99)}  worst ${printMs(worst)}  (${runs} runs)${more === "" ? "" : `  ${more}`}`,
      ),
    bar: (bar, measured, met) => void bars.push({ bar, measured, met }),
  }
}

const verdict = (met: boolean | undefined): string => (met === undefined ? "not measured" : met ? "met" : "MISSED")

export const printBars = (bars: readonly Bar[]): void => {
  console.log("\nThe bars")
  const width = Math.max(...bars.map(({ bar }) => bar.length))
  const middle = Math.max(...bars.map(({ measured }) => measured.length))
  for (const { bar, measured, met } of bars)
    console.log(`  ${bar.padEnd(width)}  ${measured.padEnd(middle)}  ${verdict(met)}`)
}
