import assert from "node:assert/strict"
import { test } from "node:test"
import { commandPrefix } from "./prefix.ts"

test("started by npm, commands are printed with npx, which finds them in the checkout", () => {
  assert.equal(commandPrefix({ env: { npm_command: "run-script" } }), "npx porchlight")
  assert.equal(commandPrefix({ env: { npm_command: "exec" } }), "npx porchlight")
})

test("a kubectl plugin prints itself as kubectl calls it", () => {
  assert.equal(
    commandPrefix({ env: { PORCHLIGHT_STARTED_AS: "/usr/local/bin/kubectl-porchlight" } }),
    "kubectl porchlight",
  )
})

test("found in the PATH it needs no path", () => {
  const env = { PORCHLIGHT_STARTED_AS: "/usr/bin/porchlight", PATH: "/bin:/usr/bin" }
  assert.equal(commandPrefix({ env }), "porchlight")
})

test("typed with a path it is printed with that path", () => {
  assert.equal(commandPrefix({ env: { PORCHLIGHT_STARTED_AS: "bin/porchlight", PATH: "/bin" } }), "bin/porchlight")
})
