import { closeSync, existsSync, openSync, renameSync, writeFileSync } from "node:fs"
import { sentenceOfError } from "../../edge/failure.ts"
import { after, type At, type Instant } from "../../time/instant.ts"
import {
  hashOf,
  kindsOf,
  printHead,
  printStep,
  type ProcessName,
  type ProgramName,
  type RecordedStep,
  recordingFormat,
} from "./recording.ts"
import { toTagged } from "./tagged-json.ts"

/** Called once the step is done, before its outputs are performed. */
export type StepDone = (outputs: readonly { readonly kind: string }[], wakeAt: Instant | undefined) => void

/** Writes what the programs of a process are told, and what came of it. */
export type Recorder = {
  /** Before each step, so that the input of one that never ends is there too. */
  readonly step: (program: ProgramName, input: unknown, at: At) => StepDone
}

export type RecordingOptions = {
  readonly process: ProcessName
  readonly version: string
  /** What the programs are made with. */
  readonly options: unknown
  /** Said once: the limit is reached, or the disk is full. The programs go on. */
  readonly onEnd: (says: string) => void
}

/** Eight hours of a quiet speaker of three nodes, 32 MB an hour (measured). A recording must never fill a node's disk. */
const bytesMax = 256 << 20
/** Written at once: a call for each step would cost more than the step. */
const bufferBytes = 64 << 10
/** But no step is older than that when it is written: somebody may copy the file while the program runs. */
const bufferMs = 1000

/**
 * Begins a recording, readable by its owner alone: it holds the beat key. One of before is kept as `FILE.1`, so that a
 * program which crashed and was started again has not lost it.
 * @throws where the file cannot be opened
 */
export const openRecorder = (path: string, { process: of, version, options, onEnd }: RecordingOptions): Recorder => {
  if (existsSync(path)) renameSync(path, `${path}.1`)
  let file: number | undefined = openSync(path, "wx", 0o600)
  let buffer = ""
  let written = 0
  let flushedAt: Instant | undefined
  /** A step that has begun. */
  let open: Omit<RecordedStep, "outputs" | "said"> | undefined

  const end = (says: string): void => {
    if (file !== undefined) closeSync(file)
    file = undefined
    buffer = ""
    onEnd(says)
  }
  const flush = (): void => {
    if (file === undefined || buffer === "") return
    try {
      writeFileSync(file, buffer)
      written += buffer.length
      buffer = ""
    } catch (error) {
      end(`the recording ${path} ends here: ${sentenceOfError(error)}`)
    }
  }
  const write = (line: string): void => {
    if (file === undefined) return
    if (written + buffer.length + line.length > bytesMax) {
      flush()
      return end(`the recording ${path} ends here: it has ${bytesMax >> 20} MiB`)
    }
    buffer += `${line}\n`
    if (buffer.length >= bufferBytes) flush()
  }

  write(printHead({ format: recordingFormat, process: of, version, options: toTagged(options) }))
  process.on("exit", () => {
    if (open !== undefined) write(printStep({ ...open, outputs: "", said: "" }))
    flush()
  })
  return {
    step: (program, input, at) => {
      if (file === undefined) return () => undefined
      const begun = { program, at, input: toTagged(input) }
      open = begun
      return (outputs, wakeAt) => {
        open = undefined
        write(printStep({ ...begun, outputs: hashOf(outputs, wakeAt), said: kindsOf(outputs) }))
        if (flushedAt !== undefined && at.now < after(flushedAt, bufferMs)) return
        flushedAt = at.now
        flush()
      }
    },
  }
}
