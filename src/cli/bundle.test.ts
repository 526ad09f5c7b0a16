import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"

const root = join(import.meta.dirname, "..", "..")
const folder = mkdtempSync(join(tmpdir(), "porchlight-bundle-"))
after(() => rmSync(folder, { recursive: true }))

test("the bundle answers in YAML, which it loads only when asked for it", () => {
  const options = { cwd: root, encoding: "utf8" } as const
  execFileSync(process.execPath, ["tools/build.ts", folder], options)
  const words = ["explain", "whoami", "--from", "scenarios/first-light", "-o", "yaml"]
  const said = execFileSync(process.execPath, [join(folder, "porchlight.js"), ...words], options)
  assert.match(said, /^apiVersion: porchlight\.dev\/v1alpha1\nkind: Explanation\n/)
})
