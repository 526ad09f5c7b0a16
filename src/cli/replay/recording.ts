import { createHash } from "node:crypto"
import type { Json } from "../../kubernetes/http.ts"
import { isList, listAt, numberAt, textAt } from "../../kubernetes/json.ts"
import type { At, Instant } from "../../time/instant.ts"
import { toTagged } from "./tagged-json.ts"

/** The format's number: a reader knows the one it was written for. */
export const recordingFormat = 1

/** What a recording is of. A speaker is two programs, recorded in the order in which they were stepped. */
export const processes = ["speaker", "controller"] as const
export type ProcessName = (typeof processes)[number]
export type ProgramName = "announcer" | "watcher" | "controller"

/** The first line: all that the programs were made with. */
export type RecordingHead = {
  readonly format: number
  readonly process: ProcessName
  /** Of the program that recorded. */
  readonly version: string
  /** Tagged JSON. With the beat key in it: a recording is as secret as that. */
  readonly options: Json
}

/** Every other line: one step. `outputs` is empty where the process ended within it. */
export type RecordedStep = {
  readonly program: ProgramName
  readonly at: At
  /** Tagged JSON. */
  readonly input: Json
  readonly outputs: string
  /** The outputs' kinds in words: what a person is shown where they differ. */
  readonly said: string
}

/** One line, as short as it can be: a speaker with forty peers writes five hundred a second. */
export const printStep = ({ program, at, input, outputs, said }: RecordedStep): string =>
  JSON.stringify([program, [at.now, at.wallSeconds, at.entropy], input, outputs, said])

/** Undefined where the line is none. */
export const parseStep = (json: Json): RecordedStep | undefined => {
  if (!isList(json)) return undefined
  const [program, at, input, outputs, said] = json
  if (!isList(at)) return undefined
  const [now, wallSeconds, entropy] = at
  const isWhole = typeof now === "number" && typeof wallSeconds === "number" && typeof entropy === "number"
  if (!isWhole || !isProgram(program) || input === undefined) return undefined
  if (typeof outputs !== "string" || typeof said !== "string") return undefined
  return { program, at: { now: now as Instant, wallSeconds, entropy }, input, outputs, said }
}

const isProgram = (name: Json | undefined): name is ProgramName =>
  name === "announcer" || name === "watcher" || name === "controller"

export const parseHead = (json: Json): RecordingHead | undefined => {
  const [format, process, version] = [numberAt(json, "format"), textAt(json, "process"), textAt(json, "version")]
  const known = processes.find((name) => name === process)
  const options = listAt(json, "options")[0]
  if (format === undefined || known === undefined || version === undefined || options === undefined) return undefined
  return { format, process: known, version, options }
}

export const printHead = ({ options, ...head }: RecordingHead): string =>
  JSON.stringify({ ...head, options: [options] })

/** Of everything a step gave and of when it wants to be woken: 64 bits, which no two steps share by chance. */
export const hashOf = (outputs: readonly unknown[], wakeAt: Instant | undefined): string =>
  createHash("sha256")
    .update(JSON.stringify(toTagged([outputs, wakeAt])))
    .digest("hex")
    .slice(0, 16)

/** `datagram×3 moved report`; nothing: ``. */
export const kindsOf = (outputs: readonly { readonly kind: string }[]): string => {
  const runs: { kind: string; count: number }[] = []
  for (const { kind } of outputs) {
    const last = runs.at(-1)
    if (last?.kind === kind) last.count++
    else runs.push({ kind, count: 1 })
  }
  return runs.map(({ kind, count }) => (count === 1 ? kind : `${kind}×${count}`)).join(" ")
}
