import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { homedir } from "node:os"
import { join } from "node:path"

/** Names of one cluster, as they can be typed. */
export type Names = {
  /** `namespace/name`. */
  readonly services: readonly string[]
  readonly nodes: readonly string[]
  readonly pools: readonly string[]
}

/** Pressing Tab twice must not ask a cluster twice; nobody minds a name that is half a minute late. */
const freshMs = 30_000

/** `${XDG_CACHE_HOME:-~/.cache}/porchlight` */
export const cacheFolder = (env: NodeJS.ProcessEnv = process.env): string =>
  join(env["XDG_CACHE_HOME"] || join(env["HOME"] ?? homedir(), ".cache"), "porchlight")

const fileOf = (source: string, folder: string): string =>
  join(folder, `names-${createHash("sha256").update(source).digest("hex").slice(0, 16)}.json`)

/** Names that were read for this source less than 30 s ago. */
export const cachedNames = (source: string, nowMs: number, folder: string = cacheFolder()): Names | undefined => {
  try {
    const { at, names } = JSON.parse(readFileSync(fileOf(source, folder), "utf8")) as { at: number; names: Names }
    return nowMs - at >= 0 && nowMs - at < freshMs ? names : undefined
  } catch {
    return undefined
  }
}

/** Where nothing can be written, nothing is kept. */
export const keepNames = (source: string, names: Names, nowMs: number, folder: string = cacheFolder()): void => {
  try {
    const file = fileOf(source, folder)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(`${file}.${process.pid}`, JSON.stringify({ at: nowMs, names }), { mode: 0o600 })
    renameSync(`${file}.${process.pid}`, file)
  } catch {
    // A shell that waits for words has no use for this.
  }
}
