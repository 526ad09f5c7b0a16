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

/** As started by npx, with no lab and no cluster, and without the limit that keeps a shell from waiting. */
const env: NodeJS.ProcessEnv = {
  ...process.env,
  HOME: folder,
  XDG_RUNTIME_DIR: folder,
  XDG_CACHE_HOME: join(folder, "xdg"),
  KUBECONFIG: join(folder, "none"),
  PATH: `${join(root, "bin")}:${process.env["PATH"]}`,
  PORCHLIGHT_COMPLETION_MS: "30000",
  npm_command: "exec",
}
const run = (program: string, words: readonly string[], as: NodeJS.ProcessEnv = env): string =>
  execFileSync(program, words, { cwd: root, env: as, encoding: "utf8" })

const without = (shell: string): string | false =>
  ["/bin", "/usr/bin", "/usr/local/bin"].some((directory) => existsSync(join(directory, shell)))
    ? false
    : `there is no ${shell}`
const skip = without("bash")

/** What each shell is to offer, the words of npx among them. */
const offered: Readonly<Record<string, readonly string[]>> = {
  "porchlight la": ["lab"],
  "porchlight lab u": ["up"],
  "porchlight status -o ": ["json", "name", "wide", "yaml"],
  "porchlight lab break w1 o": ["oneway="],
  "npx porchl": ["porchlight"],
  "npx porchlight lab u": ["up"],
  "npx porchlight status -o ": ["json", "name", "wide", "yaml"],
}

test("bash completes npx porchlight like porchlight, and leaves other words of npx alone", { skip }, () => {
  assert.deepEqual(inBash(Object.keys(offered)), Object.values(offered))
  assert.deepEqual(inBash(["npx cowsay la"]), [[]])
})

test("bash keeps a completion that somebody has for npx", { skip }, () => {
  const script = `complete -F _mine npx; source <(porchlight completion bash); complete -p npx`
  assert.equal(run("bash", ["-c", script]), "complete -F _mine npx\n")
})

test("zsh can read its script, and offers the same", { skip: without("zsh") }, () => {
  const script = `compdef() {}; typeset -A _comps; source <(porchlight completion zsh)
compadd() { [[ $1 == -S ]] && shift 2; shift; print -rn -- "$@ " }
_files() { print -n FILES }
for line in "$@"; do words=("\${(@s: :)line}"); CURRENT=\${#words}; _porchlight; print; done`
  const said = run("zsh", ["-f", "-c", script, "zsh", ...Object.keys(offered), "npx cowsay la"])
  assert.deepEqual(wordsOf(said), [...Object.values(offered), ["FILES"]])
})

test("fish can read its script, and offers the same and no files beside it", { skip: without("fish") }, () => {
  const script = `porchlight completion fish | source
for line in $argv; set -l found (complete -C $line); echo $found; end`
  const said = run("fish", ["--no-config", "-c", script, ...Object.keys(offered)])
  assert.deepEqual(wordsOf(said), Object.values(offered))
})

test("only a script that was asked for by npx speaks of npx afterwards", () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const script = run("porchlight", ["completion", shell], { ...env, npm_command: undefined })
    const asked = run("porchlight", ["completion", shell])
    assert.ok(asked.length > script.length, shell)
  }
})

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
  _porchlight "\${COMP_LINE%% *}" 2>/dev/null
  echo "\${COMPREPLY[*]}"
done`
  return wordsOf(run("bash", ["-c", script, "bash", ...lines])).slice(0, lines.length)
}

/** A line each. */
const wordsOf = (said: string): readonly (readonly string[])[] =>
  said
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => line.split(" ").filter((word) => word !== ""))
