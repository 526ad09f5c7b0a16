import { asTyped, commandPrefix } from "./prefix.ts"
import { printable } from "./printable.ts"

/** Prints lines as they come, of a command that takes its time. */
export const say = (lines: readonly string[]): void => {
  const prefix = commandPrefix()
  process.stdout.write(lines.map((line) => `${printable(asTyped(line, prefix))}\n`).join(""))
}
