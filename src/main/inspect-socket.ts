import { serveInspect } from "../edge/inspect.ts"
import type { Log } from "../edge/log.ts"
import type { Json } from "../kubernetes/http.ts"

/** An old process that this one follows has the socket until it ends. */
const retryMs = 200

/** Serves a program's inspection. The program does its work without it, so what stands in the way is only said. */
export const inspectAt = async (
  socket: string,
  answer: (question: string) => Json | undefined,
  log: Log,
): Promise<void> => {
  const server = await serveInspect(socket, answer)
  if (!("kind" in server)) return
  if (server.code !== "EADDRINUSE") return log.warn("inspect-socket", server.message)
  setTimeout(() => void inspectAt(socket, answer, log), retryMs)
}
