import type { Agent, ClientRequest, IncomingMessage } from "node:http"
import type { RequestOptions } from "node:https"
import { createLineSplitter } from "../kubernetes/frames.ts"
import type { ApiEvent, ApiOutput, ApiRequest, Json } from "../kubernetes/http.ts"
import { sentenceOfApiError } from "./api-error.ts"
import type { ApiTarget, Credentials } from "./api-target.ts"
import { codeOfError, sentenceOfError } from "./failure.ts"
import { http, https } from "./node-http.ts"

/** Does what programs ask of the API server, over HTTP/1.1 with connections that are kept. */
export type Api = {
  readonly perform: (output: ApiOutput) => void
  /** Gives up what is under way, without events, and closes all connections. */
  readonly close: () => void
}

/** 500 objects of 1.5 MiB would be more; a list of real ones has 2 MB. */
const answerBytesMax = 256 * 1024 * 1024
/** Less than the 90 s after which an API server closes an idle connection: a request never meets one just closed. */
const idleMs = 60_000
/** A dead way is noticed by TCP 15 s after the last word (ten probes, a second apart, says libuv). */
const keepAliveProbeMs = 5000

type Under = { request: ClientRequest | undefined }
type Way = {
  readonly credentials: Credentials
  /** In front of every path: an API server behind a proxy's path. */
  readonly prefix: string
  readonly options: RequestOptions
  readonly secure: boolean
  readonly agent: Agent
}

/** Every event goes to `deliver`, never before `perform` has returned. Redirects are answers: a token goes to nobody else. */
export const createApi = (target: ApiTarget, deliver: (event: ApiEvent) => void): Api => {
  const under = new Map<number, Under>()
  let way: Way | undefined

  const wayTo = async (): Promise<Way> => {
    const credentials = await target.credentials()
    if (way?.credentials === credentials) return way
    way?.agent.destroy()
    way = openWay(target, credentials)
    return way
  }

  const start = async (asked: ApiRequest): Promise<void> => {
    const one: Under = { request: undefined }
    under.set(asked.id, one)
    const tell = (event: ApiEvent): void => {
      if (under.get(asked.id) !== one) return
      if (event.kind !== "opened" && event.kind !== "frames") under.delete(asked.id)
      deliver(event)
    }
    const fail = (code: string, message: string): void => {
      const live = under.get(asked.id) === one
      tell({ kind: "failed", id: asked.id, code, message })
      if (live) one.request?.destroy()
    }
    const timer = setTimeout(
      () => fail("timeout", `no answer from the API server within ${asked.timeoutMs} ms`),
      asked.timeoutMs,
    )
    try {
      const { options, prefix, secure, credentials, agent } = await wayTo()
      if (under.get(asked.id) !== one) return clearTimeout(timer)
      one.request = send({ ...asked, path: prefix + asked.path }, secure, { ...options, agent }, credentials.token)
      receive(one.request, asked, { tell, fail, timer }, target)
    } catch (error) {
      clearTimeout(timer)
      fail(codeOfError(error), sentenceOfError(error))
    }
  }

  const abort = (id: number): void => {
    const one = under.get(id)
    under.delete(id)
    one?.request?.destroy()
  }

  return {
    perform: (output) => (output.kind === "request" ? void start(output.request) : abort(output.id)),
    close: () => {
      for (const id of under.keys()) abort(id)
      way?.agent.destroy()
    },
  }
}

const openWay = ({ server }: ApiTarget, credentials: Credentials): Way => {
  const kept = { keepAlive: true, maxFreeSockets: 32, timeout: idleMs, scheduling: "lifo" } as const
  if (server.kind === "unix")
    return { credentials, prefix: "", secure: false, options: { socketPath: server.path }, agent: new http.Agent(kept) }
  const { prefix } = server
  const options = { host: server.host, port: server.port }
  if (server.protocol === "http:") return { credentials, prefix, secure: false, options, agent: new http.Agent(kept) }
  const agent = new https.Agent({
    ...kept,
    ...(credentials.ca !== undefined && { ca: credentials.ca }),
    ...(credentials.certificate !== undefined && { cert: credentials.certificate }),
    ...(credentials.key !== undefined && { key: credentials.key }),
    ...(server.serverName !== undefined && { servername: server.serverName }),
    rejectUnauthorized: server.verify,
  })
  return { credentials, prefix, secure: true, options, agent }
}

const send = (
  asked: ApiRequest,
  secure: boolean,
  options: RequestOptions,
  token: string | undefined,
): ClientRequest => {
  const query = new URLSearchParams(asked.query).toString()
  const body = asked.body === undefined ? undefined : Buffer.from(JSON.stringify(asked.body))
  const request = (secure ? https : http).request({
    ...options,
    method: asked.method,
    path: asked.path + (query === "" ? "" : `?${query}`),
    headers: {
      accept: asked.accept ?? "application/json",
      "user-agent": "porchlight",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && {
        "content-type": asked.contentType ?? "application/json",
        "content-length": body.length,
      }),
    },
  })
  request.on("socket", (socket) => socket.setKeepAlive(true, keepAliveProbeMs))
  return request.end(body)
}

type Ears = {
  readonly tell: (event: ApiEvent) => void
  readonly fail: (code: string, message: string) => void
  readonly timer: NodeJS.Timeout
}

const receive = (request: ClientRequest, asked: ApiRequest, ears: Ears, target: ApiTarget): void => {
  request.on("error", (error) => {
    clearTimeout(ears.timer)
    ears.fail(codeOfError(error), sentenceOfApiError(error, target.server))
  })
  request.on("close", () => clearTimeout(ears.timer))
  request.on("response", (response) => {
    const encoding = response.headers["content-encoding"] ?? "identity"
    if (encoding !== "identity")
      return ears.fail("bad-encoding", `the answer was encoded as ${encoding}, which nobody asked for`)
    response.on("error", (error) => ears.fail(codeOfError(error), `the answer was cut off: ${error.message}`))
    if (asked.stream && response.statusCode === 200) return follow(response, asked.id, ears)
    return collect(response, asked.id, ears)
  })
}

const collect = (response: IncomingMessage, id: number, { tell, fail }: Ears): void => {
  const chunks: Buffer[] = []
  let length = 0
  response.on("data", (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    if (length > answerBytesMax) fail("too-large", `the answer had more than ${answerBytesMax} bytes`)
  })
  response.on("end", () =>
    tell({
      kind: "response",
      id,
      status: response.statusCode ?? 0,
      retryAfter: response.headers["retry-after"],
      body: parseJson(Buffer.concat(chunks)),
    }),
  )
}

const follow = (response: IncomingMessage, id: number, { tell, fail, timer }: Ears): void => {
  clearTimeout(timer)
  tell({ kind: "opened", id })
  const splitter = createLineSplitter()
  const told = gatherFrames((frames) => tell({ kind: "frames", id, frames }))
  response.on("data", (chunk: Buffer) => {
    const { lines, tooLong } = splitter.push(chunk)
    const frames = lines.map(parseJson)
    const broken = frames.indexOf(undefined)
    told.add((broken === -1 ? frames : frames.slice(0, broken)) as Json[])
    if (broken === -1 && !tooLong) return
    told.flush()
    if (tooLong) fail("line-too-long", "a line of the watch was longer than 16 MiB")
    else fail("bad-json", "a line of the watch was no JSON")
  })
  response.on("end", () => {
    told.flush()
    if (splitter.pending() === 0) tell({ kind: "closed", id })
    else fail("truncated", "the watch ended within a line")
  })
  response.on("close", told.flush)
}

/** A frame after a pause is told at once, those that follow within this time together: a step costs the same for ten. */
const gatherMs = 5

const gatherFrames = (
  tell: (frames: readonly Json[]) => void,
): { readonly add: (frames: readonly Json[]) => void; readonly flush: () => void } => {
  let waiting: Json[] = []
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (waiting.length === 0) return
    const frames = waiting
    waiting = []
    timer = setTimeout(flush, gatherMs)
    tell(frames)
  }
  return {
    add: (frames) => {
      waiting.push(...frames)
      if (timer === undefined) flush()
    },
    flush,
  }
}

const parseJson = (bytes: Uint8Array): Json | undefined => {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8")) as Json
  } catch {
    return undefined
  }
}
