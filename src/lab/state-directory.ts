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
import { codeOfError, machineSentence } from "../edge/failure.ts"
import { socketPathBytesMax } from "../edge/inspect.ts"

/** What a running lab leaves in its directory so that others find it. */
export type LabRecord = {
  readonly name: string
  readonly scenario: string
  /** The process on the host that holds the lab, and the one whose namespaces it lives in. */
  readonly holder: ProcessMark
  readonly isolated: ProcessMark | undefined
  readonly apiPort: number | undefined
  /** Its machines have no namespaces: no command runs on them. */
  readonly simulated?: true
  /** How it ended, where that was not asked for and nobody was there to be told. */
  readonly ended?: string
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
  /** The directory cannot be made or written, or is no place for sockets. */
  | { readonly kind: "no-place"; readonly says: string }

/** `$XDG_RUNTIME_DIR/porchlight/labs`, or below /tmp where there is no such directory. */
export const labsDirectory = (): string => {
  const runtime = process.env["XDG_RUNTIME_DIR"]
  if (runtime !== undefined && isOwnDirectory(runtime)) return join(runtime, "porchlight", "labs")
  const own = `/tmp/porchlight-${process.getuid?.() ?? 0}`
  if (existsSync(own) && !isOwnDirectory(own)) throw new NoPlaceForLabs(`${own} belongs to somebody else`)
  return join(own, "porchlight", "labs")
}

/** Labs cannot be looked for, nor raised, until somebody gives them another directory. */
export class NoPlaceForLabs extends Error {
  constructor(because: string, cause?: unknown) {
    super(`${because}. ${otherPlace}`, { cause })
    this.name = "NoPlaceForLabs"
  }
}

const otherPlace = "Labs live in XDG_RUNTIME_DIR: set it to a directory of your own that has room"

/** `lab.yaml` allows machines of 15 letters. */
const longestSocketName = "/inspect/123456789012345.sock"

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
  const pathBytes = Buffer.byteLength(directory + longestSocketName)
  if (pathBytes > socketPathBytesMax)
    return {
      kind: "no-place",
      says: `The path of a socket in ${directory} would have ${pathBytes} octets, and the kernel takes ${socketPathBytesMax}. Set XDG_RUNTIME_DIR to a shorter one, or give the scenario's folder a shorter name`,
    }
  try {
    return claim(directory, name, scenario)
  } catch (error) {
    const because = machineSentence(error)
    if (because === undefined) throw error
    return { kind: "no-place", says: `${because}. ${otherPlace}` }
  }
}

/** Where a lab's directory has become full or read-only while the lab came up. */
export const noPlaceSentence = (error: unknown): string | undefined =>
  ["ENOSPC", "EDQUOT", "EROFS"].includes(codeOfError(error)) ? `${machineSentence(error)}. ${otherPlace}` : undefined

const claim = (directory: string, name: string, scenario: string): Claim => {
  const holder = markOf(process.pid)
  if (holder === undefined) throw new Error("/proc does not show this process: is it mounted?")
  if (isInTheWay(directory))
    return { kind: "taken", says: `${directory} is there, and no lab made it: move it away, or remove it` }
  const swept = sweep(directory)
  if (swept.kind === "alive")
    return {
      kind: "taken",
      says: `the lab ${name} runs already (process ${swept.record.holder.pid}): end it with  porchlight lab down ${name}`,
    }
  makeDirectory(directory)
  chmodSync(directory, 0o700)
  writeRecord(directory, { name, scenario, holder, isolated: undefined, apiPort: undefined })
  return { kind: "claimed", directory, swept: swept.kind === "removed" ? swept.says : undefined }
}

/** With those above it. Node's own way calls a read-only file system ENOENT. */
const makeDirectory = (path: string): void => {
  if (existsSync(path)) return
  makeDirectory(dirname(path))
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if (codeOfError(error) !== "EEXIST") throw error
  }
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
  if (!hasRecord(directory)) return { kind: "nothing" }
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
        : `removed what the lab ${record.name} left: ${record.ended ?? `its process ${record.holder.pid} had died`}`,
  }
}

/** Only what a lab left is removed: its directory holds its record, even if half-written. */
const hasRecord = (directory: string): boolean => isOwnDirectory(directory) && existsSync(join(directory, recordFile))

/** Something else is there under a lab's name. */
const isInTheWay = (directory: string): boolean => {
  if (!existsSync(directory) || hasRecord(directory)) return false
  return !isOwnDirectory(directory) || readdirSync(directory).length > 0
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

/** Leaves word for who sweeps the directory. */
export const noteEnd = (directory: string, ended: string): void => {
  const record = readRecord(directory)
  if (record !== undefined) writeRecord(directory, { ...record, ended })
}

export const readRecord = (directory: string): LabRecord | undefined => {
  try {
    const read = JSON.parse(readFileSync(join(directory, recordFile), "utf8")) as Partial<LabRecord> | null
    return typeof read?.holder?.pid === "number" ? (read as LabRecord) : undefined
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
