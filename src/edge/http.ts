import type { IncomingMessage, ServerResponse } from "node:http"
import { codeOfError, type Failure, failure, sentenceOfError } from "./failure.ts"
import { http } from "./node-http.ts"

export type Readiness = { readonly ready: boolean; readonly because: readonly string[] }

export type StatusServerOptions = {
  readonly host: string
  readonly port: number
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
  readonly readiness: () => Readiness
}
export type StatusServer = { readonly port: number; readonly close: () => Promise<void> }

/** A scraper keeps one connection; many slow ones are somebody else's trouble, not the speaker's. */
const connectionsMax = 32
const requestMs = 5000

/**
 * `/metrics`, `/healthz` (the process turns) and `/readyz` (503 with its reasons in lines). A port that is taken is a
 * Failure: the caller says so and goes on, because addresses matter more than their metrics.
 */
export const serveStatus = (options: StatusServerOptions): Promise<StatusServer | Failure> => {
  const server = http.createServer({ requestTimeout: requestMs, headersTimeout: requestMs }, (request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      if (!response.headersSent) reply(response, 500, "text/plain", `${sentenceOfError(error)}\n`)
    })
  })
  server.maxConnections = connectionsMax
  return new Promise((resolve) => {
    server.once("error", (error) => resolve(notListening(options, error)))
    server.listen({ host: options.host, port: options.port }, () => {
      const address = server.address()
      const port = typeof address === "object" && address !== null ? address.port : options.port
      const close = (): Promise<void> =>
        new Promise((closed) => {
          server.close(() => closed())
          server.closeAllConnections()
        })
      resolve({ port, close })
    })
  })
}

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  options: StatusServerOptions,
): Promise<void> => {
  if (request.method !== "GET" && request.method !== "HEAD") return reply(response, 405, "text/plain", "only GET\n")
  const path = request.url ?? "/"
  switch (path.replace(/\?.*/, "")) {
    case "/metrics": {
      const { contentType, text } = await options.metrics()
      return reply(response, 200, contentType, text)
    }
    case "/healthz":
      return reply(response, 200, "text/plain", "ok\n")
    case "/readyz": {
      const { ready, because } = options.readiness()
      return reply(
        response,
        ready ? 200 : 503,
        "text/plain",
        [ready ? "ready" : "not ready", ...because, ""].join("\n"),
      )
    }
    default:
      return reply(response, 404, "text/plain", "there are /metrics, /healthz and /readyz\n")
  }
}

const reply = (response: ServerResponse, status: number, contentType: string, text: string): void => {
  response.writeHead(status, { "content-type": contentType }).end(text)
}

const notListening = ({ host, port }: StatusServerOptions, error: unknown): Failure =>
  failure(
    codeOfError(error),
    codeOfError(error) === "EADDRINUSE"
      ? `port ${port} on ${host} is taken by another program: metrics and health are not served there until the next start; another port can be given`
      : `could not serve metrics and health on ${host} port ${port} (${sentenceOfError(error)})`,
  )
