import { CommanderError } from "commander"
import { machineSentence } from "../edge/failure.ts"
import { NoPlaceForLabs } from "../lab/state-directory.ts"
import { CommandFailure } from "./failure.ts"
import { asTyped, commandPrefix } from "./prefix.ts"
import { printable, printableLines } from "./printable.ts"
import { styleFor } from "./style.ts"

/** Says what ended a command on standard error, and gives the code to exit with. */
export const failWith = (error: unknown): number => {
  // Commander has printed its own sentence; help and version are no failure.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const style = styleFor(process.stderr)
  if (error instanceof CommandFailure) {
    const lines = [`${style.bad} ${error.message}`, ...error.hints.map((hint) => `  ${hint}`)]
    console.error(printableLines(asTyped(lines.join("\n"), commandPrefix())))
    return error.exitCode
  }
  const refused = error instanceof NoPlaceForLabs ? error.message : machineSentence(error)
  if (refused !== undefined) {
    console.error(printableLines(`${style.bad} ${refused}.`))
    return 4
  }
  console.error(printable(`${style.bad} A fault of Porchlight itself; please report it with the lines below.`))
  console.error(error)
  return 3
}
