import { createConnection, createServer, type Socket } from "node:net"
import { join } from "node:path"

/** A door to the API server that can be shut: every program has one of its own, so that one node can lose the API alone. */
export type ApiGateway = {
  /** Ends every connection and refuses new ones, as a dead server does. */
  readonly shut: () => void
  readonly open: () => Promise<void>
}

/** Listens on the unix socket `path` and passes bytes to the unix socket `target`. Resolves once it listens. */
export const openGateway = async (path: string, target: string): Promise<ApiGateway> => {
  const gateway = prepare(path, target)
  await gateway.open()
  return gateway
}

const prepare = (path: string, target: string): ApiGateway => {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (near) => {
    const far = createConnection({ path: target, allowHalfOpen: true })
    joinSockets(near, far, sockets)
  })
  return {
    shut: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
    open: () =>
      new Promise((resolve, reject) => {
        if (server.listening) return resolve()
        server.once("error", reject)
        server.listen(path, () => {
          server.off("error", reject)
          resolve()
        })
      }),
  }
}

/** Passes bytes both ways until either end is gone. Both are in `open` as long as they are open. */
export const joinSockets = (near: Socket, far: Socket, open: Set<Socket>): void => {
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    open.add(one)
    one.on("error", () => other.destroy())
    one.on("close", () => open.delete(one) && other.destroy())
    one.pipe(other)
  }
}

/** Where a node's door is; `""` is the door of everybody else. */
export const gatewayPath = (directory: string, node: string): string =>
  join(directory, node === "" ? "api.sock" : `api-${node}.sock`)
