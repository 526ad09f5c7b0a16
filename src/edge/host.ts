import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { HostEvidence } from "../speaker/watcher/host-watch.ts"

/** What the kernel says of this node's connection table and of this process' CPU limit. `root`: where /proc and /sys are. */
export const readHost = async (root: string = "/"): Promise<HostEvidence> => {
  const [count, max, cgroup] = await Promise.all([
    readText(join(root, "proc/sys/net/netfilter/nf_conntrack_count")),
    readText(join(root, "proc/sys/net/netfilter/nf_conntrack_max")),
    readText(join(root, "proc/self/cgroup")),
  ])
  return { connections: connectionsOf(count, max), throttledMs: await throttledMsOf(root, cgroup) }
}

const connectionsOf = (count: string | undefined, max: string | undefined): HostEvidence["connections"] => {
  const [used, most] = [numberIn(count), numberIn(max)]
  return used === undefined || most === undefined || most === 0 ? undefined : { count: used, max: most }
}

/** Version 2 has one line, `0::/path`; a process that is in no group but the root one cannot be limited. */
const throttledMsOf = async (root: string, cgroup: string | undefined): Promise<number | undefined> => {
  const path = /^0::(\/.*)$/m.exec(cgroup ?? "")?.[1]
  const stat = path === undefined ? undefined : await readText(join(root, "sys/fs/cgroup", path, "cpu.stat"))
  const microseconds = numberIn(/^throttled_usec (\d+)$/m.exec(stat ?? "")?.[1])
  return microseconds === undefined ? undefined : Math.round(microseconds / 1000)
}

const numberIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined

const readText = (path: string): Promise<string | undefined> => readFile(path, "utf8").catch(() => undefined)
