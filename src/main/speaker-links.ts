import { CommandFailure } from "../cli/failure.ts"
import type { Failure } from "../edge/failure.ts"
import { defaultExcludedNames, excludeFile, excluding, readExcludedNames } from "../edge/link/exclude.ts"
import { type InterfaceWatch, watchInterfaces } from "../edge/link/netlink.ts"
import type { Log } from "../edge/log.ts"
import type { Interface } from "../net/interface.ts"

/** Follows this machine's interfaces, without those that MetalLB's exclude file names (its default list where there is no file). */
export const watchLinks = async (
  log: Log,
  onChange: (interfaces: readonly Interface[]) => void,
): Promise<InterfaceWatch> => {
  const named = await readExcludedNames(excludeFile)
  const names = "kind" in named || named.length === 0 ? defaultExcludedNames : named
  if ("kind" in named) log.warn("exclude-file", `${named.message}. MetalLB's default list is used instead.`)
  const isExcluded = excluding(names)
  if ("kind" in isExcluded) throw new CommandFailure(4, `speaker: ${isExcluded.message}`)
  const onTrouble = (trouble: Failure): void => log.warn("links", trouble.message)
  const watched = watchInterfaces({ isExcluded, onChange, onTrouble })
  if ("kind" in watched) throw new CommandFailure(4, `speaker: ${watched.message}`)
  onChange(watched.interfaces())
  return watched
}

/** Without NET_RAW no address can ever be answered: the process says so and ends, instead of trying for ever. */
export const explainTrouble = (log: Log, link: string, trouble: Failure): void => {
  if (trouble.code !== "EPERM") return log.warn(`link ${trouble.code}`, trouble.message, { link })
  const remedy = "securityContext.capabilities.add: [NET_RAW]"
  console.error(`✗ speaker: no packet socket on ${link}: NET_RAW is missing.   ${remedy}`)
  process.exit(4)
}
