import assert from "node:assert/strict"
import { execFile, spawn } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"

const root = join(import.meta.dirname, "..", "..")
const program = join(root, "bin", "porchlight")
const folder = mkdtempSync(join(tmpdir(), "pl-command-"))
after(() => rmSync(folder, { recursive: true }))

test("good news ends with 0, bad news with 1, a wrong name with 2, what cannot be had with 3", async () => {
  const pending = join(folder, "pending.yaml")
  writeFileSync(pending, pendingService)
  const codes = await Promise.all(
    [
      ["explain", "radarr", "--from", "scenarios/media-stack"],
      ["status", "--from", pending],
      ["explain", "radar", "--from", "scenarios/media-stack"],
      ["explain"],
      ["--version"],
      ["status", "--output", "xml"],
      ["lab", "up", "no-such-scenario"],
      ["lab", "down", "no-such-lab"],
      ["status", "--from", "no-such-file"],
      ["status", "--kubeconfig", "no-such-file"],
    ].map(async (words) => (await run(words)).code),
  )
  assert.deepEqual(codes, [0, 1, 2, 2, 0, 2, 2, 2, 3, 3])
})

test("an API server that nobody runs is named with its address and context, and a way without it", async () => {
  const kubeconfig = join(folder, "kubeconfig")
  writeFileSync(kubeconfig, kubeconfigOf("https://127.0.0.1:1"))
  const { code, stderr, stdout } = await run(["status", "--kubeconfig", kubeconfig])
  assert.equal(code, 3)
  assert.equal(stdout, "")
  assert.match(stderr, /^✗ Cannot read from https:\/\/127\.0\.0\.1:1 \(context home\): nobody listens/)
  assert.match(stderr, /--from FILE answers from a dump/)
})

test("an unknown name comes with the nearest, as a command that can be typed", async () => {
  const { stderr } = await run(["explain", "radar", "--from", "scenarios/media-stack"])
  assert.match(stderr, /Did you mean {3}(npx )?\S*porchlight explain media\/radarr --from scenarios\/media-stack/)
})

test("a refusal names the help of the command that was typed, and help can be asked for by word", async () => {
  assert.match((await run(["lab", "exec", "--nonsense"])).stderr, /^ {2}\S*(npx )?\S*porchlight lab exec --help$/m)
  const [word, option] = await Promise.all([run(["help", "lab", "exec"]), run(["lab", "exec", "--help"])])
  assert.equal(word.code, 0)
  assert.equal(word.stdout, option.stdout)
  assert.equal((await run(["help", "nonsense"])).code, 2)
  assert.equal((await run(["-v"])).stdout, (await run(["--version"])).stdout)
  assert.match(
    (await run(["moves", "--help"])).stdout,
    /-n, --namespace <name> +of a Service that is given without one/,
  )
})

test("a recording that is not there, or is a folder, is said in a sentence", async () => {
  assert.match(
    (await run(["replay", "/nosuch"])).stderr,
    /^✗ There is no file \/nosuch\.\n {2}A recording is made by: /,
  )
  assert.match((await run(["replay", folder])).stderr, /^✗ \S+ is a folder: name the file that was recorded\./)
})

test("broken YAML is said with file, line and column", async () => {
  const file = join(folder, "broken.yaml")
  writeFileSync(file, "kind: Service\nmetadata: { name: a\nspec: 1\n")
  const { code, stderr } = await run(["status", "--from", file])
  assert.equal(code, 3)
  assert.match(stderr, /broken\.yaml:\d+:\d+ /)
})

test("-o name, json and yaml are for programs: nothing else is on standard output", async () => {
  const ask = ["explain", "radarr", "--from", "scenarios/media-stack", "-o"]
  const [name, json, yaml] = await Promise.all(["name", "json", "yaml"].map((form) => run([...ask, form])))
  assert.equal(name!.stdout, "service/media/radarr\n")
  assert.equal((JSON.parse(json!.stdout) as { kind: string }).kind, "Explanation")
  assert.match(yaml!.stdout, /^apiVersion: porchlight\.dev\/v1alpha1\nkind: Explanation\n/)
})

test("no colour in a pipe unless it is asked for, plain marks where the locale has no UTF-8", async () => {
  const ask = ["status", "--from", join(folder, "pending.yaml")]
  assert.ok(!(await run(ask)).stdout.includes("\u001b["))
  assert.ok((await run([...ask, "--color", "always"])).stdout.includes("\u001b[31m✗"))
  assert.match((await run(ask, { LC_ALL: "de_DE.ISO-8859-1" })).stdout, /^x /m)
})

test("a reader that has seen enough is no failure", async () => {
  const code = await new Promise<number | null>((resolve) => {
    const child = spawn(program, ["status", "--from", "scenarios/media-stack", "-o", "json"], { cwd: root })
    child.stdout.destroy()
    let said = ""
    child.stderr.on("data", (text: Buffer) => (said += text.toString()))
    child.once("close", (ended) => resolve(said === "" ? ended : -1))
  })
  assert.equal(code, 0)
})

test("an answer that cannot be written is said in a sentence, whoever prints it", async () => {
  for (const words of ["status --from scenarios/media-stack", "--help", "--version", "lab list", "completion bash"]) {
    const { code, stderr } = await inShell(`${program} ${words} > /dev/full`)
    assert.deepEqual([code, stderr.split("\n").length], [3, 2], stderr)
    assert.match(stderr, /^✗ The answer could not be written\. There is no space left/)
  }
})

test("a complaint that cannot be written changes no exit code", async () => {
  assert.equal((await inShell(`${program} status --from no-such-file 2> /dev/full`)).code, 3)
})

test("a limit on open files that a lab would hit is said before it is raised", async () => {
  const { code, stderr } = await inShell(`ulimit -n 64; ${program} lab up first-light`)
  assert.equal(code, 4)
  assert.match(stderr, /^✗ The lab needs 1024 open files a process, and here are 64 allowed\.\n {2}ulimit -n 1024/)
})

test("the name of a scenario moves no cursor, on standard output or error", async () => {
  const scenario = join(folder, "attic\u001b[2J\u001b]0;owned\u0007")
  cpSync(join(root, "scenarios", "first-light"), scenario, { recursive: true })
  const runtime = join(folder, "a".repeat(80))
  mkdirSync(runtime)
  for (const words of [
    ["lab", "up", scenario],
    ["lab", "env", scenario],
    ["status", "--from", `${scenario}/none`],
  ]) {
    const { stdout, stderr, code } = await run(words, { XDG_RUNTIME_DIR: runtime })
    assert.notEqual(code, 0)
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(stdout + stderr, /[\u001b\u0007]/)
    assert.match(stdout + stderr, /attic\\x1b\[2J/)
  }
})

test("a lab on the simulated wire needs no right: it stays up, is asked and broken like another, and goes", async () => {
  const up = await run(["lab", "up", "first-light", "--wire=simulated"])
  assert.equal(up.code, 0, up.stderr)
  assert.match(up.stdout, /^first-light .* on a simulated wire, in one process\n/)
  assert.match(up.stdout, /✓ answers +1 of 1 addresses and ports, asked from laptop/)
  assert.match((await run(["explain", "whoami", "--from", "lab:first-light"])).stdout, /announced by attic-3/)
  assert.match((await run(["lab", "break", "attic-3", "cable"])).stdout, /^attic-3: cable/)
  assert.match((await run(["lab", "list"])).stdout, /first-light +yes +http:\S+ +attic-3 cable/)
  const exec = await run(["lab", "exec", "attic-1", "--", "true"])
  assert.equal(exec.code, 2)
  assert.match(exec.stderr, /^✗ attic-1 is simulated, so no command runs on it\./)
  assert.deepEqual(await run(["lab", "down"]), { code: 0, stdout: "first-light is gone.\n", stderr: "" })
})

test("what the machine refuses is said in a sentence that names the place, and is no fault of ours", async () => {
  const runtime = join(folder, "runtime")
  mkdirSync(join(runtime, "porchlight"), { recursive: true })
  writeFileSync(join(runtime, "porchlight", "labs"), "a file in the way")
  const { code, stderr } = await run(["lab", "list"], { XDG_RUNTIME_DIR: runtime })
  assert.equal(code, 4)
  assert.match(
    stderr,
    /^✗ A part of the path is no folder at \S+\/porchlight\/labs: remove that file, .*\(ENOTDIR\)\.\n$/,
  )
})

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string }

const run = (words: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  new Promise((resolve) => {
    const home = { HOME: folder, XDG_RUNTIME_DIR: folder, KUBECONFIG: "", LC_ALL: "C.UTF-8" }
    const options = { cwd: root, env: { ...process.env, ...home, ...env } }
    const child = execFile(program, words, options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })

const inShell = (line: string): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, KUBECONFIG: "", LC_ALL: "C.UTF-8" }
    const child = execFile("sh", ["-c", line], { cwd: root, env }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    )
  })

const kubeconfigOf = (server: string): string => `apiVersion: v1
kind: Config
current-context: home
clusters: [{ name: home, cluster: { server: "${server}" } }]
contexts: [{ name: home, context: { cluster: home, user: me } }]
users: [{ name: me, user: { token: secret } }]
`

const pendingService = `apiVersion: v1
kind: Service
metadata: { namespace: a, name: b }
spec: { type: LoadBalancer, clusterIPs: [10.96.0.1], ports: [{ port: 80 }] }
---
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata: { namespace: metallb-system, name: six }
spec: { addresses: ["2001:db8::/120"] }
`
