import { closeSync, openSync, readdirSync, writeFileSync } from "node:fs"
import koffi from "koffi"

/** Where `ip netns` keeps the names; inside the lab it is a private tmpfs. */
const namesDirectory = "/run/netns"
const CLONE_NEWNET = 0x40000000
const AF_INET = 2
const AF_INET6 = 10
const SOCK_NONBLOCK_CLOEXEC = 0o2004000
const socketTypes = { tcp: 1, udp: 2 } as const

type Libc = {
  setns: (fd: number, type: number) => number
  socket: (domain: number, type: number, protocol: number) => number
  bind: (fd: number, address: Uint8Array, length: number) => number
  setsockopt: (fd: number, level: number, name: number, value: Uint8Array, length: number) => number
  home: number
}

let loaded: Libc | undefined
const libc = (): Libc => {
  if (loaded !== undefined) return loaded
  const library = koffi.load(null)
  loaded = {
    setns: library.func("int setns(int, int)") as Libc["setns"],
    socket: library.func("int socket(int, int, int)") as Libc["socket"],
    bind: library.func("int bind(int, const void *, uint32_t)") as Libc["bind"],
    setsockopt: library.func("int setsockopt(int, int, int, const void *, uint32_t)") as Libc["setsockopt"],
    home: openSync("/proc/thread-self/ns/net", "r"),
  }
  return loaded
}

const failure = (call: string, where: string): Error =>
  new Error(
    `${call} in network namespace ${where} failed: ${koffi.os.errno.ENOENT === koffi.errno() ? "no such thing" : `errno ${koffi.errno()}`}`,
  )

/**
 * Runs `make` with this thread inside the named network namespace, and comes back. What is made there (a socket, a child
 * process, an open file of /proc/sys/net) stays there; `make` must be synchronous, because every thread's namespace is its own.
 */
export const inNamespace = <T>(name: string, make: () => T): T => {
  const { setns, home } = libc()
  const fd = openSync(`${namesDirectory}/${name}`, "r")
  try {
    if (setns(fd, CLONE_NEWNET) !== 0) throw failure("setns", name)
    return make()
  } finally {
    closeSync(fd)
    if (setns(home, CLONE_NEWNET) !== 0) process.abort()
  }
}

export const namespaceNames = (): string[] => readdirSync(namesDirectory)

/** Writes one setting under /proc/sys/net as that namespace sees it: `ipv4/ip_forward`. */
export const setKernelSetting = (namespace: string, setting: string, value: string): void =>
  inNamespace(namespace, () => writeFileSync(`/proc/sys/net/${setting}`, value))

/** A non-blocking socket of that namespace, not yet bound or connected; the caller owns the descriptor. */
export const openSocket = (namespace: string, kind: "tcp" | "udp", family: 4 | 6): number =>
  inNamespace(namespace, () => {
    const fd = libc().socket(family === 4 ? AF_INET : AF_INET6, socketTypes[kind] | SOCK_NONBLOCK_CLOEXEC, 0)
    if (fd < 0) throw failure("socket", namespace)
    return fd
  })

/**
 * A socket bound to a port there, ready for `listen({ fd })` or dgram's `bind({ fd })`. With `"any"` it serves both
 * families (IPv4 clients show as ::ffff:a.b.c.d), or IPv4 alone where the kernel has no IPv6.
 */
export const bindSocket = (
  namespace: string,
  kind: "tcp" | "udp",
  address: "any" | "loopback",
  port: number,
): number => {
  const both = address === "any"
  const fd = both ? openEither(namespace, kind) : { fd: openSocket(namespace, kind, 4), family: 4 as const }
  allowReuse(fd.fd)
  const bytes = fd.family === 4 ? ipv4Address(both ? [0, 0, 0, 0] : [127, 0, 0, 1], port) : ipv6Any(port)
  if (libc().bind(fd.fd, bytes, bytes.length) === 0) return fd.fd
  const problem = failure(`bind to port ${port}`, namespace)
  closeSync(fd.fd)
  throw problem
}

const openEither = (namespace: string, kind: "tcp" | "udp"): { fd: number; family: 4 | 6 } => {
  try {
    return { fd: openSocket(namespace, kind, 6), family: 6 }
  } catch {
    return { fd: openSocket(namespace, kind, 4), family: 4 }
  }
}

const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const allowReuse = (fd: number): void => {
  libc().setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, Uint8Array.of(1, 0, 0, 0), 4)
}

/** struct sockaddr_in: the family in host order (every Linux that Node 24 runs on is little-endian but s390x), the port in network order. */
const ipv4Address = (octets: readonly number[], port: number): Uint8Array =>
  Uint8Array.of(AF_INET, 0, port >> 8, port & 255, ...octets, 0, 0, 0, 0, 0, 0, 0, 0)

const ipv6Any = (port: number): Uint8Array => {
  const bytes = new Uint8Array(28)
  bytes.set([AF_INET6, 0, port >> 8, port & 255])
  return bytes
}
