import { type FSWatcher, watch } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { BeatSecrets } from "../speaker/announcer/input.ts"
import { codeOfError, type Failure, failure, sentenceOfError } from "./failure.ts"

/** Shorter ones can be guessed (RFC 2104 section 3 asks for the hash's length). */
const secretBytesMin = 16

/** The beat key's two files in a mounted Secret, as they are: a trailing newline is part of the key, on every node the same. */
export const readBeatSecrets = async (folder: string): Promise<BeatSecrets | Failure> => {
  const current = await readSecret(folder, "current")
  if (current === undefined)
    return failure("ENOENT", `there is no file current in ${folder}: mount the Secret porchlight-beat there`)
  if ("kind" in current) return current
  const next = await readSecret(folder, "next")
  return next !== undefined && "kind" in next ? next : { current, next }
}

/** An empty file counts as none: a Secret key that was cleared. */
const readSecret = async (folder: string, name: string): Promise<Uint8Array | Failure | undefined> => {
  const path = join(folder, name)
  try {
    const bytes = new Uint8Array(await readFile(path))
    if (bytes.length === 0) return undefined
    return bytes.length >= secretBytesMin
      ? bytes
      : failure(
          "short-key",
          `the beat key in ${path} has ${bytes.length} bytes: make it at least ${secretBytesMin}, from a random source`,
        )
  } catch (error) {
    if (codeOfError(error) === "ENOENT") return undefined
    return failure(codeOfError(error), `could not read the beat key ${path} (${sentenceOfError(error)})`)
  }
}

export type FolderWatch = { readonly close: () => void }

/** The kubelet swaps a link in the folder (`..data`), which makes several events: they are taken as one. */
const settleMs = 50
/** A folder that is replaced as a whole, or on a file system without events, is looked at this often. */
const lookMs = 60_000

/** Calls `changed` some 50 ms after anything in the folder changed, and each minute in case an event was missed. */
export const watchFolder = (folder: string, changed: () => void): FolderWatch => {
  let settling: NodeJS.Timeout | undefined
  let watcher: FSWatcher | undefined
  const soon = (): void => {
    settling ??= setTimeout(() => {
      settling = undefined
      changed()
    }, settleMs)
  }
  const look = (): void => {
    watcher ??= open()
    soon()
  }
  const open = (): FSWatcher | undefined => {
    try {
      const opened = watch(folder, { persistent: false }, soon)
      return opened.on("error", () => {
        opened.close()
        watcher = undefined
      })
    } catch {
      return undefined
    }
  }
  watcher = open()
  const timer = setInterval(look, lookMs).unref()
  return {
    close: () => {
      clearTimeout(settling)
      clearInterval(timer)
      watcher?.close()
    },
  }
}
