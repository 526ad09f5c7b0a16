import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmdirSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { findTool, ipFailedExitCode, isolatedCommand, isRoot, toolEnvironment, unshareCommand } from "./isolation.ts"

/** Whether this machine can carry a lab of network namespaces: one answer for the demo, the tests and `lab up`. */
export type Needs =
  | { readonly kind: "ready" }
  | {
      readonly kind: "tools-missing"
      readonly tools: readonly string[]
      /** What a person types, or what `supplyNeeds` runs. */
      readonly install: string
      /** Root on a machine with apt: `supplyNeeds` installs them. */
      readonly canInstall: boolean
      readonly says: string
    }
  | {
      readonly kind: "namespaces-refused"
      readonly tried: string
      readonly error: string
      /** The setting that forbids it, where one was found. */
      readonly because: string | undefined
      readonly ways: readonly string[]
      readonly says: string
    }
  /** A tool is there, and cannot do what a lab asks of it. */
  | {
      readonly kind: "tool-failed"
      readonly tool: TrialTool
      readonly error: string
      readonly ways: readonly string[]
      readonly says: string
    }
  /** A process may not have so many files open as a lab's. */
  | { readonly kind: "files-limited"; readonly ways: readonly string[]; readonly says: string }

type TrialTool = "ip" | "nft"

/** `tool` is what failed inside the namespaces; undefined where there are none. */
export type FailedTrial = { readonly tool: TrialTool | undefined; readonly error: string }

/** What is looked at, handed in so that every answer can be tested. */
export type MachineView = {
  readonly root: boolean
  readonly hasTool: (name: string) => boolean
  /** What comes of the lab's own command: undefined where it worked. */
  readonly tryNamespaces: () => FailedTrial | undefined
  readonly kernelSetting: (name: string) => string | undefined
  /** How many files a process may have open; Node lifts its own limit up to it. */
  readonly openFilesMax: number
}

/** The process that holds namespaces, API server, service proxies and pods of six nodes has 430 open (measured). */
const openFilesMin = 1024

const packageOfTool = {
  ip: "iproute2",
  nft: "nftables",
  unshare: "util-linux",
  nsenter: "util-linux",
  setpriv: "util-linux",
  mount: "mount",
} as const

export const assessNeeds = (machine: MachineView = thisMachine): Needs => {
  const tools = Object.keys(packageOfTool).filter((tool) => !machine.hasTool(tool))
  if (machine.openFilesMax < openFilesMin) return filesLimited(machine.openFilesMax)
  if (tools.length > 0) return toolsMissing(tools, machine)
  const failed = machine.tryNamespaces()
  if (failed === undefined) return { kind: "ready" }
  const { tool, error } = failed
  return tool === undefined ? namespacesRefused(error, machine) : toolFailed(tool, error)
}

const toolsMissing = (tools: readonly string[], machine: MachineView): Needs => {
  const packages = [...new Set(tools.map((tool) => packageOfTool[tool as keyof typeof packageOfTool]))]
  const install = `apt-get install -y --no-install-recommends ${packages.join(" ")}`
  const withApt = machine.hasTool("apt-get")
  const remedy = withApt
    ? `${machine.root ? "" : "sudo "}${install}`
    : `install the packages that carry ${tools.join(", ")} (on Debian: ${packages.join(" ")})`
  const are = tools.length === 1 ? "is" : "are"
  return {
    kind: "tools-missing",
    tools,
    install: remedy,
    canInstall: withApt && machine.root,
    says: `The lab needs ip and nft; ${tools.join(", ")} ${are} missing: ${remedy}`,
  }
}

const filesLimited = (openFilesMax: number): Needs => ({
  kind: "files-limited",
  ways: [`ulimit -n ${openFilesMin}       in a new shell: a limit that a shell has lowered stays`],
  says: `The lab needs ${openFilesMin} open files a process, and here are ${openFilesMax} allowed`,
})

const namespacesRefused = (error: string, machine: MachineView): Needs => {
  const guard = guards.find(({ setting, forbids }) => machine.kernelSetting(setting) === forbids)
  const because = guard && `${guard.setting} = ${guard.forbids}${guard.note}`
  return {
    kind: "namespaces-refused",
    tried: unshareCommand(machine.root).join(" "),
    error,
    because,
    ways: [
      ...(machine.root ? [] : ["run it as root"]),
      ...(guard ? [`sudo sysctl -w ${guard.setting}=${guard.allows}       until the next boot`] : []),
    ],
    says: `The lab needs network namespaces, and this user may not make them: ${because ?? error}`,
  }
}

const toolFailed = (tool: TrialTool, error: string): Needs => ({
  kind: "tool-failed",
  tool,
  error,
  ways: [`repair it: it comes with the package ${packageOfTool[tool]}; what it lacks may be a part of the kernel`],
  says: `The lab needs ${trials[tool].makes}, and ${tool} fails to make them: ${error}`,
})

const guards = [
  {
    setting: "kernel.apparmor_restrict_unprivileged_userns",
    forbids: "1",
    allows: "0",
    note: " (Ubuntu 23.10 and later)",
  },
  { setting: "kernel.unprivileged_userns_clone", forbids: "0", allows: "1", note: "" },
  { setting: "user.max_user_namespaces", forbids: "0", allows: "65536", note: "" },
] as const

/**
 * Assesses, and as root with apt installs what is missing after one line through `say`. The answer is what holds
 * afterwards; a failed installation leaves `tools-missing`.
 */
export const supplyNeeds = (say: (line: string) => void): Needs => {
  const needs = assessNeeds()
  if (needs.kind !== "tools-missing" || !needs.canInstall) return needs
  say(`The lab needs ${needs.tools.join(" and ")}, installing: ${needs.install}`)
  if (!hasPackageLists()) runApt(["update"])
  const argv = needs.install.split(" ").slice(1)
  if (!runApt(argv)) {
    runApt(["update"])
    runApt(argv)
  }
  return assessNeeds()
}

const runApt = (argv: readonly string[]): boolean => {
  const env = { ...toolEnvironment(), DEBIAN_FRONTEND: "noninteractive" }
  const run = spawnSync("apt-get", ["-qq", ...argv], { env, encoding: "utf8" })
  if (run.status !== 0) process.stderr.write(run.stderr)
  return run.status === 0
}

const hasPackageLists = (): boolean => {
  try {
    return readdirSync("/var/lib/apt/lists").some((name) => name.includes("_Packages"))
  } catch {
    return false
  }
}

/** Everything the lab asks of a kernel, by the tool that asks, which is told by its exit code. */
const trials: Readonly<
  Record<TrialTool, { readonly makes: string; readonly command: string; readonly exitCode: number }>
> = {
  ip: {
    makes: "namespaces, bridges and VXLAN links",
    command:
      "ip netns add trial && ip link add t0 type bridge && ip link add t1 type vxlan id 1 dstport 8472 nolearning dev t0",
    exitCode: ipFailedExitCode,
  },
  nft: {
    makes: "NAT tables",
    command: `nft "add table ip t; add chain ip t c { type nat hook prerouting priority dstnat; }"`,
    exitCode: ipFailedExitCode + 1,
  },
}

const tools: readonly TrialTool[] = ["ip", "nft"]

const tryNamespaces = (): FailedTrial | undefined => {
  const keep = mkdtempSync(join(tmpdir(), "porchlight-trial-"))
  try {
    const script = tools.map((tool) => `{ ${trials[tool].command}; } || exit ${trials[tool].exitCode}`).join("; ")
    const [command, ...argv] = isolatedCommand(["sh", "-c", script], keep)
    const run = spawnSync(command, argv, { encoding: "utf8", env: toolEnvironment(), timeout: 10_000 })
    if (run.status === 0) return undefined
    // Where the command could not be started there is no stderr.
    const tool = tools.find((one) => trials[one].exitCode === run.status)
    const silent = tool === undefined ? `exit code ${run.status}` : "it said nothing"
    return { tool, error: run.error?.message ?? (run.stderr.trim().split("\n").at(-1) || silent) }
  } finally {
    rmdirSync(keep)
  }
}

/** Debian's packages of what people run in a lab. */
const packageOfCommand: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...packageOfTool,
    arping: "iputils-arping",
    bridge: "iproute2",
    curl: "curl",
    dig: "bind9-dnsutils",
    ethtool: "ethtool",
    mtr: "mtr-tiny",
    nc: "netcat-openbsd",
    ndisc6: "ndisc6",
    netstat: "net-tools",
    nmap: "nmap",
    nslookup: "bind9-dnsutils",
    ping: "iputils-ping",
    socat: "socat",
    ss: "iproute2",
    tcpdump: "tcpdump",
    traceroute: "traceroute",
    tshark: "tshark",
    wget: "wget",
  }),
)

/**
 * Why a command cannot run on a lab's machines, and what to install; undefined where it can. They use this machine's
 * programs. A path is left to the kernel to judge.
 */
export const missingCommand = (
  command: string,
  machine: Pick<MachineView, "root" | "hasTool"> = thisMachine,
): string | undefined => {
  if (command.includes("/") || machine.hasTool(command)) return undefined
  const name = packageOfCommand.get(command)
  const why = `a lab's machines use the programs of this one, and it has no ${command}`
  if (name === undefined) return `${why}: install the package that carries it`
  const byApt = `${machine.root ? "" : "sudo "}apt-get install -y --no-install-recommends ${name}`
  return machine.hasTool("apt-get")
    ? `${why}: ${byApt}`
    : `${why}: install the package that carries it (on Debian: ${name})`
}

/** `Max open files 1024 524288 files`: the second is the hard limit. */
function readOpenFilesMax(): number {
  try {
    const [, hard] = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8")) ?? []
    return hard === undefined ? Infinity : Number(hard)
  } catch {
    return Infinity
  }
}

const thisMachine: MachineView = {
  root: isRoot(),
  hasTool: (name) => findTool(name) !== undefined,
  tryNamespaces,
  openFilesMax: readOpenFilesMax(),
  kernelSetting: (name) => {
    try {
      return readFileSync(`/proc/sys/${name.replaceAll(".", "/")}`, "utf8").trim()
    } catch {
      return undefined
    }
  },
}
