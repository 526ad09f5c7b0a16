import { readFileSync } from "node:fs"
import { processStat } from "./state-directory.ts"

/** How soon the death of a process above is noticed. */
const lookEveryMs = 200

/**
 * Calls `gone` once when the process that started this one dies, or the package manager above it: npm runs a script
 * through a shell, and whoever kills npm with -9 leaves shell and script alone. One that died before this process could
 * look is noticed too. Returns how to stop watching.
 */
export const watchAncestors = (gone: (says: string) => void): (() => void) => {
  const look = (): void => {
    const lost = lostAncestor()
    if (lost === undefined) return
    clearInterval(timer)
    gone(`${lost}, which started this lab, is gone`)
  }
  const timer = setInterval(look, lookEveryMs)
  timer.unref()
  look()
  return () => clearInterval(timer)
}

/** For a program that must not outlive who started it: says why, and ends. */
export const endWithAncestors = (says: string): void => {
  process.stderr.write(`${says}; the lab ends with it.\n`)
  process.exit(1)
}

/** This process first, then its parent, up to the package manager where there is one. */
const ancestorsToWatch = (): readonly number[] => {
  const all = [process.pid]
  for (let pid = processStat(process.pid)?.parent ?? 0; pid > 1; pid = processStat(pid)?.parent ?? 0) all.push(pid)
  const manager = all.findIndex((pid, index) => index > 0 && isPackageManager(pid))
  return all.slice(0, manager < 0 ? 2 : manager + 1)
}

const isPackageManager = (pid: number): boolean =>
  /^(\S*\/)?(npm|npx|pnpm|yarn)\b|\/(npm|npx)(-cli\.js)?\0/.test(procFile(pid, "cmdline") ?? "")

const startedByNpm = /(^|\0)npm_config_user_agent=npm\//

/**
 * Every process below npm carries its environment, so the first one above that does not is npm, or a stranger who took
 * over what npm left. Processes of another session (a terminal opened from npm) have a life of their own.
 */
const isLeftByNpm = (): boolean => {
  for (let pid = process.pid; pid > 0;) {
    if (isPackageManager(pid)) return false
    const environment = procFile(pid, "environ")
    // Of the processes that adopt orphans only the first of a machine may hide its environment.
    if (environment === undefined) return pid === 1
    if (!startedByNpm.test(environment)) return pid !== process.pid
    const stat = processStat(pid)
    if (stat === undefined || stat.session === pid) return false
    pid = stat.parent
  }
  return false
}

/** A process that is dying has nothing left to read; undefined where it may not be read. */
const procFile = (pid: number, name: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "latin1")
  } catch (error) {
    const forbidden = error instanceof Error && "code" in error && (error.code === "EACCES" || error.code === "EPERM")
    return forbidden ? undefined : ""
  }
}

/** Read when this file is loaded: whoever dies later breaks the chain. */
const chain = ancestorsToWatch()
const npmWasGone = isLeftByNpm()

/** An orphan gets another parent, so a broken link in the chain is a death. */
const lostAncestor = (): string | undefined => {
  if (npmWasGone) return "npm"
  const lost = chain.slice(1).find((ancestor, index) => processStat(chain[index]!)?.parent !== ancestor)
  return lost === undefined ? undefined : `process ${lost}`
}
