import { type ControllerOptions, createController } from "../../controller/controller.ts"
import type { Json } from "../../kubernetes/http.ts"
import { Announcer, type AnnouncerOptions } from "../../speaker/announcer/announcer.ts"
import { Watcher, type WatcherOptions } from "../../speaker/watcher/watcher.ts"
import type { At, Program } from "../../time/instant.ts"
import {
  hashOf,
  kindsOf,
  parseHead,
  parseStep,
  type ProcessName,
  type ProgramName,
  type RecordedStep,
  type RecordingHead,
  recordingFormat,
} from "./recording.ts"
import { fromTagged } from "./tagged-json.ts"

/** What a speaker's two programs are made with. */
export type SpeakerOptions = { readonly announcer: AnnouncerOptions; readonly watcher: WatcherOptions }

/** What came of running a recording's inputs through the programs again. */
export type Replayed = {
  readonly process: ProcessName
  /** Of the program that recorded. */
  readonly version: string
  readonly steps: number
  /** From the first step to the last that was run. */
  readonly lastedMs: number
  readonly outcome:
    | { readonly kind: "same" }
    /** The process ended within its last step, and so did this one. */
    | { readonly kind: "same-end"; readonly line: number; readonly says: string }
    | ({ readonly kind: "different"; readonly line: number } & Difference)
}

export type Difference = {
  readonly program: ProgramName
  /** Since the first step. */
  readonly atMs: number
  readonly input: string
  readonly recorded: string
  readonly replayed: string
}

export type Unreadable = { readonly kind: "unreadable"; readonly line: number; readonly says: string }

type Steppable = Program<never, { readonly kind: string }>

/** Runs every recorded step again, up to the first that ends otherwise. A last line that was cut off is left out. */
export const replay = async (lines: AsyncIterable<string>): Promise<Replayed | Unreadable> => {
  let head: RecordingHead | undefined
  let programs: ReadonlyMap<ProgramName, Steppable> = new Map()
  let [line, steps, firstMs, lastMs] = [0, 0, 0, 0]
  let cutOff: number | undefined
  for await (const text of lines) {
    line++
    if (cutOff !== undefined) return { kind: "unreadable", line: cutOff, says: "it is no JSON" }
    const json = parseJson(text)
    if (json === undefined && line > 1) {
      cutOff = line
      continue
    }
    if (head === undefined) {
      const read = readHead(json)
      if ("kind" in read) return read
      head = read
      programs = programsOf(head)
      continue
    }
    const step = json === undefined ? undefined : parseStep(json)
    const program = step && programs.get(step.program)
    if (step === undefined || program === undefined) return { kind: "unreadable", line, says: "it is no recorded step" }
    if (steps++ === 0) firstMs = step.at.now
    lastMs = step.at.now
    const outcome = outcomeOf(step, program, line, firstMs)
    if (outcome !== undefined) return { ...about(head), steps, lastedMs: lastMs - firstMs, outcome }
  }
  if (head === undefined) return { kind: "unreadable", line: 1, says: "it is empty" }
  return { ...about(head), steps, lastedMs: lastMs - firstMs, outcome: { kind: "same" } }
}

const about = ({ process, version }: RecordingHead): Pick<Replayed, "process" | "version"> => ({ process, version })

const readHead = (json: Json | undefined): RecordingHead | Unreadable => {
  const head = json === undefined ? undefined : parseHead(json)
  if (head === undefined) return { kind: "unreadable", line: 1, says: "it is no recording" }
  if (head.format === recordingFormat) return head
  const says = `it is a recording of format ${head.format}, and this program (which reads ${recordingFormat}) is of another version than ${head.version}`
  return { kind: "unreadable", line: 1, says }
}

const parseJson = (text: string): Json | undefined => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

/** The very programs that run in a cluster. */
const programsOf = ({ process, options }: RecordingHead): ReadonlyMap<ProgramName, Steppable> => {
  const made = fromTagged(options)
  if (process === "controller") return new Map([["controller", createController(made as ControllerOptions)]])
  const { announcer, watcher } = made as SpeakerOptions
  return new Map<ProgramName, Steppable>([
    ["announcer", new Announcer(announcer)],
    ["watcher", new Watcher(watcher)],
  ])
}

/** Undefined where the step ended as it is recorded. */
const outcomeOf = (
  step: RecordedStep,
  program: Steppable,
  line: number,
  firstMs: number,
): Replayed["outcome"] | undefined => {
  const { hash, said, threw } = run(program, fromTagged(step.input), step.at)
  if (threw !== undefined && step.outputs === "") return { kind: "same-end", line, says: threw }
  if (threw === undefined && hash === step.outputs) return undefined
  return {
    kind: "different",
    line,
    program: step.program,
    atMs: step.at.now - firstMs,
    input: inputText(step.input),
    recorded: step.outputs === "" ? "the process ended within it" : textOf(step.said),
    replayed: threw === undefined ? textOf(said) : `it throws: ${threw}`,
  }
}

type Ran = { readonly hash: string; readonly said: string; readonly threw: string | undefined }

const run = (program: Steppable, input: unknown, at: At): Ran => {
  try {
    const outputs = program.step(input as never, at)
    return { hash: hashOf(outputs, program.wakeAt()), said: kindsOf(outputs), threw: undefined }
  } catch (error) {
    return { hash: "", said: "", threw: error instanceof Error ? error.message : String(error) }
  }
}

const textOf = (said: string): string => (said === "" ? "no output" : said)

/** `api frames`, `datagram`: which input it was. */
const inputText = (input: Json): string => {
  const { kind, event } = fromTagged(input) as { kind: string; event?: { kind: string } }
  return event === undefined ? kind : `${kind} ${event.kind}`
}
