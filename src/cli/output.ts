import { codeOfError, machineSentence, sentenceOfError } from "../edge/failure.ts"
import { failWith } from "./failing.ts"
import { CommandFailure } from "./failure.ts"
import { printable, printableLines } from "./printable.ts"

export type OutputFormat = "wide" | "json" | "yaml" | "name"

export type OutputOptions = {
  readonly output?: OutputFormat
  readonly color?: "auto" | "always" | "never"
  readonly all?: boolean
}

/** One answer in every form it can be asked for. */
export type Answer = {
  /** The JSON document's kind: one a command. */
  readonly kind: string
  readonly value: object
  /** For `-o name`: what the answer is about, as kubectl writes it. */
  readonly names: readonly string[]
  readonly lines: () => readonly string[]
}

/** Prints an answer in the form that was asked for. */
export const printAnswer = async (answer: Answer, format: OutputFormat | undefined): Promise<void> => {
  if (format === "json") return print([printableLines(JSON.stringify(documentOf(answer), undefined, 2))])
  if (format === "yaml") {
    const yaml = await import("yaml")
    // The bundler gives a lazily imported CommonJS package as its default alone.
    const { stringify } = yaml.default
    return print([printableLines(stringify(documentOf(answer), { lineWidth: 0 }).trimEnd())])
  }
  return print((format === "name" ? answer.names : answer.lines()).map(printable))
}

/** What `-o json` and `-o yaml` print. */
export const documentOf = ({ kind, value }: Pick<Answer, "kind" | "value">): object => ({
  apiVersion: "porchlight.dev/v1alpha1",
  kind,
  ...value,
})

const print = (lines: readonly string[]): void => void process.stdout.write(lines.map((line) => `${line}\n`).join(""))

/** A reader that has seen enough (`| head`) is no failure; a full disk is. Nobody can be told of a lost complaint. */
export const endWithOutput = (): void => {
  process.stdout.on("error", (error) => {
    if (codeOfError(error) === "EPIPE") process.exit(0)
    const because = machineSentence(error) ?? sentenceOfError(error)
    process.exit(failWith(new CommandFailure(3, `The answer could not be written. ${because}.`, [], error)))
  })
  process.stderr.on("error", () => undefined)
}
