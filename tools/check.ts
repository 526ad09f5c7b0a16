/** All checks but the long simulation and the packet tests; `npm run check`. */
import { spawn } from "node:child_process"
import { join } from "node:path"
import { quickTests } from "./test-files.ts"

type Check = { readonly name: string; readonly command: readonly string[] }

const bin = (name: string): string => join(import.meta.dirname, "..", "node_modules", ".bin", name)

const checks: readonly Check[] = [
  { name: "types", command: [bin("tsc"), "-p", "tsconfig.json"] },
  { name: "pure rooms", command: [bin("tsc"), "-p", "tsconfig.pure.json"] },
  { name: "lint", command: [bin("oxlint"), "--type-aware", "--deny-warnings"] },
  { name: "format", command: [bin("oxfmt"), "--check", "."] },
  { name: "dead code", command: [bin("knip")] },
  {
    name: "quick tests",
    command: [process.execPath, "--test", "--test-isolation=none", "--test-reporter=dot", ...quickTests()],
  },
]

const run = (check: Check): Promise<{ readonly code: number; readonly output: string }> =>
  new Promise((resolve) => {
    const child = spawn(check.command[0]!, check.command.slice(1), { stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
    child.on("close", (code) => resolve({ code: code ?? 1, output }))
  })

let failed = 0
for (const check of checks) {
  const start = performance.now()
  const { code, output } = await run(check)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  console.log(`${code === 0 ? "✓" : "✗"} ${check.name.padEnd(12)} ${seconds} s`)
  if (code !== 0) {
    failed++
    console.log(output.trimEnd())
  }
}
console.log(`${checks.length - failed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
