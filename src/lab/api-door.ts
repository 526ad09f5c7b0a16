import { createHash, randomBytes, timingSafeEqual } from "node:crypto"
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http"
import { Refusal } from "../kubernetes/store-status.ts"
import { writeRefusal } from "./api-server/exchange.ts"

/** The way of people's tools into a lab's API, which listens on a socket in the file system. */
export type ApiDoor = {
  readonly port: number
  /** `http://127.0.0.1:40713/<secret>`: whoever knows it is let in. It goes into a file of its owner's and nowhere else. */
  readonly url: string
  readonly close: () => void
}

/** 128 bits: nobody guesses it. */
const secretBytes = 16
/** Longer than kubectl's own, so that it is the client who closes an idle connection. */
const keepAliveMs = 120_000

/**
 * Opens a loopback port for an API server's unix socket. Every user of this machine reaches a loopback port, and so does
 * a web page whose name is pointed at it: only requests below the door's secret path that ask for this machine go
 * through, all others get a Status 401. The secret is in the path because kubectl sends no token over plain HTTP
 * (client-go reads a user's credentials only where the server is https). `port` undefined takes a free one. A string says
 * why there is no door.
 */
export const openApiDoor = (socketPath: string, port: number | undefined): Promise<ApiDoor | string> =>
  new Promise((resolve) => {
    const secret = randomBytes(secretBytes).toString("hex")
    const server = createServer({ keepAliveTimeout: keepAliveMs, requestTimeout: 0 }, (near, answer) => {
      const path = pathBehind(near, secret)
      if (path === undefined) refuse(near, answer)
      else pass(socketPath, path, near, answer)
    })
    server.once("error", (error) =>
      resolve(
        "code" in error && error.code === "EADDRINUSE"
          ? `port ${port} is taken: leave --port out and a free one is chosen`
          : `no port for the API: ${error.message}`,
      ),
    )
    server.listen({ host: "127.0.0.1", port: port ?? 0 }, () => resolve(doorOf(server, secret)))
  })

const doorOf = (server: Server, secret: string): ApiDoor => {
  const bound = server.address()
  const port = typeof bound === "object" && bound !== null ? bound.port : 0
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { port, url: `http://127.0.0.1:${port}/${secret}`, close }
}

/** What a request asks of the API server; undefined where it may not ask. */
const pathBehind = ({ url, headers }: IncomingMessage, secret: string): string | undefined => {
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/i.test(headers.host ?? "")) return undefined
  const [, said, path] = /^\/([^/?]*)(.*)$/.exec(url ?? "") ?? []
  if (said === undefined || path === undefined || !isSame(said, secret)) return undefined
  return path.startsWith("/") ? path : `/${path}`
}

/** In a time that tells nothing of how much of it was right. */
const isSame = (said: string, secret: string): boolean => timingSafeEqual(digest(said), digest(secret))

const digest = (text: string): Buffer => createHash("sha256").update(text).digest()

const refuse = (near: IncomingMessage, answer: ServerResponse): void => {
  near.resume()
  const says = `this lab answers only who has its kubeconfig:  eval "$(porchlight lab env)"`
  writeRefusal(answer, new Refusal(401, "Unauthorized", says))
}

/** A connection that the API server cuts is cut on this side too: faults of the lab look the same through the door. */
const pass = (socketPath: string, path: string, near: IncomingMessage, answer: ServerResponse): void => {
  const { connection: _, expect: __, ...headers } = near.headers
  const far = request({ socketPath, method: near.method, path, headers, agent: false })
  far.on("response", (reply) => {
    answer.writeHead(reply.statusCode ?? 502, endToEnd(reply.rawHeaders))
    answer.flushHeaders()
    reply.on("error", () => answer.destroy())
    reply.pipe(answer)
  })
  far.on("error", () => answer.destroy())
  answer.on("close", () => far.destroy())
  near.pipe(far)
}

/** Headers of the message; the others are of one connection alone (RFC 9110 §7.6.1). */
const endToEnd = (rawHeaders: readonly string[]): string[] =>
  rawHeaders.filter((_, at) => !ofOneConnection.has(rawHeaders[at - (at % 2)]!.toLowerCase()))

const ofOneConnection: ReadonlySet<string> = new Set(["connection", "keep-alive", "transfer-encoding"])
