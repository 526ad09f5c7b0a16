import { printable } from "./printable.ts"

/** Shorter waits need no word. */
const patienceMs = 400

/** Says on a terminal's standard error what is waited for, once it takes long, and erases that when it is done. */
export const withProgress = async <T>(
  what: string,
  work: Promise<T>,
  stream: NodeJS.WriteStream = process.stderr,
): Promise<T> => {
  if (!stream.isTTY) return work
  let shown = false
  const timer = setTimeout(() => {
    shown = true
    stream.write(`${printable(what)} ...`)
  }, patienceMs)
  try {
    return await work
  } finally {
    clearTimeout(timer)
    if (shown) stream.write("\r\u001b[K")
  }
}
