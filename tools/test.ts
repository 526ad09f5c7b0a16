/** `npm test [-- SUITE ...]`: all suites, or those named. Ends with one line of totals. */
import { type ChildProcess, spawn } from "node:child_process"
import { stripVTControlCharacters } from "node:util"
import { conformanceTests, packetTests, quickTests, simulationTests, storyTests } from "./test-files.ts"
import { readyForPackets } from "./test-needs.ts"

type Totals = { passed: number; failed: number; skipped: number }
type Suite = {
  readonly files: () => string[]
  readonly flags: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Told to one real API server, which is started before and ended after. */
  readonly isReal?: true
}

const oneByOne = ["--test-isolation=process", "--test-concurrency=1"]
const together = ["--test-isolation=none"]

const suites: Readonly<Record<string, Suite>> = {
  unit: { files: quickTests, flags: together },
  simulation: { files: simulationTests, flags: oneByOne },
  packets: { files: packetTests, flags: oneByOne },
  conformance: { files: conformanceTests, flags: oneByOne },
  stories: { files: storyTests, flags: oneByOne, env: { PORCHLIGHT_TEST_API: "embedded" } },
  kubernetes: { files: storyTests, flags: oneByOne, env: { PORCHLIGHT_TEST_API: "real" }, isReal: true },
}
const usual = ["unit", "simulation", "packets", "conformance", "stories"]

/** The runner of node's that is at work. */
let running: ChildProcess | undefined

const runSuite = (suite: Suite): Promise<Totals> =>
  new Promise((resolve) => {
    const files = suite.files()
    if (files.length === 0) return resolve({ passed: 0, failed: 0, skipped: 0 })
    const child = spawn(process.execPath, ["--test", "--test-reporter=spec", ...suite.flags, ...files], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, ...suite.env },
    })
    running = child
    const totals: Totals = { passed: 0, failed: 0, skipped: 0 }
    let rest = ""
    child.stdout.on("data", (chunk: Buffer) => {
      process.stdout.write(chunk)
      rest = count(rest + chunk.toString(), totals)
    })
    child.on("close", (code) => resolve(code === 0 || totals.failed > 0 ? totals : { ...totals, failed: 1 }))
  })

const signals = ["SIGINT", "SIGTERM"] as const

const runOnRealServer = async (name: string, suite: Suite): Promise<Totals> => {
  const { shareRealApiServer } = await import("./test-api-server.ts")
  const server = await shareRealApiServer()
  if ("missing" in server) {
    console.log(`${name} is skipped: ${server.missing}`)
    return { passed: 0, failed: 0, skipped: 1 }
  }
  const leave = (signal: NodeJS.Signals): void => {
    running?.kill(signal)
    void server.stop().then(() => process.exit(signal === "SIGINT" ? 130 : 143))
  }
  for (const signal of signals) process.once(signal, leave)
  try {
    return await runSuite({ ...suite, env: { ...suite.env, PORCHLIGHT_TEST_KUBECONFIG: server.kubeconfig } })
  } finally {
    for (const signal of signals) process.off(signal, leave)
    await server.stop()
  }
}

/** Reads the closing figures of node's runner; returns the line that is not whole yet. */
const count = (text: string, totals: Totals): string => {
  const lines = text.split("\n")
  for (const line of lines.slice(0, -1)) {
    const found = /^\S* ?(pass|fail|skipped) (\d+)$/.exec(stripVTControlCharacters(line))
    if (found?.[1] === "pass") totals.passed = Number(found[2])
    if (found?.[1] === "fail") totals.failed = Number(found[2])
    if (found?.[1] === "skipped") totals.skipped = Number(found[2])
  }
  return lines.at(-1)!
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : usual
const unknown = wanted.filter((name) => !(name in suites))
if (unknown.length > 0) {
  console.error(`✗ no suite ${unknown.join(", ")}; there are ${Object.keys(suites).join(", ")}`)
  process.exit(2)
}
if (wanted.some((name) => name === "packets" || name === "conformance")) readyForPackets()
const sum: Totals = { passed: 0, failed: 0, skipped: 0 }
for (const name of wanted) {
  console.log(`\n${name}`)
  const suite = suites[name]!
  const totals = await (suite.isReal ? runOnRealServer(name, suite) : runSuite(suite))
  sum.passed += totals.passed
  sum.failed += totals.failed
  sum.skipped += totals.skipped
}
console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`)
process.exitCode = sum.failed === 0 ? 0 : 1
