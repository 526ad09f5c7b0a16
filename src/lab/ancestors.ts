import { readFileSync } from "node:fs"
import { processStat } from "./state-directory.ts"

/** How soon the death of a process above is noticed. */
const lookEveryMs = 200

/**
 * Calls `gone` once when the process that started this one dies, or the package manager above it: npm runs a script
 * through a shell, and whoever kills npm with -9 leaves shell and script alone. Returns how to stop watching.
 */
export const watchAncestors = (gone: (says: string) => void): (() => void) => {
  const chain = ancestorsToWatch()
  const look = (): void => {
    const lost = lostAncestor(chain)
    if (lost === undefined) return
    clearInterval(timer)
    gone(`process ${lost}, which started this lab, is gone`)
  }
  const timer = setInterval(look, lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

/** This process first, then its parent, up to the package manager where there is one. */
const ancestorsToWatch = (): readonly number[] => {
  const all = [process.pid]
  for (let pid = processStat(process.pid)?.parent ?? 0; pid > 1; pid = processStat(pid)?.parent ?? 0) all.push(pid)
  const manager = all.findIndex((pid, index) => index > 0 && isPackageManager(pid))
  return all.slice(0, manager < 0 ? 2 : manager + 1)
}

const isPackageManager = (pid: number): boolean => {
  try {
    return /^(\S*\/)?(npm|npx|pnpm|yarn)\b|\/(npm|npx)(-cli\.js)?\0/.test(
      readFileSync(`/proc/${pid}/cmdline`, "latin1"),
    )
  } catch {
    return false
  }
}

/** An orphan gets another parent, so a broken link in the chain is a death. */
const lostAncestor = (chain: readonly number[]): number | undefined =>
  chain.slice(1).find((ancestor, index) => processStat(chain[index]!)?.parent !== ancestor)
