import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"

/** Ordinary users of Debian have no sbin in their PATH; `nft` lives there. */
const systemDirectories = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"]

/** The environment with every directory where the system keeps its tools. */
export const toolEnvironment = (): NodeJS.ProcessEnv => {
  const path = new Set([...(process.env["PATH"] ?? "").split(delimiter), ...systemDirectories])
  path.delete("")
  return { ...process.env, PATH: [...path].join(delimiter) }
}

/** The full path of a tool, or undefined where no directory has it. */
export const findTool = (name: string): string | undefined =>
  (toolEnvironment()["PATH"] ?? "")
    .split(delimiter)
    .map((directory) => join(directory, name))
    .find(isExecutable)

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

export const isRoot = (): boolean => process.getuid?.() === 0

/** Tells a failure of `ip` from one of `unshare`, which ends with 1. */
export const ipFailedExitCode = 91

/**
 * What runs first inside: its own /proc (so that process ids are the lab's), and a private /run (so that `ip netns` writes
 * no name that outlives the lab). `$1` is a directory that must stay visible even where it lies under /run.
 */
const prepare = `
keep=$1; shift
mount -t proc proc /proc 2>/dev/null
cd "$keep" && mount -t tmpfs -o mode=755 tmpfs /run && mkdir -p /run/netns || exit 1
case $(readlink -f /var/run)/,$keep/ in /run/,/run/*|/run/,/var/run/*) mkdir -p "$keep" && mount -c --bind . "$keep" || exit 1;; esac
cd / || exit 1
ip link set lo up || exit ${ipFailedExitCode}
exec "$@"`

const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child=KILL", "--propagation", "private"]

/** The part of the command that asks the kernel for namespaces: what a person is told was tried. */
export const unshareCommand = (root: boolean = isRoot()): readonly [string, ...string[]] => [
  "unshare",
  ...(root ? [] : ["--user", "--map-root-user"]),
  ...namespaces,
]

/**
 * The command that runs `program` inside namespaces of its own. Everything in them ends with it, and it ends with the
 * process that started it, however that dies: both by the kernel's parent-death signal.
 */
export const isolatedCommand = (program: readonly string[], keep: string): readonly [string, ...string[]] => [
  "setpriv",
  "--pdeathsig",
  "KILL",
  ...unshareCommand(),
  "sh",
  "-c",
  prepare,
  "porchlight-lab",
  keep,
  ...program,
]

/** The command that runs `argv` in one machine of a running lab; `pid` is the process that `isolatedCommand` became. */
export const enterCommand = (pid: number, machine: string, argv: readonly string[]): readonly [string, ...string[]] => [
  "nsenter",
  ...(isRoot() ? [] : [`--user=/proc/${pid}/ns/user`, "--preserve-credentials"]),
  `--mount=/proc/${pid}/ns/mnt`,
  `--pid=/proc/${pid}/ns/pid_for_children`,
  "nsenter",
  `--net=/run/netns/${machine}`,
  ...argv,
]
