import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { assessNeeds } from "../lab/needs.ts"

const needs = assessNeeds()
const skip = needs.kind === "ready" ? false : needs.says
const root = join(import.meta.dirname, "..", "..")

test("a lab is raised, asked, broken, mended and ended by the commands that people type", { skip }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "porchlight-cli-"))
  const runtime = join(folder, "run")
  mkdirSync(runtime)
  const run = runnerIn(runtime)
  try {
    const up = await run("lab", "up", "first-light")
    assert.equal(up.code, 0, up.said)
    assert.match(up.said, /✓ answers +1 of 1 Services, asked from laptop/)
    assert.match((await run("lab", "list")).said, /first-light +yes +http:\/\/127\.0\.0\.1:\d+/)
    assert.match((await run("lab", "env")).said, /^export KUBECONFIG=\S+first-light\/kubeconfig\n$/)
    assert.match(
      (await run("explain", "whoami", "--from", "lab:")).said,
      /order: lowest SHA-256 of node#192\.168\.40\.200/,
    )
    assert.match(
      (await run("lab", "exec", "laptop", "--", "ip", "-4", "addr", "show", "eth0")).said,
      /192\.168\.40\.23/,
    )
    assert.equal((await run("lab", "exec", "laptop", "--", "sh", "-c", "exit 7")).code, 7)
    const missing = await run("lab", "exec", "laptop", "--", "no-such-command")
    assert.equal(missing.code, 127)
    assert.match(missing.said, /no-such-command did not run on laptop: .* install the package/)
    assert.match((await run("lab", "break", "attic-1", "loss=20%")).said, /^attic-1: loss=20%/)
    assert.equal((await run("lab", "break", "attic-9", "power")).code, 2)
    assert.match((await run("lab", "mend")).said, /^mended attic-1: loss=20%/)
    const again = await run("lab", "up", "first-light")
    assert.equal(again.code, 1)
    assert.match(again.said, /runs already/)
  } finally {
    const down = await run("lab", "down", "first-light")
    assert.equal(down.said, "first-light is gone.\n")
    assert.deepEqual(readdirSync(runtime), [])
    rmSync(folder, { recursive: true })
  }
})

for (const wire of ["real", "simulated"] as const)
  test(
    `on a ${wire} wire, kubeconfig in hand one is let in; others of this machine are not`,
    { skip: wire === "real" && skip },
    async () => {
      const folder = mkdtempSync(join(tmpdir(), "pl-cli-"))
      const run = runnerIn(folder)
      try {
        const up = await run("lab", "up", "first-light", `--wire=${wire}`)
        assert.equal(up.code, 0, up.said)
        const kubeconfig = join(folder, "porchlight", "labs", "first-light", "kubeconfig")
        assert.equal(statSync(kubeconfig).mode & 0o777, 0o600)
        const status = await run("status", "--kubeconfig", kubeconfig)
        assert.match(status.said, /192\.168\.40\.200/)
        const [origin = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec((await run("lab", "list")).said) ?? []
        assert.equal((await fetch(`${origin}/api/v1/secrets`)).status, 401)
        const [secret = "none"] = /[0-9a-f]{32}/.exec(readFileSync(kubeconfig, "utf8")) ?? []
        assert.doesNotMatch(up.said, new RegExp(secret))
      } finally {
        await run("lab", "down", "first-light")
        rmSync(folder, { recursive: true })
      }
    },
  )

type Ended = { readonly code: number; readonly said: string }

const runnerIn =
  (folder: string) =>
  (...words: readonly string[]): Promise<Ended> =>
    new Promise((resolve) => {
      const env = { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, KUBECONFIG: "", LC_ALL: "C.UTF-8" }
      const child = execFile(join(root, "bin", "porchlight"), words, { cwd: root, env }, (_, stdout, stderr) =>
        resolve({ code: child.exitCode ?? -1, said: stdout + stderr }),
      )
    })
