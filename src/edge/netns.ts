import * as abi from "./link/abi.ts"
import { type Failure, failure } from "./failure.ts"
import * as libc from "./link/libc.ts"

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
