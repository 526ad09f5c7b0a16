import { styleText } from "node:util"

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

/** Colour only on a terminal, and not with NO_COLOR; plain marks where the locale has no UTF-8. */
export const styleFor = (
  stream: NodeJS.WriteStream,
  wish: ColourWish = "auto",
  env: NodeJS.ProcessEnv = process.env,
): Style => {
  const colour = wish === "always" || (wish === "auto" && stream.isTTY && !env["NO_COLOR"])
  const paint = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    colour ? styleText(format, text, { validateStream: false }) : text
  const [good, bad, warn, none] = speaksUtf8(env) ? (["✓", "✗", "!", "·"] as const) : (["+", "x", "!", "-"] as const)
  return {
    good: paint("green")(good),
    bad: paint("red")(bad),
    warn: paint("yellow")(warn),
    none: paint("dim")(none),
    unknown: paint("yellow")("?"),
    bold: paint("bold"),
    dim: paint("dim"),
  }
}

/** No locale at all (a container, a CI job) is taken for UTF-8: such output is read by programs that know it. */
const speaksUtf8 = (env: NodeJS.ProcessEnv): boolean => {
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || ""
  return locale === "" || locale === "C" || locale === "POSIX" || /utf-?8/i.test(locale)
}
