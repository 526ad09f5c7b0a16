import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { packageRoot, speakerRuntimeFlags } from "./lab-programs.ts"

test("a speaker of the lab is run as bin/porchlight runs one", () => {
  const said = /= speaker \] && flags="([^"]*)"/.exec(
    readFileSync(join(packageRoot(), "bin", "porchlight"), "utf8"),
  )?.[1]
  assert.deepEqual(said?.split(" "), speakerRuntimeFlags)
})
