import { spawnSync } from "node:child_process"
import { join } from "node:path"

export const root: string = join(import.meta.dirname, "..")
export const bundle: string = join(root, "dist", "porchlight.js")

/** What is measured is what is shipped. Throws where the sources do not build. */
export const buildBundle = (): void => {
  const built = spawnSync(process.execPath, [join(root, "tools", "build.ts")], { encoding: "utf8" })
  if (built.status !== 0) throw new Error(`the bundle could not be built:\n${built.stderr.trim()}`)
}
