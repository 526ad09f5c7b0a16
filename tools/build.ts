/** Bundles the programs into `dist/`, or the folder named first: half the start-up of the sources, and what an image carries. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"

const root = join(import.meta.dirname, "..")
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }

/** Where `dist/` cannot be written, `bin/porchlight` runs what is there or the sources: that is slower, and no failure. */
const isUnwritable = (error: unknown): boolean =>
  /EROFS|EACCES|read-only file system|permission denied/i.test(String(error))

await build({
  logLevel: "silent",
  absWorkingDir: root,
  entryPoints: { porchlight: "src/main/cli.ts" },
  outdir: process.argv[2] ?? "dist",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  external: ["koffi"],
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  define: { PORCHLIGHT_VERSION: JSON.stringify(version) },
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
}).catch((error: unknown) => {
  process.stderr.write(
    isUnwritable(error)
      ? "dist/ cannot be written here: the sources are run as they are, which starts slower.\n"
      : `✗ The sources do not build: ${String(error)}\n`,
  )
  if (!isUnwritable(error)) process.exitCode = 1
})
