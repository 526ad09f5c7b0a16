import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import type { StartOptions } from "../lab/host.ts"

/** The folder of the checkout or package that this program runs from. */
export const packageRoot = (): string => {
  let folder = import.meta.dirname
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder)
  return folder
}

export const scenariosFolder = (): string => join(packageRoot(), "scenarios")

/** This very program, as a lab's processes are started: the same bundle or the same sources. */
const ownCommand = (command: string): readonly [string, ...string[]] => [process.execPath, process.argv[1]!, command]

/** The program that holds a lab which outlives the command that raised it. */
export const labHolder = (): readonly [string, ...string[]] => ownCommand("lab-hold")

/**
 * How Node runs a speaker; `bin/porchlight` says the same. What a step makes dies with it, so a small young generation
 * does, and only what is truly hot is worth compiled code: 71 MiB resident with 50 Services instead of 82 (measured),
 * with ARP answered as fast.
 */
export const speakerRuntimeFlags: readonly string[] = [
  "--max-semi-space-size=1",
  "--max-opt=2",
  "--invocation-count-for-maglev=4000",
]

/** What `startLab` needs to run our own programs in a lab. */
export const labPrograms = (): Pick<StartOptions, "inside" | "controller" | "speaker" | "crds"> => ({
  inside: ownCommand("lab-inside"),
  controller: ownCommand("controller"),
  speaker: [process.execPath, ...speakerRuntimeFlags, process.argv[1]!, "speaker"],
  crds: join(packageRoot(), "deploy", "crds"),
})
