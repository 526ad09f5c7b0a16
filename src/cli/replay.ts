import { open } from "node:fs/promises"
import { codeOfError, machineSentence, sentenceOfError } from "../edge/failure.ts"
import { durationText } from "../wording/move.ts"
import { CommandFailure } from "./failure.ts"
import { type OutputOptions, printAnswer } from "./output.ts"
import { replay, type Replayed } from "./replay/replayed.ts"
import { type Style, styleFor } from "./style.ts"
import { productVersion } from "./version.ts"

const recordingHint = "A recording is made by: porchlight speaker --record FILE, porchlight controller --record FILE"

/** `replay FILE`: 0 every output is as recorded, 1 one is not, 3 the file cannot be read. */
export const replayFile = async (path: string, options: OutputOptions): Promise<number> => {
  const replayed = await replay(linesOf(path))
  if ("kind" in replayed)
    throw new CommandFailure(3, `${path}:${replayed.line} cannot be replayed: ${replayed.says}.`, [recordingHint])
  const ours = productVersion()
  const value = { file: path, replayedWith: ours, ...replayed }
  const style = styleFor(process.stdout, options.color)
  const lines = (): readonly string[] => replayLines(replayed, ours, style)
  await printAnswer({ kind: "Replay", value, names: [`file/${path}`], lines }, options.output)
  return replayed.outcome.kind === "different" ? 1 : 0
}

const linesOf = async function* (path: string): AsyncGenerator<string> {
  try {
    const file = await open(path)
    yield* file.readLines()
  } catch (error) {
    throw new CommandFailure(3, unreadableText(path, error), [recordingHint], error)
  }
}

const unreadableText = (path: string, error: unknown): string => {
  const code = codeOfError(error)
  if (code === "ENOENT") return `There is no file ${path}.`
  if (code === "EISDIR") return `${path} is a folder: name the file that was recorded.`
  return `${path} cannot be read: ${machineSentence(error) ?? sentenceOfError(error)}.`
}

const replayLines = (replayed: Replayed, ours: string, style: Style): readonly string[] => {
  const { process: of, version, steps, lastedMs, outcome } = replayed
  const run = `${of}: ${steps} steps of ${durationText(lastedMs)}`
  const versions =
    version === ours
      ? []
      : [`${style.warn} recorded by version ${version}, replayed by ${ours}: a difference may be meant`]
  switch (outcome.kind) {
    case "same":
      return [...versions, `${style.good} ${run}, every output as recorded`]
    case "same-end":
      return [...versions, `${style.good} ${run}, every output as recorded; the last one ends it: ${outcome.says}`]
    case "different": {
      const { line, program, atMs, input, recorded, replayed: now } = outcome
      return [
        ...versions,
        `${style.bad} ${run}, then line ${line} differs: ${program}, ${durationText(atMs)} after the first, told "${input}"`,
        `  recorded   ${recorded}`,
        `  replayed   ${now}${now === recorded ? "   (the same kinds, with other contents or another time to wake)" : ""}`,
      ]
    }
  }
}
