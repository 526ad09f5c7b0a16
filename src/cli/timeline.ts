import { printable } from "./printable.ts"

/** Lines of a story as it happens: when, who, what. */
export type Timeline = {
  /** Prints a line; several lines of `what` stand under each other. */
  readonly tell: (who: string, what: string | readonly string[]) => void
  readonly elapsedSeconds: () => number
}

export const startTimeline = (print: (line: string) => void, nowMs: () => number): Timeline => {
  const began = nowMs()
  const say = (line: string): void => print(printable(line.trimEnd()))
  const elapsedSeconds = (): number => (nowMs() - began) / 1000
  return {
    elapsedSeconds,
    tell: (who, what) => {
      const [first = "", ...rest] = typeof what === "string" ? [what] : what
      say(`${elapsedSeconds().toFixed(1).padStart(5)} s   ${who.padEnd(12)} ${first}`)
      for (const line of rest) say(`${" ".repeat(23)}${line}`)
    },
  }
}
