import { unlinkSync } from "node:fs"
import { connect, createServer, type Server, type Socket } from "node:net"
import type { Json } from "../kubernetes/http.ts"
import { codeOfError, type Failure, failure, sentenceOfError } from "./failure.ts"

/** One word says what is asked for; longer than this nobody asks. */
const requestBytesMax = 4096
const connectionsMax = 16
const idleMs = 5000
/** The kernel's `sun_path` has 108 octets, the closing zero among them. */
export const socketPathBytesMax = 107
/** A speaker with 10,000 addresses prints some megabytes. */
const answerBytesMax = 64 << 20

export type InspectServer = { readonly close: () => Promise<void> }

/**
 * A unix socket only its owner may open: the asker sends one line, gets one JSON document and the end. `answer` returns
 * undefined for a question it does not know. A path that a living process serves is a Failure (`EADDRINUSE`); one that
 * a dead process left is taken over.
 */
export const serveInspect = async (
  path: string,
  answer: (question: string) => Json | undefined,
): Promise<InspectServer | Failure> => {
  const pathBytes = Buffer.byteLength(path)
  if (pathBytes > socketPathBytesMax)
    return failure(
      "ENAMETOOLONG",
      `could not serve the inspect socket ${path}: its path has ${pathBytes} octets, and the kernel takes ${socketPathBytesMax}; choose a shorter one`,
    )
  const first = await listenAt(path, answer)
  if (!("kind" in first) || first.code !== "EADDRINUSE" || (await isServed(path))) return first
  unlinkSync(path)
  return listenAt(path, answer)
}

const listenAt = (path: string, answer: (question: string) => Json | undefined): Promise<InspectServer | Failure> =>
  new Promise((resolve) => {
    const server = createServer((socket) => converse(socket, answer))
    server.maxConnections = connectionsMax
    server.once("error", (error) => resolve(notServed(path, error)))
    const umask = process.umask(0o177)
    server.listen(path, () => resolve({ close: () => closed(server) }))
    process.umask(umask)
  })

const closed = (server: Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()))

const converse = (socket: Socket, answer: (question: string) => Json | undefined): void => {
  let text = ""
  socket.setEncoding("utf8").setTimeout(idleMs, () => socket.destroy())
  socket.on("error", () => socket.destroy())
  socket.on("data", (chunk: string) => {
    text += chunk
    const end = text.indexOf("\n")
    if (end < 0 && text.length <= requestBytesMax) return
    socket.removeAllListeners("data").resume()
    socket.end(`${JSON.stringify(answerTo(text.slice(0, Math.max(0, end)).trim(), answer))}\n`)
  })
}

const answerTo = (question: string, answer: (question: string) => Json | undefined): Json => {
  try {
    return answer(question) ?? { error: `nothing is known by the name of ${JSON.stringify(question)}` }
  } catch (error) {
    return { error: sentenceOfError(error) }
  }
}

const isServed = async (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", (error) => resolve(codeOfError(error) !== "ECONNREFUSED"))
  })

/** Asks the process behind `path`; a Failure if nobody answers a whole document in time. */
export const askInspect = (path: string, question: string, timeoutMs: number): Promise<Json | Failure> =>
  new Promise((resolve) => {
    let text = ""
    const socket = connect(path, () => socket.write(`${question}\n`))
    const give = (outcome: Json | Failure): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(outcome)
    }
    const timer = setTimeout(() => give(unanswered(path, "timeout", "it does not answer in time")), timeoutMs)
    socket.setEncoding("utf8")
    socket.on("data", (chunk: string) => {
      text += chunk
      if (text.length > answerBytesMax) give(unanswered(path, "too-long", "its answer does not end"))
    })
    socket.on("error", (error) => give(unanswered(path, codeOfError(error), sentenceOfError(error))))
    socket.on("end", () => give(parsed(path, text)))
  })

const parsed = (path: string, text: string): Json | Failure => {
  try {
    return JSON.parse(text) as Json
  } catch {
    return unanswered(path, "bad-json", "its answer is no JSON")
  }
}

const unanswered = (path: string, code: string, why: string): Failure =>
  failure(code, `could not ask the process behind ${path}: ${why}; does it run, and is it yours?`)

const notServed = (path: string, error: unknown): Failure =>
  failure(
    codeOfError(error),
    codeOfError(error) === "EADDRINUSE"
      ? `${path} is served by a living process: two programs of one node must not share it`
      : `could not serve the inspect socket ${path} (${sentenceOfError(error)}): does its folder exist, and may this process write there?`,
  )
