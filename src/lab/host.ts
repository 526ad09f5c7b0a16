import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { openApiDoor } from "./api-door.ts"
import { endWithAncestors, watchAncestors } from "./ancestors.ts"
import { connectControl, type ControlClient, eachLine } from "./control.ts"
import type { FailedLab, InsideNews, InsideOrder } from "./inside.ts"
import { enterCommand, isolatedCommand, toolEnvironment } from "./isolation.ts"
import { printKubeconfig } from "./kubeconfig.ts"
import {
  claimDirectory,
  findLabs,
  type FoundLabs,
  type LabRecord,
  markOf,
  noteEnd,
  readRecord,
  releaseDirectory,
  writeRecord,
} from "./state-directory.ts"

/** How a lab is started from the host. */
export type StartOptions = {
  readonly name: string
  readonly scenarioFolder: string
  /** The command line that ends up in `runInside`; the order is added as its last argument. */
  readonly inside: readonly [string, ...string[]]
  readonly controller: InsideOrder["controller"]
  readonly speaker: InsideOrder["speaker"]
  readonly crds: string
  readonly report: (news: HostNews) => void
  /** The loopback port for people's kubectl; undefined takes a free one. */
  readonly port?: number | undefined
  /** The lab does not end with the process that started this one: `lab up` returns, and the lab stays. */
  readonly ownLife?: boolean
  readonly simulated?: InsideOrder["simulated"]
}

export type HostNews =
  | InsideNews
  | { readonly kind: "swept"; readonly says: string }
  /** The lab ended without being told to. */
  | { readonly kind: "ended"; readonly says: string }

export type StartedLab = { readonly kind: "up"; readonly lab: RunningLab } | FailedLab

/** A lab held by this process: it lives no longer than this process does. */
export type RunningLab = {
  readonly name: string
  readonly directory: string
  readonly kubeconfig: string
  /** With the secret that lets one in. */
  readonly url: string
  readonly control: ControlClient
  /** Resolves when every process and namespace of the lab is gone and its directory removed. */
  readonly end: () => Promise<void>
}

/**
 * Starts a lab and resolves when it is up. The lab ends with this process, and this process when the one that started it
 * dies (npm's shells included): the kernel ends every process in the namespaces, and these with them.
 */
export const startLab = async (options: StartOptions): Promise<StartedLab> => {
  const claim = claimDirectory(options.name, options.scenarioFolder)
  if (claim.kind === "taken") return { kind: "failed", says: claim.says }
  if (claim.kind === "no-place") return { kind: "failed", says: claim.says, lacks: true }
  const { directory } = claim
  if (claim.swept !== undefined) options.report({ kind: "swept", says: claim.swept })
  const child = launch(options, directory)
  const end = endingOf(child, directory, options.ownLife === true)
  const outcome = await untilReady(child, options, directory)
  if (outcome.kind === "failed") {
    await end()
    return outcome
  }
  const door = await openApiDoor(join(directory, "api.sock"), options.port)
  if (typeof door === "string") {
    await end()
    return { kind: "failed", says: door }
  }
  const { port, url } = door
  const kubeconfig = join(directory, "kubeconfig")
  writeFileSync(kubeconfig, printKubeconfig(options.name, url), { mode: 0o600 })
  record(options, directory, child, port)
  const control = connectControl(join(directory, "control.sock"))
  const lab: RunningLab = {
    name: options.name,
    directory,
    kubeconfig,
    url,
    control,
    end: async () => {
      door.close()
      control.close()
      await end()
    },
  }
  return { kind: "up", lab }
}

const launch = (options: StartOptions, directory: string): ChildProcess => {
  const { scenarioFolder, controller, speaker, crds, simulated } = options
  const order: InsideOrder = { scenarioFolder, directory, controller, speaker, crds, simulated }
  const [inside, ...words] = [...options.inside, JSON.stringify(order)] as const
  const [command, ...argv] =
    simulated === undefined ? isolatedCommand([inside, ...words], directory) : [inside, ...words]
  const log = openSync(join(directory, "lab.log"), "a")
  const child = spawn(command, argv, { stdio: ["pipe", "pipe", log], env: toolEnvironment(), detached: true })
  closeSync(log)
  record(options, directory, child, undefined)
  return child
}

const record = (
  { name, scenarioFolder, simulated }: StartOptions,
  directory: string,
  child: ChildProcess,
  apiPort: number | undefined,
): void => {
  const holder = markOf(process.pid)
  if (holder === undefined) return
  writeRecord(directory, {
    name,
    scenario: scenarioFolder,
    holder,
    isolated: child.pid === undefined ? undefined : markOf(child.pid),
    apiPort,
    ...(simulated !== undefined && { simulated: true }),
  })
}

/** Every way to the end: asked for, this process exiting, or the process above it gone. */
const endingOf = (child: ChildProcess, directory: string, ownLife: boolean): (() => Promise<void>) => {
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve()))
  const atExit = (): void => {
    child.kill("SIGKILL")
    // Who looks for this lab next is told how it ended.
    if (readRecord(directory)?.ended === undefined) releaseDirectory(directory)
  }
  process.once("exit", atExit)
  const unwatch = ownLife ? () => undefined : watchAncestors(endWithAncestors)
  const end = async (): Promise<void> => {
    unwatch()
    for (const [signal, handler] of handlers) process.off(signal, handler)
    child.kill("SIGKILL")
    await gone
    process.off("exit", atExit)
    releaseDirectory(directory)
  }
  const handlers = endingSignals.map(
    ([signal, code]) => [signal, () => void end().then(() => process.exit(code))] as const,
  )
  for (const [signal, handler] of handlers) process.once(signal, handler)
  return end
}

/** With the exit codes a shell gives them. */
const endingSignals = [
  ["SIGINT", 130],
  ["SIGTERM", 143],
  ["SIGHUP", 129],
] as const

/** `says` is why it is not. */
type ReadyOutcome = { readonly kind: "ready" } | FailedLab

const untilReady = (child: ChildProcess, { report, ownLife }: StartOptions, directory: string): Promise<ReadyOutcome> =>
  new Promise((resolve) => {
    let settled = false
    const settle = (outcome: ReadyOutcome): void => {
      settled = true
      resolve(outcome)
    }
    if (child.stdout !== null)
      eachLine(child.stdout, (line) => {
        const news = JSON.parse(line) as InsideNews
        report(news)
        if (news.kind === "ready") settle({ kind: "ready" })
        if (news.kind === "failed") settle(news)
      })
    child.once("error", (error) => settle({ kind: "failed", says: `the lab could not be started: ${error.message}` }))
    child.once("close", (code, signal) => {
      const says = `the lab's process ended with ${signal ?? code}: ${lastLines(join(directory, "lab.log"))}`
      if (!settled) return settle({ kind: "failed", says })
      if (child.killed) return
      if (ownLife === true) noteEnd(directory, says)
      report({ kind: "ended", says })
    })
  })

const lastLines = (path: string): string => {
  try {
    return readFileSync(path, "utf8").trim().split("\n").slice(-8).join("\n") || "it said nothing"
  } catch {
    return "it said nothing"
  }
}

/** The labs that run on this machine under this user, and words about remains that were removed. */
export const listLabs = (): FoundLabs => findLabs()

/** What a shell answers for a command that a signal ended. */
const exitCodeOf = (signal: NodeJS.Signals | null): number => (signal === null ? 1 : 128 + constants.signals[signal])

/** Runs a command on a machine of a running lab with this terminal; resolves with its exit code, as a shell's would be. */
export const labExec = (lab: LabRecord, machine: string, argv: readonly string[]): Promise<number> => {
  if (lab.isolated === undefined)
    return Promise.reject(new Error(`the lab ${lab.name} is not up yet: try again in a second`))
  const [command, ...rest] = enterCommand(lab.isolated.pid, machine, argv)
  const child = spawn(command, rest, { stdio: "inherit", env: toolEnvironment() })
  return new Promise((resolve, reject) => {
    child.once("error", reject)
    child.once("close", (code, signal) => resolve(code ?? exitCodeOf(signal)))
  })
}

/** How long a lab's holder may take to end. */
const downPatienceMs = 5000

/** Ends a lab that another process holds. False where it would not end in time. */
export const downLab = async (lab: LabRecord): Promise<boolean> => {
  process.kill(lab.holder.pid, "SIGTERM")
  for (const end = Date.now() + downPatienceMs; Date.now() < end;) {
    if (markOf(lab.holder.pid)?.startTime !== lab.holder.startTime) {
      findLabs()
      return true
    }
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return false
}
