import assert from "node:assert/strict"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { claimDirectory, findLabs, noPlaceSentence, releaseDirectory } from "./state-directory.ts"

test("a lab's directory is this user's alone, and leaves nothing when it goes", () =>
  inRuntime((runtime) => {
    const claimed = claimDirectory("attic", "scenarios/first-light")
    assert.ok(claimed.kind === "claimed")
    assert.deepEqual(
      findLabs().running.map(({ name }) => name),
      ["attic"],
    )
    releaseDirectory(claimed.directory)
    assert.equal(existsSync(join(runtime, "porchlight")), false)
  }))

test("what no lab left is not removed, and a lab of that name is refused with the way out", () =>
  inRuntime((runtime) => {
    const labs = join(runtime, "porchlight", "labs")
    mkdirSync(join(labs, "folder"), { recursive: true })
    writeFileSync(join(labs, "folder", "letter"), "mine")
    writeFileSync(join(labs, "notes"), "mine")
    assert.deepEqual(findLabs(), { running: [], swept: [] })
    for (const name of ["folder", "notes"]) {
      const refused = claimDirectory(name, "x")
      assert.ok(refused.kind === "taken")
      assert.match(refused.says, /no lab made it: move it away, or remove it/)
    }
    assert.deepEqual(readdirSync(labs), ["folder", "notes"])
    assert.equal(readFileSync(join(labs, "folder", "letter"), "utf8"), "mine")
  }))

test("what a lab left is removed, even where its record was half-written, with how it ended where that is known", () =>
  inRuntime((runtime) => {
    const labs = join(runtime, "porchlight", "labs")
    const holder = { pid: process.pid, startTime: "another process had this number" }
    const dead = { name: "dead", scenario: "x", holder, isolated: undefined, apiPort: undefined }
    for (const [name, record] of [
      ["dead", JSON.stringify(dead)],
      ["half", '{"name":'],
      ["null", "null"],
      ["told", JSON.stringify({ ...dead, name: "told", ended: "its power went" })],
    ] as const) {
      mkdirSync(join(labs, name), { recursive: true })
      writeFileSync(join(labs, name, "lab.json"), record)
    }
    const { running, swept } = findLabs()
    assert.deepEqual(running, [])
    assert.equal(swept.length, 4)
    assert.match(swept[0]!, /removed what the lab dead left: its process \d+ had died/)
    assert.match(swept[3]!, /removed what the lab told left: its power went/)
    assert.equal(existsSync(join(runtime, "porchlight")), false)
  }))

test("a path that leaves no room for the longest socket is refused beforehand, by so many octets", () =>
  inRuntime(async (runtime) => {
    const spare = 107 - Buffer.byteLength(`${runtime}/porchlight/labs//inspect/123456789012345.sock`)
    const claimed = claimDirectory("a".repeat(spare), "x")
    assert.ok(claimed.kind === "claimed")
    mkdirSync(join(claimed.directory, "inspect"))
    await listenOnce(join(claimed.directory, "inspect", "123456789012345.sock"))
    const refused = claimDirectory("a".repeat(spare + 1), "x")
    assert.ok(refused.kind === "no-place")
    assert.match(refused.says, /would have 108 octets, and the kernel takes 107\. Set XDG_RUNTIME_DIR to a shorter one/)
    assert.equal(existsSync(join(runtime, "porchlight", "labs", "a".repeat(spare + 1))), false)
  }))

test("where its directory cannot be made, a sentence says why and where else it may be", () =>
  inRuntime((runtime) => {
    writeFileSync(join(runtime, "porchlight"), "a file in the way")
    const refused = claimDirectory("attic", "x")
    assert.ok(refused.kind === "no-place")
    assert.match(refused.says, /ENOTDIR|EEXIST/)
    assert.match(refused.says, /XDG_RUNTIME_DIR: set it to a directory of your own that has room$/)
  }))

test("a disk that becomes full, or read-only, while a lab comes up is told with the same remedy", () => {
  for (const code of ["ENOSPC", "EDQUOT", "EROFS"])
    assert.match(noPlaceSentence(Object.assign(new Error("x"), { code })) ?? "", /set it to a directory of your own/)
  assert.equal(noPlaceSentence(Object.assign(new Error("x"), { code: "ECONNRESET" })), undefined)
})

/** Labs live in a folder of the story's own. */
const inRuntime = async (story: (runtime: string) => void | Promise<void>): Promise<void> => {
  const before = process.env["XDG_RUNTIME_DIR"]
  const runtime = mkdtempSync(join(tmpdir(), "pl-"))
  process.env["XDG_RUNTIME_DIR"] = runtime
  try {
    await story(runtime)
  } finally {
    if (before === undefined) delete process.env["XDG_RUNTIME_DIR"]
    else process.env["XDG_RUNTIME_DIR"] = before
    rmSync(runtime, { recursive: true })
  }
}

const listenOnce = (path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject)
    server.listen(path, () => server.close(() => resolve()))
  })
