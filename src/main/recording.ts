import { CommandFailure } from "../cli/failure.ts"
import type { ProcessName, ProgramName } from "../cli/replay/recording.ts"
import { productVersion } from "../cli/version.ts"
import { machineSentence, sentenceOfError } from "../edge/failure.ts"
import type { Log } from "../edge/log.ts"
import type { At, Program } from "../time/instant.ts"

/** Steps a program, and writes down what it was told and what came of it where that was asked for. */
export type Stepping = <I, O extends { readonly kind: string }>(
  name: ProgramName,
  program: Program<I, O>,
  input: I,
  at: At,
) => readonly O[]

/** @param path undefined: nothing is recorded, and the code for it is not loaded */
export const openRecording = async (
  path: string | undefined,
  process: ProcessName,
  options: unknown,
  log: Log,
): Promise<Stepping> => {
  if (path === undefined) return (_, program, input, at) => program.step(input, at)
  const { openRecorder } = await import("../cli/replay/recorder.ts")
  const onEnd = (says: string): void => log.warn("record", says)
  const recorder = openedOr(() => openRecorder(path, { process, version: productVersion(), options, onEnd }), path)
  log.info(
    "record",
    `every input is recorded in ${path}, which is as secret as the beat key and what the API server says`,
  )
  return (name, program, input, at) => {
    const done = recorder.step(name, input, at)
    const outputs = program.step(input, at)
    done(outputs, program.wakeAt())
    return outputs
  }
}

const openedOr = <T>(open: () => T, path: string): T => {
  try {
    return open()
  } catch (error) {
    throw new CommandFailure(
      4,
      `Nothing can be recorded in ${path}: ${machineSentence(error) ?? sentenceOfError(error)}.`,
    )
  }
}
