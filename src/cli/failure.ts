/** What ends a command: 1 bad news, 2 wrong usage, 3 could not find out, 4 this machine lacks something. */
export type ExitCode = 1 | 2 | 3 | 4

/** A command that cannot go on says why in a sentence and what to do next; it is printed after ✗. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode
  /** Lines below the sentence. */
  readonly hints: readonly string[]

  constructor(exitCode: ExitCode, sentence: string, hints: readonly string[] = [], cause?: unknown) {
    super(sentence, { cause })
    this.name = "CommandFailure"
    this.exitCode = exitCode
    this.hints = hints
  }
}
