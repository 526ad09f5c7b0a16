/**
 * Cuts a watch's bytes into lines. Lines come out as bytes: a UTF-8 character may be split over two chunks, never over
 * two lines, so decoding a whole line is always safe.
 */
export type LineSplitter = {
  /** The lines that `chunk` completes, without their line feed; empty ones are left out. */
  readonly push: (chunk: Uint8Array) => Split
  /** Bytes of a line that has not ended. More than 0 at the end of a stream: it was cut off. */
  readonly pending: () => number
}

/** `too-long`: the stream cannot be trusted any more; what came before it is in `lines`. */
export type Split = { readonly lines: readonly Uint8Array[]; readonly tooLong: boolean }

/** An object is 1.5 MiB at most in etcd; JSON makes several times that of binary fields. */
export const lineBytesMax: number = 16 * 1024 * 1024

const lineFeed = 0x0a

export const createLineSplitter = (bytesMax: number = lineBytesMax): LineSplitter => {
  let parts: Uint8Array[] = []
  let length = 0

  const keep = (part: Uint8Array): void => {
    if (part.length === 0) return
    parts.push(part)
    length += part.length
  }

  const takeLine = (): Uint8Array => {
    const line = parts.length === 1 ? parts[0]! : join(parts, length)
    parts = []
    length = 0
    return line
  }

  return {
    pending: () => length,
    push: (chunk) => {
      const lines: Uint8Array[] = []
      let from = 0
      for (;;) {
        const end = chunk.indexOf(lineFeed, from)
        const upTo = end === -1 ? chunk.length : end
        if (length + upTo - from > bytesMax) return { lines, tooLong: true }
        keep(chunk.subarray(from, upTo))
        if (end === -1) return { lines, tooLong: false }
        if (length > 0) lines.push(takeLine())
        from = end + 1
      }
    },
  }
}

const join = (parts: readonly Uint8Array[], length: number): Uint8Array => {
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
