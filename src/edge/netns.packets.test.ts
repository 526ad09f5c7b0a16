import assert from "node:assert/strict"
import { readlinkSync } from "node:fs"
import { createServer, Socket } from "node:net"
import { parseAddress } from "../net/address.ts"
import { layWire } from "./link/wire.ts"
import { AF_INET, SOCK_CLOEXEC, SOCK_NONBLOCK, SOCK_STREAM } from "./link/abi.ts"
import * as libc from "./link/libc.ts"
import { socketAddress } from "./link/socket-address.ts"
import { inNamespace } from "./netns.ts"
import { packetTest } from "../lab/packet-test.ts"

const leftAddress = parseAddress("192.168.40.1")!

packetTest(import.meta.url, "one process is a server in one namespace and a client in another", async () => {
  const wire = layWire()
  const server = createServer((socket) => socket.end(`you are ${socket.remoteAddress}`))
  try {
    const fd = open(wire.left.namespace)
    assert.equal(libc.bind(fd, socketAddress(leftAddress, 8080)), 0)
    await new Promise<void>((resolve) => server.listen({ fd }, resolve))
    assert.equal(await talk(wire.right.namespace, 8080), "you are 192.168.40.2")
    assert.equal(await talk(wire.right.namespace, 8081), "ECONNREFUSED")
  } finally {
    server.close()
    wire.close()
  }
})

packetTest(import.meta.url, "the thread is home again whatever happened there", () => {
  const home = readlinkSync("/proc/thread-self/ns/net")
  const wire = layWire()
  try {
    const there = inNamespace(wire.left.namespace, () => readlinkSync("/proc/thread-self/ns/net"))
    assert.notEqual(there, home)
    assert.throws(() => inNamespace(wire.left.namespace, () => assert.fail("in there")), /in there/)
    assert.equal(readlinkSync("/proc/thread-self/ns/net"), home)
  } finally {
    wire.close()
  }
})

packetTest(import.meta.url, "a namespace that is not there is a failure with its name", () => {
  const outcome = inNamespace("nowhere-at-all", () => 1)
  assert.ok(typeof outcome === "object")
  assert.equal(outcome.code, "ENOENT")
  assert.match(outcome.message, /no network namespace nowhere-at-all/)
})

function talk(namespace: string, port: number): Promise<string> {
  const fd = open(namespace)
  return new Promise((resolve) => {
    let text = ""
    const socket = new Socket({ fd }).connect(port, "192.168.40.1")
    socket.on("data", (chunk) => (text += chunk.toString()))
    socket.on("error", (error) => resolve("code" in error ? String(error.code) : error.message))
    socket.on("end", () => resolve(text))
  })
}

function open(namespace: string): number {
  const fd = inNamespace(namespace, () => libc.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))
  assert.ok(typeof fd === "number" && fd >= 0)
  return fd
}
