import { createSocket } from "node:dgram"
import { Socket } from "node:net"
import { performance } from "node:perf_hooks"
import { openSocket } from "../namespace.ts"
import { familyOfText } from "../topology/layout.ts"
import { type Greeting, readGreeting } from "./pod-actor.ts"

export type Target = { readonly address: string; readonly port: number; readonly protocol: "TCP" | "UDP" }

/** How a question from a machine to an address and port ended, and how long that took. */
export type Answer =
  | { readonly kind: "answered"; readonly tookMs: number; readonly greeting: Greeting | undefined }
  | { readonly kind: "refused" | "unreachable" | "timeout"; readonly tookMs: number }

/** Long enough for a SYN that had to be sent again after one second. */
const patienceMs = 1500

/** Asks once, from inside that machine: a real connection (or datagram) and the pod's answer. Never rejects. */
export const ask = (machine: string, target: Target, timeoutMs: number = patienceMs): Promise<Answer> =>
  target.protocol === "TCP" ? askHttp(machine, target, timeoutMs) : askDatagram(machine, target, timeoutMs)

const request = "GET / HTTP/1.0\r\nHost: lab\r\n\r\n"

const askHttp = (machine: string, target: Target, timeoutMs: number): Promise<Answer> => {
  const began = performance.now()
  const socket = connect(machine, target)
  let text = ""
  socket.setEncoding("utf8").on("data", (more: string) => (text += more))
  socket.end(request)
  return new Promise((resolve) => {
    const end = (answer: Answer): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end({ kind: "timeout", tookMs: performance.now() - began }), timeoutMs)
    socket.on("end", () => end({ kind: "answered", tookMs: performance.now() - began, greeting: readGreeting(text) }))
    socket.on("error", (error) => end({ kind: kindOfError(error), tookMs: performance.now() - began }))
  })
}

/** Opens a connection and resets it at once: no TIME_WAIT, so that hundreds a second can go on for minutes. */
export const knock = (machine: string, target: Target, timeoutMs: number): Promise<Answer> => {
  const began = performance.now()
  const socket = connect(machine, target)
  return new Promise((resolve) => {
    const end = (answer: Answer): void => {
      clearTimeout(timer)
      socket.resetAndDestroy()
      resolve(answer)
    }
    const timer = setTimeout(() => end({ kind: "timeout", tookMs: performance.now() - began }), timeoutMs)
    socket.once("connect", () => end({ kind: "answered", tookMs: performance.now() - began, greeting: undefined }))
    socket.on("error", (error) => end({ kind: kindOfError(error), tookMs: performance.now() - began }))
  })
}

const connect = (machine: string, { address, port }: Target): Socket => {
  const socket = new Socket({ fd: openSocket(machine, "tcp", familyOfText(address)) })
  return socket.connect({ host: address, port })
}

const askDatagram = (machine: string, { address, port }: Target, timeoutMs: number): Promise<Answer> => {
  const began = performance.now()
  const family = familyOfText(address)
  const socket = createSocket(family === 4 ? "udp4" : "udp6")
  return new Promise((resolve) => {
    const end = (answer: Answer): void => {
      clearTimeout(timer)
      socket.close()
      resolve(answer)
    }
    const timer = setTimeout(() => end({ kind: "timeout", tookMs: performance.now() - began }), timeoutMs)
    socket.once("error", (error) => end({ kind: kindOfError(error), tookMs: performance.now() - began }))
    socket.once("message", (bytes) =>
      end({ kind: "answered", tookMs: performance.now() - began, greeting: readGreeting(bytes.toString()) }),
    )
    socket.once("listening", () => socket.connect(port, address))
    socket.once("connect", () => socket.send("hello"))
    socket.bind({ fd: openSocket(machine, "udp", family) })
  })
}

const kindOfError = (error: Error): "refused" | "unreachable" =>
  "code" in error && (error.code === "ECONNREFUSED" || error.code === "ECONNRESET") ? "refused" : "unreachable"
