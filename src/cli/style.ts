import { paint } from "./printable.ts"

/** Marks and colour for one output. Colour never alone carries meaning. */
export type Style = {
  readonly good: string
  readonly bad: string
  readonly warn: string
  readonly none: string
  readonly unknown: string
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
}

type ColourWish = "auto" | "always" | "never"

/** SGR codes (ECMA-48, 8.3.117) that begin and end it. */
type Sequence = readonly [number, number]

const sequences = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const

/** What it makes is for `printable`, which alone turns it into what a terminal reads. Colour only on a terminal, and not with NO_COLOR; plain marks where the locale has no UTF-8. */
export const styleFor = (
  stream: NodeJS.WriteStream,
  wish: ColourWish = "auto",
  env: NodeJS.ProcessEnv = process.env,
): Style => {
  const colour = wish === "always" || (wish === "auto" && stream.isTTY && !env["NO_COLOR"])
  const painted =
    ([on, off]: Sequence) =>
    (text: string) =>
      colour ? `${paint(on)}${text}${paint(off)}` : text
  const [good, bad, warn, none] = speaksUtf8(env) ? (["✓", "✗", "!", "·"] as const) : (["+", "x", "!", "-"] as const)
  return {
    good: painted(sequences.green)(good),
    bad: painted(sequences.red)(bad),
    warn: painted(sequences.yellow)(warn),
    none: painted(sequences.dim)(none),
    unknown: painted(sequences.yellow)("?"),
    bold: painted(sequences.bold),
    dim: painted(sequences.dim),
  }
}

/** No locale at all (a container, a CI job) is taken for UTF-8: such output is read by programs that know it. */
const speaksUtf8 = (env: NodeJS.ProcessEnv): boolean => {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || ""
  return locale === "" || locale === "C" || locale === "POSIX" || /utf-?8/i.test(locale)
}
