/** Bundles the programs into `dist/`, or the folder named first: half the start-up of the sources, and what an image carries. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { build } from "esbuild"

const root = join(import.meta.dirname, "..")
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }

await build({
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
})
