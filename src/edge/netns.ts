import * as abi from "./link/abi.ts"
import type { Address } from "../net/address.ts"
import { type Failure, failure } from "./failure.ts"
import * as libc from "./link/libc.ts"
import { socketAddress } from "./link/socket-address.ts"

/** A network namespace by the name that `ip netns` gave it, or by the path of its file (`/proc/PID/ns/net`). */
export type NamespaceName = string

const pathOf = (name: NamespaceName): string => (name.startsWith("/") ? name : `/run/netns/${name}`)

/**
 * Does `act` inside a network namespace and comes back. Sockets opened there stay there for life, so one process can
 * be many hosts. `act` must be synchronous: between leaving and coming back nothing else may run on this thread.
 */
export const inNamespace = <T>(name: NamespaceName, act: () => T): T | Failure => {
  const home = libc.open("/proc/thread-self/ns/net", abi.O_RDONLY | abi.O_CLOEXEC)
  if (home < 0)
    return failure(libc.codeOf(home), `could not open this process's own network namespace: is /proc mounted?`)
  const there = libc.open(pathOf(name), abi.O_RDONLY | abi.O_CLOEXEC)
  try {
    if (there < 0)
      return failure(
        libc.codeOf(there),
        `there is no network namespace ${name}: \`ip netns list\` shows those that are`,
      )
    const moved = libc.setns(there, abi.CLONE_NEWNET)
    if (moved < 0)
      return failure(
        libc.codeOf(moved),
        `could not enter namespace ${name} (${libc.codeOf(moved)}): it needs SYS_ADMIN`,
      )
    try {
      return act()
    } finally {
      comeBack(home, name)
    }
  } finally {
    if (there >= 0) libc.close(there)
    libc.close(home)
  }
}

/** A thread that cannot return would do everything after this in the wrong place: that ends the process. */
const comeBack = (home: number, from: NamespaceName): void => {
  const back = libc.setns(home, abi.CLONE_NEWNET)
  if (back < 0) throw new Error(`lost in network namespace ${from}: ${libc.codeOf(back)}`)
}

/**
 * A TCP socket of that namespace that listens already: give it to `server.listen({ fd })`. The caller closes it, which
 * `net.Server` does.
 */
export const listenIn = (name: NamespaceName, address: Address, port: number): { readonly fd: number } | Failure => {
  const fd = streamSocketIn(name, address)
  if (typeof fd !== "number") return fd
  libc.setOption(fd, abi.SOL_SOCKET, abi.SO_REUSEADDR, 1)
  const bound = libc.bind(fd, socketAddress(address, port))
  const result = bound < 0 ? bound : libc.listen(fd, 511)
  if (result >= 0) return { fd }
  libc.close(fd)
  return failure(libc.codeOf(result), `could not listen on port ${port} in namespace ${name} (${libc.codeOf(result)})`)
}

/**
 * A fresh TCP socket of that namespace: `new net.Socket({ fd }).connect(port, host)` connects from there. `family`
 * must be that of the host.
 */
export const dialIn = (name: NamespaceName, address: Address): { readonly fd: number } | Failure => {
  const fd = streamSocketIn(name, address)
  return typeof fd === "number" ? { fd } : fd
}

const streamSocketIn = (name: NamespaceName, address: Address): number | Failure => {
  const family = typeof address === "number" ? abi.AF_INET : abi.AF_INET6
  const fd = inNamespace(name, () => libc.socket(family, abi.SOCK_STREAM | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC, 0))
  if (typeof fd !== "number" || fd >= 0) return fd
  return failure(libc.codeOf(fd), `could not open a TCP socket in namespace ${name} (${libc.codeOf(fd)})`)
}
