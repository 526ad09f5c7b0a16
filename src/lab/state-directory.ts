import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { basename, dirname, join } from "node:path"

/** What a running lab leaves in its directory so that others find it. */
export type LabRecord = {
  readonly name: string
  readonly scenario: string
  /** The process on the host that holds the lab, and the one whose namespaces it lives in. */
  readonly holder: ProcessMark
  readonly isolated: ProcessMark | undefined
  readonly apiPort: number | undefined
}

/** A process id means one process only together with its start time: ids are used again. */
export type ProcessMark = { readonly pid: number; readonly startTime: string }

export type Claim =
  | {
      readonly kind: "claimed"
      readonly directory: string
      /** What a lab that died left, now removed. */ readonly swept: string | undefined
    }
  | { readonly kind: "taken"; readonly says: string }

/** `$XDG_RUNTIME_DIR/porchlight/labs`, or below /tmp where there is no such directory. */
export const labsDirectory = (): string => {
  const runtime = process.env["XDG_RUNTIME_DIR"]
  if (runtime !== undefined && isOwnDirectory(runtime)) return join(runtime, "porchlight", "labs")
  const own = `/tmp/porchlight-${process.getuid?.() ?? 0}`
  if (existsSync(own) && !isOwnDirectory(own))
    throw new Error(`${own} belongs to somebody else: set XDG_RUNTIME_DIR to a directory of your own`)
  return join(own, "porchlight", "labs")
}

const isOwnDirectory = (path: string): boolean => {
  try {
    const found = lstatSync(path)
    return found.isDirectory() && found.uid === process.getuid?.()
  } catch {
    return false
  }
}

/** Makes the directory of a lab for this process alone. A lab of that name whose process died is removed first. */
export const claimDirectory = (name: string, scenario: string): Claim => {
  const directory = join(labsDirectory(), name)
  const holder = markOf(process.pid)
  if (holder === undefined) throw new Error("/proc does not show this process: is it mounted?")
  const swept = sweep(directory)
  if (swept.kind === "alive")
    return {
      kind: "taken",
      says: `the lab ${name} runs already (process ${swept.record.holder.pid}): end it with  porchlight lab down ${name}`,
    }
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  chmodSync(directory, 0o700)
  writeRecord(directory, { name, scenario, holder, isolated: undefined, apiPort: undefined })
  return { kind: "claimed", directory, swept: swept.kind === "removed" ? swept.says : undefined }
}

/** Removes a lab's directory, and those above it that it leaves empty. */
export const releaseDirectory = (directory: string): void => {
  // A lab that is being killed may still write into it.
  rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 })
  const labs = dirname(directory)
  for (const above of [labs, dirname(labs), dirname(dirname(labs))]) {
    try {
      if (basename(above).startsWith("porchlight") || basename(above) === "labs") rmdirSync(above)
    } catch {
      return
    }
  }
}

type Swept =
  | { readonly kind: "alive"; readonly record: LabRecord }
  | { readonly kind: "nothing" }
  | { readonly kind: "removed"; readonly says: string }

const sweep = (directory: string): Swept => {
  if (!existsSync(directory)) return { kind: "nothing" }
  const record = readRecord(directory)
  if (record !== undefined && isAlive(record.holder)) return { kind: "alive", record }
  // The kernel ends the namespaces with their holder; this is for one that was stopped between the two.
  if (record?.isolated !== undefined && isAlive(record.isolated)) process.kill(record.isolated.pid, "SIGKILL")
  releaseDirectory(directory)
  return {
    kind: "removed",
    says:
      record === undefined
        ? `removed what a lab left in ${directory}`
        : `removed what the lab ${record.name} left: its process ${record.holder.pid} had died`,
  }
}

/** Labs that run now, and the words about those that were swept away. */
export const findLabs = (): FoundLabs => {
  const root = labsDirectory()
  const found = existsSync(root)
    ? readdirSync(root).map((name) => ({ directory: join(root, name), swept: sweep(join(root, name)) }))
    : []
  return {
    running: found.flatMap(({ directory, swept }) => (swept.kind === "alive" ? [{ ...swept.record, directory }] : [])),
    swept: found.flatMap(({ swept }) => (swept.kind === "removed" ? [swept.says] : [])),
  }
}

export type FoundLabs = {
  readonly running: readonly (LabRecord & { readonly directory: string })[]
  readonly swept: readonly string[]
}

const recordFile = "lab.json"

export const writeRecord = (directory: string, record: LabRecord): void =>
  writeFileSync(join(directory, recordFile), JSON.stringify(record))

export const readRecord = (directory: string): LabRecord | undefined => {
  try {
    return JSON.parse(readFileSync(join(directory, recordFile), "utf8")) as LabRecord
  } catch {
    return undefined
  }
}

/** Undefined where there is no such process (or only its remains wait for their parent). */
export const markOf = (pid: number): ProcessMark | undefined => {
  const stat = processStat(pid)
  return stat === undefined || stat.state === "Z" ? undefined : { pid, startTime: stat.startTime }
}

const isAlive = (mark: ProcessMark): boolean => markOf(mark.pid)?.startTime === mark.startTime

/** Fields of /proc/PID/stat; the name before them may hold blanks and brackets. */
export const processStat = (
  pid: number,
):
  | { readonly state: string; readonly parent: number; readonly session: number; readonly startTime: string }
  | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8")
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ")
    return {
      state: fields[0] ?? "",
      parent: Number(fields[1]),
      session: Number(fields[3]),
      startTime: fields[19] ?? "",
    }
  } catch {
    return undefined
  }
}
