import { writeFileSync } from "node:fs"
import type { Failure } from "../edge/failure.ts"
import * as abi from "../edge/link/abi.ts"
import * as libc from "../edge/link/libc.ts"
import { socketAddress } from "../edge/link/socket-address.ts"
import { inNamespace as enter } from "../edge/netns.ts"
import type { Ipv4, Ipv6 } from "../net/address.ts"

/**
 * Runs `make` with this thread inside the named network namespace, and comes back. What is made there (a socket, a child
 * process, an open file of /proc/sys/net) stays there; `make` must be synchronous. Throws where there is no such
 * namespace: the lab made them all itself.
 */
export const inNamespace = <T>(name: string, make: () => T): T => {
  let made: { readonly value: T } | undefined
  const failed = enter<undefined>(name, () => {
    made = { value: make() }
    return undefined
  })
  if (made === undefined) throw problem(failed)
  return made.value
}

const problem = (failed: Failure | undefined): Error =>
  new Error(failed === undefined ? "the namespace was left too early" : failed.message)

/** Writes one setting under /proc/sys/net as that namespace sees it: `ipv4/ip_forward`. */
export const setKernelSetting = (namespace: string, setting: string, value: string): void =>
  inNamespace(namespace, () => writeFileSync(`/proc/sys/net/${setting}`, value))

type Transport = "tcp" | "udp"
const types: Record<Transport, number> = { tcp: abi.SOCK_STREAM, udp: abi.SOCK_DGRAM }

/** A non-blocking socket of that namespace, not yet bound or connected; the caller owns the descriptor. */
export const openSocket = (namespace: string, kind: Transport, family: 4 | 6): number =>
  checked(tryOpen(namespace, kind, family), `open a ${kind} socket in ${namespace}`)

const tryOpen = (namespace: string, kind: Transport, family: 4 | 6): number =>
  inNamespace(namespace, () =>
    libc.socket(family === 4 ? abi.AF_INET : abi.AF_INET6, types[kind] | abi.SOCK_NONBLOCK | abi.SOCK_CLOEXEC, 0),
  )

const checked = (result: number, doing: string): number => {
  if (result < 0) throw new Error(`could not ${doing}: ${libc.codeOf(result)}`)
  return result
}

const loopback = 0x7f000001 as Ipv4
const anyIpv4 = 0 as Ipv4
const anyIpv6 = 0n as Ipv6

/**
 * A socket bound to a port there, ready for `listen({ fd })` or dgram's `bind({ fd })`. With `"any"` it serves both
 * families (IPv4 clients show as ::ffff:a.b.c.d), or IPv4 alone where the kernel has no IPv6.
 */
export const bindSocket = (namespace: string, kind: Transport, reach: "any" | "loopback", port: number): number => {
  const both = reach === "any" ? tryOpen(namespace, kind, 6) : -1
  const fd = both >= 0 ? both : openSocket(namespace, kind, 4)
  const address = reach === "loopback" ? loopback : both >= 0 ? anyIpv6 : anyIpv4
  libc.setOption(fd, abi.SOL_SOCKET, abi.SO_REUSEADDR, 1)
  if (both >= 0) libc.setOption(fd, abi.IPPROTO_IPV6, abi.IPV6_V6ONLY, 0)
  const bound = libc.bind(fd, socketAddress(address, port))
  if (bound < 0) libc.close(fd)
  checked(bound, `bind ${kind} port ${port} in ${namespace}`)
  return fd
}
