import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { askInspect, type InspectServer, serveInspect } from "./inspect.ts"

test("a question gets one JSON document; an unknown one says so", async () => {
  await inFolder(async (path) => {
    const server = await served(path)
    assert.deepEqual(await askInspect(path, "state", 1000), { addresses: ["192.168.40.205"] })
    assert.deepEqual(await askInspect(path, "weather", 1000), { error: 'nothing is known by the name of "weather"' })
    assert.deepEqual(await askInspect(path, "trouble", 1000), { error: "cannot say" })
    await server.close()
  })
})

test("only its owner may open the socket, from the first moment", async () => {
  await inFolder(async (path) => {
    const before = process.umask()
    const server = await served(path)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.equal(process.umask(), before)
    await server.close()
  })
})

test("two living processes do not share a path; what a dead one left is taken over", async () => {
  await inFolder(async (path) => {
    const server = await served(path)
    const second = await serveInspect(path, () => null)
    assert.ok("kind" in second)
    assert.match(second.message, /is served by a living process/)
    assert.deepEqual(await askInspect(path, "state", 1000), { addresses: ["192.168.40.205"] })
    await server.close()

    const died = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`
    spawnSync(process.execPath, ["--eval", died])
    assert.ok(existsSync(path))
    await (await served(path)).close()
  })
})

test("a path that the kernel would not take is refused with both lengths", async () => {
  await inFolder(async (path) => {
    const folder = path.slice(0, path.lastIndexOf("/"))
    const longest = `${folder}/${"s".repeat(107 - folder.length - 1)}`
    await (await served(longest)).close()
    const refused = await serveInspect(`${longest}s`, () => null)
    assert.ok("kind" in refused)
    assert.match(refused.message, /its path has 108 octets, and the kernel takes 107; choose a shorter one$/)
  })
})

test("a question without an end, and an asker who leaves, cost nothing", async () => {
  await inFolder(async (path) => {
    const server = await served(path)
    const endless = connect(path, () => endless.write("x".repeat(100_000)))
    endless.on("error", () => {})
    const gone = connect(path, () => gone.destroy())
    await new Promise((resolve) => endless.resume().once("close", resolve))
    assert.deepEqual(await askInspect(path, "state", 1000), { addresses: ["192.168.40.205"] })
    await server.close()
  })
})

test("where nobody serves, the asker is told", async () => {
  await inFolder(async (path) => {
    const answer = await askInspect(path, "state", 1000)
    assert.ok(typeof answer === "object" && answer !== null && "code" in answer)
    assert.equal(answer.code, "ENOENT")
  })
})

async function served(path: string): Promise<InspectServer> {
  const server = await serveInspect(path, (question) => {
    if (question === "trouble") throw new Error("cannot say")
    return question === "state" ? { addresses: ["192.168.40.205"] } : undefined
  })
  if ("kind" in server) throw new Error(server.message)
  return server
}

async function inFolder(story: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "porchlight-inspect-"))
  try {
    await story(join(folder, "speaker.sock"))
  } finally {
    rmSync(folder, { recursive: true })
  }
}
