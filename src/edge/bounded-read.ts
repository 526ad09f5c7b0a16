import { closeSync, openSync, readSync } from "node:fs"
import { codeOfError } from "./failure.ts"

export type TooLarge = { readonly kind: "too-large"; readonly bytesMax: number }

const chunkBytes = 1024 * 1024
const waitMs = 10

/**
 * A whole text of a file, pipe or device (0: standard input). Devices and pipes say no size beforehand, and some never
 * end, so no more is read than `bytesMaxOf` allows for a text that begins like this. What cannot be read throws Node's error.
 */
export const readBounded = (file: string | 0, bytesMaxOf: (head: string) => number): string | TooLarge => {
  const descriptor = file === 0 ? 0 : openSync(file, "r")
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    const chunks: Buffer[] = []
    for (let total = 0, bytesMax = Infinity; ;) {
      const count = readWaiting(descriptor, chunk)
      if (count === 0) return Buffer.concat(chunks).toString("utf8")
      chunks.push(Buffer.from(chunk.subarray(0, count)))
      total += count
      // A pipe's first piece may be a single line end.
      if (total <= chunkBytes || bytesMax === Infinity) bytesMax = bytesMaxOf(Buffer.concat(chunks).toString("utf8"))
      if (total > bytesMax) return { kind: "too-large", bytesMax }
    }
  } finally {
    if (descriptor !== 0) closeSync(descriptor)
  }
}

/** A pipe that another program has made non-blocking says EAGAIN where there is nothing yet. */
const readWaiting = (descriptor: number, chunk: Buffer): number => {
  for (;;)
    try {
      return readSync(descriptor, chunk)
    } catch (error) {
      if (codeOfError(error) !== "EAGAIN") throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs)
    }
}
