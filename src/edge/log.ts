import type { JsonObject } from "../kubernetes/http.ts"

/** MetalLB's names for `--log-level`. */
export const logLevels = ["all", "debug", "info", "warn", "error", "none"] as const
export type LogLevel = (typeof logLevels)[number]
type Severity = "debug" | "info" | "warn" | "error"

/** `reason` names what the line is about (`send-failed`, `pool-read`): of one reason at most one line a second is written. */
export type Say = (reason: string, message: string, facts?: JsonObject) => void
export type Log = Readonly<Record<Severity, Say>> & {
  /** Settles when what waits is written: awaited before the process ends. */
  readonly flush: () => Promise<void>
}

type Line = {
  readonly severity: Severity
  readonly reason: string
  readonly message: string
  readonly facts: JsonObject
}
type Writer = { readonly write: (line: Line) => void; readonly flush: () => Promise<void> }

export type LogOptions = {
  readonly level: LogLevel
  /** JSON lines for machines (standard output is no terminal), short lines for people. */
  readonly json: boolean
}

export const openLog = async ({ level, json }: LogOptions): Promise<Log> => {
  const writer = json ? await openJsonWriter() : peopleWriter
  return limitedLog(writer, level, () => performance.now())
}

const order: readonly Severity[] = ["debug", "info", "warn", "error"]

/** Of one reason one line a second; the next one says how many were left out. */
export const limitedLog = (writer: Writer, level: LogLevel, nowMs: () => number): Log => {
  const limiter = openLimiter(nowMs)
  const least = level === "all" ? 0 : level === "none" ? order.length : order.indexOf(level)
  const say =
    (severity: Severity): Say =>
    (reason, message, facts = {}) => {
      if (order.indexOf(severity) < least) return
      const pass = limiter(`${severity} ${reason}`)
      if (pass === undefined) return
      const left = pass.leftOut > 0 ? { leftOut: pass.leftOut } : {}
      writer.write({ severity, reason, message, facts: { ...facts, ...left } })
    }
  return { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error"), flush: writer.flush }
}

const pauseMs = 1000
/** Reasons are few by design; should a program make them up from data, the memory of old ones is dropped. */
const reasonsMax = 1000

const openLimiter = (nowMs: () => number): ((reason: string) => { readonly leftOut: number } | undefined) => {
  const seen = new Map<string, { writtenAtMs: number; leftOut: number }>()
  return (reason) => {
    const before = seen.get(reason)
    if (before !== undefined && nowMs() - before.writtenAtMs < pauseMs) return void before.leftOut++
    if (seen.size >= reasonsMax) seen.clear()
    seen.set(reason, { writtenAtMs: nowMs(), leftOut: 0 })
    return { leftOut: before?.leftOut ?? 0 }
  }
}

/** A reader of the log that stands still must not stop the wire: up to this waits in memory, more is dropped. */
const waitingBytesMax = 1 << 20

const openJsonWriter = async (): Promise<Writer> => {
  const { pino } = (await import("pino")).default
  const stream = pino.destination({ fd: 1, sync: false, maxLength: waitingBytesMax })
  const base = { base: null, level: "debug", timestamp: pino.stdTimeFunctions.isoTime }
  const logger = pino({ ...base, formatters: { level: (label) => ({ level: label }) } }, stream)
  return {
    write: ({ severity, reason, message, facts }) => logger[severity]({ ...facts, reason }, message),
    flush: () => new Promise((resolve) => stream.flush(() => resolve())),
  }
}

const peopleWriter: Writer = {
  write: (line) => void process.stdout.write(`${lineForPeople(line, new Date())}\n`),
  flush: () => Promise.resolve(),
}

/** `14:03:07.120 warn  the message  key=value`; what peers sent cannot break the line. */
export const lineForPeople = ({ severity, message, facts }: Line, now: Date): string => {
  const time = now.toISOString().slice(11, 23)
  const pairs = Object.entries(facts).map(([key, value]) => `${key}=${JSON.stringify(value)}`)
  return [time, severity.padEnd(5), withoutControls(message), ...pairs.map(withoutControls)].join(" ")
}

const withoutControls = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}`)
