import { execFile, execFileSync } from "node:child_process"
import { existsSync, writeFileSync } from "node:fs"
import { inNamespace } from "../netns.ts"
import { sentenceOfError } from "../failure.ts"
import { CLONE_NEWNET, O_RDONLY } from "./abi.ts"
import * as libc from "./libc.ts"

/** Two machines joined by one wire, for tests: network namespaces with an `eth0` each, removed by `close`. */
export type Wire = {
  readonly left: Machine
  readonly right: Machine
  readonly close: () => void
}
export type Machine = {
  readonly namespace: string
  /** Index of its eth0. */
  readonly index: number
  readonly mac: string
  /** `ip` inside it. */
  readonly ip: (...words: string[]) => string
  /** A program inside it: what it printed, whether or not it succeeded. */
  readonly run: (...words: string[]) => string
  /** The same, while this process goes on and may answer it. */
  readonly start: (...words: string[]) => Promise<string>
}

const programMs = 10_000
let wires = 0

const execute = (program: string, ...words: string[]): string =>
  execFileSync(program, words, { encoding: "utf8", timeout: programMs, stdio: ["ignore", "pipe", "pipe"] })

/** To be laid inside namespaces of one's own (`packetTest`): there an ordinary user may, and nothing outlives the test. */
export const layWire = (): Wire => {
  const id = `wire-${process.pid}-${++wires}`
  const names = [`${id}-l`, `${id}-r`] as const
  const close = (): void => {
    for (const name of names) if (existsSync(`/run/netns/${name}`)) execute("ip", "netns", "del", name)
  }
  try {
    for (const name of names) execute("ip", "netns", "add", name)
    execute("ip", "link", "add", "eth0", "netns", names[0], "type", "veth", "peer", "name", "eth0", "netns", names[1])
    return { left: machine(names[0], 1), right: machine(names[1], 2), close }
  } catch (error) {
    close()
    throw error
  }
}

/** For the rest of this process: also what is opened later, by a timer, is opened there. */
export const moveInto = ({ namespace }: Machine): void => {
  const fd = libc.open(`/run/netns/${namespace}`, O_RDONLY)
  const moved = libc.setns(fd, CLONE_NEWNET)
  libc.close(fd)
  if (moved < 0) throw new Error(`could not move into ${namespace}: ${libc.codeOf(moved)}`)
}

/** Opens files until this process may have no more; its limit stays low until it ends. */
export const takeAllDescriptors = (): readonly number[] => {
  execute("prlimit", "--pid", String(process.pid), "--nofile=256:256")
  const taken: number[] = []
  for (let fd = libc.open("/dev/null", O_RDONLY); fd >= 0; fd = libc.open("/dev/null", O_RDONLY)) taken.push(fd)
  return taken
}

const machine = (namespace: string, number: number): Machine => {
  const ip = (...words: string[]): string => execute("ip", "-n", namespace, ...words)
  ip("link", "set", "lo", "up")
  ip("addr", "add", `192.168.40.${number}/24`, "dev", "eth0")
  ip("addr", "add", `fd00:40::${number}/64`, "dev", "eth0", "nodad")
  inNamespace(namespace, () => writeFileSync("/proc/sys/net/ipv6/conf/eth0/accept_dad", "0"))
  ip("link", "set", "eth0", "up")
  const [index, mac] = /^(\d+):[\s\S]*link\/ether (\S+)/.exec(ip("link", "show", "eth0"))?.slice(1) ?? []
  if (index === undefined || mac === undefined) throw new Error(`no eth0 in ${namespace}`)
  const run = (...words: string[]): string => {
    try {
      return execute("ip", "netns", "exec", namespace, ...words)
    } catch (error) {
      return error instanceof Error && "stdout" in error ? String(error.stdout) : sentenceOfError(error)
    }
  }
  const start = (...words: string[]): Promise<string> =>
    new Promise((resolve) => {
      const [program, options] = ["ip", { timeout: programMs }]
      execFile(program, ["netns", "exec", namespace, ...words], options, (_, out, errors) => resolve(out + errors))
    })
  return { namespace, index: Number(index), mac, ip, run, start }
}
