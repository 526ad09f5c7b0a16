import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import { Command, Option } from "commander"
import { typedNames } from "./cluster-names.ts"
import { placeOf, wordsOfTree } from "./command-line.ts"
import { cachedNames, keepNames, type Names } from "./name-cache.ts"

const root = join(import.meta.dirname, "..", "..", "..")
const folder = mkdtempSync(join(tmpdir(), "porchlight-complete-"))
after(() => rmSync(folder, { recursive: true }))

const skip = existsSync("/bin/bash") ? false : "there is no bash"

test("bash offers commands, names of the dump that was named, and what stands behind a colon", { skip }, () => {
  const offers: Readonly<Record<string, readonly string[]>> = {
    "porchlight la": ["lab"],
    "porchlight lab u": ["up"],
    "porchlight explain --from scenarios/media-stack ra": ["radarr"],
    "porchlight explain --from=scenarios/media-stack media/pl": ["media/plex"],
    "porchlight explain svc:x": [],
    "porchlight status -o ": ["json", "name", "wide", "yaml"],
    "porchlight lab up ": ["first-light", "media-stack"],
    // Where the API is away it says nothing at all.
    "porchlight explain ": [],
  }
  assert.deepEqual(inBash(Object.keys(offers)), Object.values(offers))
})

test("names are asked for once in half a minute, and kept where only this user reads them", () => {
  const names: Names = { services: ["media/plex"], nodes: ["w1"], pools: [] }
  const cache = join(folder, "cache")
  keepNames("home", names, 1000, cache)
  assert.deepEqual(cachedNames("home", 30_999, cache), names)
  assert.equal(cachedNames("home", 31_000, cache), undefined)
  assert.equal(cachedNames("home", 999, cache), undefined)
  assert.equal(cachedNames("other", 1000, cache), undefined)
  assert.equal(statSync(join(cache, readdirSync(cache)[0]!)).mode & 0o777, 0o600)
})

test("a Service goes by its short name where that is enough", () => {
  const names: Names = { services: ["a/plex", "b/plex", "a/radarr", "a/w1"], nodes: ["w1"], pools: ["pool"] }
  assert.deepEqual(typedNames(names, ""), ["a/plex", "b/plex", "radarr", "a/w1", "w1", "pool"])
})

test("the command tree says what comes next: subcommands, options, the values an option has", () => {
  const at = (...words: string[]): readonly string[] => wordsOfTree(placeOf(words, tree), tree)
  assert.deepEqual(at(""), ["lab", "status"])
  assert.deepEqual(at("lab", ""), ["up"])
  assert.deepEqual(at("status", "--"), ["--output", "--from", "--help"])
  assert.deepEqual(at("status", "-o", ""), ["json", "name"])
  assert.deepEqual(at("status", "--from", ""), [])
  assert.deepEqual(
    placeOf(["status", "--from", "x", "-o=json", "ra"], tree).options,
    new Map([
      ["from", "x"],
      ["output", "json"],
    ]),
  )
})

const tree = new Command().helpCommand(false)
tree.command("lab").helpCommand(false).command("up")
tree
  .command("status")
  .addOption(new Option("-o, --output <format>").choices(["json", "name"]))
  .option("--from <source>")
tree.command("speaker", { hidden: true })

/** What bash would offer for each line, by the script that people source. */
const inBash = (lines: readonly string[]): readonly (readonly string[])[] => {
  const script = `source <(porchlight completion bash)
COMP_WORDBREAKS=$' \\t\\n"\\'><=;|&(:'
for COMP_LINE in "$@"; do
  COMP_POINT=\${#COMP_LINE}
  _porchlight porchlight 2>/dev/null
  echo "\${COMPREPLY[*]}"
done`
  const home = {
    HOME: folder,
    XDG_RUNTIME_DIR: folder,
    XDG_CACHE_HOME: join(folder, "xdg"),
    KUBECONFIG: join(folder, "none"),
  }
  const path = `${join(root, "bin")}:${process.env["PATH"]}`
  const env = { ...process.env, ...home, PATH: path, PORCHLIGHT_COMPLETION_MS: "30000" }
  const said = execFileSync("bash", ["-c", script, "bash", ...lines], { cwd: root, env, encoding: "utf8" })
  return said
    .trimEnd()
    .split("\n")
    .concat("")
    .slice(0, lines.length)
    .map((line) => line.split(" ").filter((word) => word !== ""))
}
