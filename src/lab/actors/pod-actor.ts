import { createSocket } from "node:dgram"
import { createServer, type Server } from "node:http"
import { bindSocket } from "../namespace.ts"

/** A pod's program: answers on its ports with the source address it saw. */
export type PodActor = {
  /** Starts answering on a port; one that answers already is left alone. */
  readonly listen: (protocol: "TCP" | "UDP", port: number) => void
  readonly close: () => void
}

export const startPodActor = (namespace: string, pod: string, node: string): PodActor => {
  const open = new Map<string, () => void>()
  return {
    listen: (protocol, port) => {
      const key = `${protocol}/${port}`
      if (open.has(key)) return
      const greet = (address: string): string => greeting(address, pod, node)
      open.set(key, protocol === "TCP" ? answerHttp(namespace, port, greet) : answerDatagrams(namespace, port, greet))
    },
    close: () => {
      for (const close of open.values()) close()
      open.clear()
    },
  }
}

/** What a pod says, and what `seenIn` reads back. */
const greeting = (address: string, pod: string, node: string): string =>
  `hello, you are ${address}; this is ${pod} on ${node}\n`

export type Greeting = { readonly seen: string; readonly pod: string; readonly node: string }

/** The facts in a pod's answer, or undefined where somebody else answered. */
export const readGreeting = (text: string): Greeting | undefined => {
  const [, seen, pod, node] = /hello, you are (\S+); this is (\S+) on (\S+)/.exec(text) ?? []
  return seen === undefined || pod === undefined || node === undefined ? undefined : { seen, pod, node }
}

const answerHttp = (namespace: string, port: number, greet: (address: string) => string): (() => void) => {
  const server: Server = createServer({ keepAlive: false }, (request, response) => {
    const body = greet(plainAddress(request.socket.remoteAddress ?? "unknown"))
    response
      .writeHead(200, { "content-type": "text/plain", "content-length": body.length, connection: "close" })
      .end(body)
  })
  server.on("clientError", (_, socket) => socket.destroy())
  server.listen({ fd: bindSocket(namespace, "tcp", "any", port) })
  return () => {
    server.close()
    server.closeAllConnections()
  }
}

const answerDatagrams = (namespace: string, port: number, greet: (address: string) => string): (() => void) => {
  const socket = createSocket({ type: "udp6" })
  socket.on("message", (_, from) => socket.send(greet(plainAddress(from.address)), from.port, from.address))
  socket.on("error", () => undefined)
  socket.bind({ fd: bindSocket(namespace, "udp", "any", port) })
  return () => socket.close()
}

/** An IPv4 client of a socket for both families shows as ::ffff:a.b.c.d. */
export const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, "")
