import type { OutputOptions } from "./output.ts"

declare const PORCHLIGHT_VERSION: string | undefined

/** The version that was bundled, or that of the checkout. */
export const productVersion = (): string =>
  typeof PORCHLIGHT_VERSION === "string" ? PORCHLIGHT_VERSION : "0.1.0-checkout"

/** What people read of it. */
export const versionLine = (): string => `porchlight ${productVersion()} (node ${process.version})`

/** `version`: which version of what this is. */
export const version = async (options: Pick<OutputOptions, "output">): Promise<number> => {
  const value = { version: productVersion(), node: process.version }
  // The speaker reads the version too, and needs none of this.
  const { printAnswer } = await import("./output.ts")
  await printAnswer(
    {
      kind: "Version",
      value,
      names: [value.version],
      lines: () => [versionLine()],
    },
    options.output,
  )
  return 0
}
