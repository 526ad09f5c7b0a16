import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync } from "node:fs"
import { toolEnvironment } from "./isolation.ts"
import { inNamespace } from "./namespace.ts"

/** One of our programs as a process on a machine; without a machine it runs beside the lab, with no network. */
export type ProgramSpec = {
  /** `speaker w3`, `controller`. */
  readonly name: string
  readonly machine: string | undefined
  readonly argv: readonly [string, ...string[]]
  readonly logFile: string
}

export type ProgramState =
  | { readonly kind: "running" | "frozen"; readonly pid: number }
  | { readonly kind: "restarting"; readonly inMs: number; readonly because: string }
  /** Told to, until somebody starts it again. */
  | { readonly kind: "stopped" }

export type LabProgram = {
  readonly spec: ProgramSpec
  readonly state: () => ProgramState
  readonly start: () => void
  /** SIGKILL, and no new start. */
  readonly kill: () => void
  /** Ends it kindly (SIGTERM), and no new start. Resolves when it is gone. */
  readonly stop: () => Promise<void>
  readonly freeze: () => void
  readonly thaw: () => void
  /** Ends it kindly with `signal` and starts it again at once, as an upgrade does. Resolves when the new one runs. */
  readonly restart: (signal?: NodeJS.Signals) => Promise<void>
}

/** As kubelet: the first restart soon, the next ones later and later. */
const firstDelayMs = 500
const delayMaxMs = 30_000
/** A program that ran so long starts anew without having its earlier ends held against it. */
const forgivenAfterMs = 60_000

/** `report` hears of ends nobody asked for. */
export const startProgram = (spec: ProgramSpec, report: (message: string) => void): LabProgram => {
  let child: ChildProcess | undefined
  let frozen = false
  let delayMs = firstDelayMs
  let restart: { timer: NodeJS.Timeout; because: string } | undefined

  const start = (): void => {
    if (child !== undefined) return
    clearTimeout(restart?.timer)
    restart = undefined
    const began = Date.now()
    const process = launch(spec)
    child = process
    frozen = false
    process.on("error", (error) => report(`${spec.name} could not be started: ${error.message}`))
    process.once("close", (code, signal) => {
      if (child !== process) return
      child = undefined
      if (Date.now() - began > forgivenAfterMs) delayMs = firstDelayMs
      const because = signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`
      report(`${spec.name}: ${because}; starting it again in ${delayMs} ms. Its log: ${spec.logFile}`)
      restart = { timer: setTimeout(start, delayMs), because }
      delayMs = Math.min(delayMs * 2, delayMaxMs)
    })
  }
  const kill = (): void => {
    clearTimeout(restart?.timer)
    restart = undefined
    const dying = child
    child = undefined
    dying?.kill("SIGKILL")
  }
  const signal = (name: NodeJS.Signals, nowFrozen: boolean): void => {
    if (child === undefined) return
    child.kill(name)
    frozen = nowFrozen
  }
  const end = async (name: NodeJS.Signals): Promise<void> => {
    clearTimeout(restart?.timer)
    restart = undefined
    const old = child
    child = undefined
    if (old !== undefined && old.exitCode === null) await ended(old, name)
  }
  start()
  return {
    spec,
    state: () => {
      if (child?.pid !== undefined) return { kind: frozen ? "frozen" : "running", pid: child.pid }
      return restart === undefined
        ? { kind: "stopped" }
        : { kind: "restarting", inMs: delayMs, because: restart.because }
    },
    start,
    kill,
    freeze: () => signal("SIGSTOP", true),
    thaw: () => signal("SIGCONT", false),
    stop: () => end("SIGTERM"),
    restart: async (name = "SIGTERM") => {
      await end(name)
      start()
    },
  }
}

/** A program that does not follow a kind word within this time is killed, as kubelet does after 30 s. */
const patienceMs = 10_000

const ended = (old: ChildProcess, signal: NodeJS.Signals): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => old.kill("SIGKILL"), patienceMs)
    old.once("close", () => {
      clearTimeout(timer)
      resolve()
    })
    old.kill(signal)
  })

const launch = (spec: ProgramSpec): ChildProcess => {
  const log = openSync(spec.logFile, "a")
  const [command, ...argv] = spec.argv
  const options = { stdio: ["ignore", log, log] satisfies ["ignore", number, number], env: toolEnvironment() }
  try {
    return spec.machine === undefined
      ? spawn(command, argv, options)
      : inNamespace(spec.machine, () => spawn(command, argv, options))
  } finally {
    closeSync(log)
  }
}
