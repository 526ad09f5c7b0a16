import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { readBeatSecrets, watchFolder } from "./files.ts"

test("both keys of a rotation are read; without a rotation there is no next", async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "current"), "a".repeat(32))
    assert.deepEqual(await read(folder), { current: "a".repeat(32), next: undefined })
    writeFileSync(join(folder, "next"), `${"b".repeat(32)}\n`)
    assert.deepEqual(await read(folder), { current: "a".repeat(32), next: `${"b".repeat(32)}\n` })
    writeFileSync(join(folder, "next"), "")
    assert.deepEqual(await read(folder), { current: "a".repeat(32), next: undefined })
  })
})

test("a missing, short or unreadable key says where it belongs", async () => {
  await inFolder(async (folder) => {
    assert.match(await refusal(folder), /no file current in .* mount the Secret porchlight-beat/)
    writeFileSync(join(folder, "current"), "short")
    assert.match(await refusal(folder), /has 5 bytes: make it at least 16/)
    rmSync(join(folder, "current"))
    mkdirSync(join(folder, "current"))
    assert.match(await refusal(folder), /could not read the beat key .*current/)
  })
})

test("a rotation as the kubelet does it, by swapping a link, is noticed", async () => {
  await inFolder(async (folder) => {
    mount(folder, "first", "a".repeat(32))
    symlinkSync("..data/current", join(folder, "current"))
    let watch: { close: () => void } | undefined
    const changed = new Promise<void>((resolve) => {
      watch = watchFolder(folder, resolve)
    })
    mount(folder, "second", "b".repeat(32))
    await changed
    watch?.close()
    assert.deepEqual(await read(folder), { current: "b".repeat(32), next: undefined })
  })
})

function mount(folder: string, version: string, key: string): void {
  mkdirSync(join(folder, version))
  writeFileSync(join(folder, version, "current"), key)
  symlinkSync(version, join(folder, "..data_tmp"))
  renameSync(join(folder, "..data_tmp"), join(folder, "..data"))
}

async function read(folder: string): Promise<{ current: string; next: string | undefined }> {
  const secrets = await readBeatSecrets(folder)
  if ("kind" in secrets) throw new Error(secrets.message)
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
  return { current: text(secrets.current), next: secrets.next && text(secrets.next) }
}

async function refusal(folder: string): Promise<string> {
  const secrets = await readBeatSecrets(folder)
  assert.ok("kind" in secrets)
  return secrets.message
}

async function inFolder(story: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "porchlight-files-"))
  try {
    await story(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
