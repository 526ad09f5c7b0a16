import type { Readable } from "node:stream"
import { createConnection, createServer, type Server } from "node:net"
import type { Answer, Target } from "./actors/ask.ts"
import type { ArpingReport } from "./actors/arping.ts"
import type { AskerReport } from "./actors/asker-report.ts"
import type { DamageOutcome } from "./fault-order.ts"
import type { ProgramState } from "./programs.ts"
import type { LabService, ServiceAnswer } from "./lab-service.ts"

/** What a running lab is asked over its control socket, one JSON line each way, and what it answers. */
export type ControlCalls = {
  readonly status: { readonly input: object; readonly output: LabStatus }
  readonly break: {
    readonly input: { readonly machine: string | undefined; readonly fault: string }
    readonly output: DamageOutcome
  }
  readonly mend: {
    readonly input: { readonly machine: string | undefined; readonly fault: string | undefined }
    readonly output: DamageOutcome
  }
  readonly services: { readonly input: object; readonly output: readonly LabService[] }
  /** Opens a real connection to every address and port of every Service, from a machine (the client unless named). */
  readonly askAll: {
    readonly input: { readonly machine: string | undefined }
    readonly output: readonly ServiceAnswer[]
  }
  readonly ask: {
    readonly input: { readonly machine: string | undefined; readonly target: Target }
    readonly output: Answer
  }
  readonly arping: {
    readonly input: { readonly machine: string | undefined; readonly address: string; readonly count: number }
    readonly output: ArpingReport
  }
  /** Starts asking at a steady pace; the answer is the asker's number. */
  readonly startAsker: {
    readonly input: { readonly machine: string | undefined; readonly target: Target; readonly perSecond: number }
    readonly output: number
  }
  readonly readAsker: { readonly input: { readonly asker: number }; readonly output: AskerReport }
  readonly stopAsker: { readonly input: { readonly asker: number }; readonly output: AskerReport }
  /** Ends a machine's programs kindly and starts them again, as an upgrade does; without a machine the controller. */
  readonly restart: { readonly input: { readonly machine: string | undefined }; readonly output: readonly string[] }
}

export type LabStatus = {
  readonly scenario: string
  readonly machines: readonly {
    readonly name: string
    readonly role: string
    readonly addresses: readonly string[]
    readonly macs: readonly string[]
    readonly faults: readonly string[]
  }[]
  readonly programs: readonly {
    readonly name: string
    readonly machine: string | undefined
    readonly state: ProgramState
    readonly logFile: string
  }[]
  /** Faults that concern everybody. */
  readonly faults: readonly string[]
}

export type CallName = keyof ControlCalls
export type ControlHandlers = {
  readonly [Name in CallName]: (input: ControlCalls[Name]["input"]) => Promise<ControlCalls[Name]["output"]>
}

/** Errors go back as `error` and fail the caller's promise. */
export const serveControl = (path: string, handlers: ControlHandlers): Server =>
  createServer((socket) => {
    socket.on("error", () => socket.destroy())
    eachLine(socket, (line) => {
      void answerLine(handlers, line).then((answer) => socket.write(`${answer}\n`))
    })
  }).listen(path)

const answerLine = async (handlers: ControlHandlers, line: string): Promise<string> => {
  let id: unknown
  try {
    const asked = JSON.parse(line) as { id: unknown; call: CallName; input: never }
    id = asked.id
    if (!Object.hasOwn(handlers, asked.call))
      throw new Error(`this lab knows no call ${asked.call}: it may be of another version`)
    return JSON.stringify({ id, output: await handlers[asked.call](asked.input) })
  } catch (error) {
    return JSON.stringify({ id, error: error instanceof Error ? error.message : String(error) })
  }
}

/** How long each call may take. Those that wait for programs to stop or for visitors to give up have longer. */
const patienceMs: { readonly [Name in CallName]: (input: ControlCalls[Name]["input"]) => number } = {
  status: () => 5000,
  services: () => 10_000,
  ask: () => 15_000,
  askAll: () => 60_000,
  // It asks once a second.
  arping: ({ count }) => 10_000 + count * 1000,
  startAsker: () => 10_000,
  readAsker: () => 10_000,
  stopAsker: () => 15_000,
  break: () => 60_000,
  mend: () => 60_000,
  restart: () => 60_000,
}

/** The lab said nothing, in time or at all. What it answers, a refusal too, is no silence. */
export class LabSilence extends Error {
  constructor(says: string) {
    super(says)
    this.name = "LabSilence"
  }
}

export type ControlClient = {
  readonly call: <Name extends CallName>(
    name: Name,
    input: ControlCalls[Name]["input"],
  ) => Promise<ControlCalls[Name]["output"]>
  readonly close: () => void
}

/**
 * Connects to a lab's control socket. Calls reject with `LabSilence` when the lab ends meanwhile or takes longer than that
 * call may; `patience` says how long that is, in ms.
 */
export const connectControl = (path: string, patience: typeof patienceMs = patienceMs): ControlClient => {
  const socket = createConnection(path)
  const waiting = new Map<number, { resolve: (output: never) => void; reject: (error: Error) => void }>()
  let last = 0
  const fail = (): void => {
    for (const { reject } of waiting.values())
      reject(new LabSilence(`nobody answers on ${path}: the lab may have ended`))
    waiting.clear()
  }
  socket.on("error", fail).on("close", fail)
  eachLine(socket, (line) => {
    const { id, output, error } = JSON.parse(line) as { id: number; output: never; error?: string }
    const asked = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) asked?.resolve(output)
    else asked?.reject(new Error(error))
  })
  return {
    call: (call, input) =>
      new Promise((resolve, reject) => {
        if (socket.destroyed) return reject(new LabSilence(`nobody answers on ${path}: the lab may have ended`))
        const id = ++last
        const withinMs = patience[call](input)
        const timer = setTimeout(() => {
          waiting.delete(id)
          reject(
            new LabSilence(`no answer to ${call} within ${withinMs / 1000} s: the lab stands still, or is very busy`),
          )
        }, withinMs)
        waiting.set(id, {
          resolve: (output) => {
            clearTimeout(timer)
            resolve(output)
          },
          reject: (error) => {
            clearTimeout(timer)
            reject(error)
          },
        })
        socket.write(`${JSON.stringify({ id, call, input })}\n`)
      }),
    close: () => socket.destroy(),
  }
}

/** Splits what a socket brings into lines. */
export const eachLine = (from: Readable, take: (line: string) => void): void => {
  let rest = ""
  from.setEncoding("utf8")
  from.on("data", (more: Buffer | string) => {
    const lines = (rest + more.toString()).split("\n")
    rest = lines.pop() ?? ""
    for (const line of lines) if (line !== "") take(line)
  })
}
