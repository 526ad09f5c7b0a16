import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as pause } from "node:timers/promises"
import { assessNeeds } from "../lab/needs.ts"
import { type LabRecord, markOf, readRecord } from "../lab/state-directory.ts"

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
    assert.match(up.said, /✓ answers +1 of 1 Service, asked from laptop/)
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
    assert.equal((await run("lab", "exec", "laptop", "--", "sh", "-c", "kill -9 $$")).code, 137)
    assert.equal((await run("lab", "exec", "laptop", "--", "sh", "-c", "kill -TERM $$")).code, 143)
    const missing = await run("lab", "exec", "laptop", "--", "no-such-command")
    assert.equal(missing.code, 127)
    assert.match(missing.said, /no-such-command did not run on laptop: .* install the package/)
    assert.match((await run("lab", "break", "attic-1", "loss=20%")).said, /^attic-1: loss=20%/)
    assert.equal((await run("lab", "break", "attic-9", "power")).code, 2)
    const senseless = await run("lab", "break", "attic-1", "twin=::")
    assert.equal(senseless.code, 2)
    assert.doesNotMatch(senseless.said, /does not answer/)
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

for (const wire of ["real", "simulated"] as const)
  test(
    `a lab on a ${wire} wire whose processes are killed is noticed: it is swept with the reason, and raised again`,
    { skip: wire === "real" && skip },
    () =>
      withLab(wire, async (run, folder) => {
        const holder = holderOf(folder)
        process.kill(isolatedOf(folder), "SIGKILL")
        await untilEnded(holder)
        const listed = await run("lab", "list")
        assert.match(listed.said, /removed what the lab first-light left: the lab's process ended with SIGKILL/)
        assert.match(listed.said, /first-light +no/)
        assert.equal((await run("lab", "up", "first-light", `--wire=${wire}`)).code, 0)
      }),
  )

test("a lab that stands still is listed so within seconds, and who asks it is told how to end it", () =>
  withLab("simulated", async (run, folder) => {
    process.kill(isolatedOf(folder), "SIGSTOP")
    const [listed, broken] = await Promise.all([run("lab", "list"), run("lab", "exec", "attic-1", "--", "true")])
    assert.match(listed.said, /first-light +yes .*does not answer/)
    assert.match(listed.said, /media-stack +no/)
    assert.equal(broken.code, 3)
    assert.match(broken.said, /The lab first-light does not answer: no answer to status within 5 s/)
    assert.match(broken.said, /porchlight lab down first-light/)
  }))

const withLab = async (
  wire: "real" | "simulated",
  story: (run: ReturnType<typeof runnerIn>, folder: string) => Promise<void>,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "pl-cli-"))
  const run = runnerIn(folder)
  try {
    const up = await run("lab", "up", "first-light", `--wire=${wire}`)
    assert.equal(up.code, 0, up.said)
    await story(run, folder)
  } finally {
    await run("lab", "down", "first-light")
    rmSync(folder, { recursive: true })
  }
}

const recordIn = (folder: string): LabRecord => {
  const record = readRecord(join(folder, "porchlight", "labs", "first-light"))
  assert.ok(record !== undefined)
  return record
}

const isolatedOf = (folder: string): number => recordIn(folder).isolated?.pid ?? assert.fail("it has no process")

const holderOf = (folder: string): number => recordIn(folder).holder.pid

const untilEnded = async (pid: number): Promise<void> => {
  while (markOf(pid) !== undefined) await pause(20)
}

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
